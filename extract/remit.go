package extract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/denial"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/reconcile"
)

// RemitRow is a row of fact_remit_claim.
type RemitRow struct {
	RemitID              string `parquet:"remit_id" doc:"our ID of the remit: its payment and position"`
	PaymentID            string `parquet:"payment_id" doc:"payment"`
	CLPOrdinal           int32  `parquet:"clp_ordinal" doc:"position of the CLP in its payment, from 1"`
	ClaimID              string `parquet:"claim_id,optional" doc:"claim it is matched to; null for an orphan"`
	PatientControlNumber string `parquet:"patient_control_number,optional" doc:"CLP01; null in profile limited"`
	Common
	CLP02           string `parquet:"clp02,optional,dict" doc:"CLP02 claim status; it never says whether it is a denial"`
	PayerClaim      string `parquet:"payer_claim_number,optional" doc:"CLP07; null in profile limited"`
	Charge          int64  `parquet:"charge,decimal(2:18)" doc:"CLP03"`
	Paid            int64  `parquet:"paid,decimal(2:18)" doc:"CLP04"`
	Contractual     *int64 `parquet:"contractual,optional,decimal(2:18)" doc:"of its CAS; null before it was judged, as the next three"`
	Denied          *int64 `parquet:"denied,optional,decimal(2:18)" doc:"of its CAS: refused"`
	PatientResp     *int64 `parquet:"patient_resp,optional,decimal(2:18)" doc:"of its CAS: the patient's or the next payer's"`
	OtherAdj        *int64 `parquet:"other_adj,optional,decimal(2:18)" doc:"of its CAS: all else, pending amounts included"`
	IsReversal      bool   `parquet:"is_reversal" doc:"CLP02 22: takes back an earlier remit"`
	ReversesRemitID string `parquet:"reverses_remit_id,optional" doc:"the remit it takes back"`
	IsHeld          bool   `parquet:"is_held" doc:"may not post: it does not balance, or its set is held"`
	MatchRule       string `parquet:"match_rule,optional,dict" doc:"steps that matched it: C1/L1; - for a held one"`
	PaymentState    string `parquet:"payment_state,optional,dict" doc:"headline state of this remit seen alone"`
	PatientDue      *int64 `parquet:"patient_due,optional,decimal(2:18)" doc:"CLP05 as sent; informational"`
	ReversedBy      string `parquet:"reversed_by_remit_id,optional" doc:"the remit that took it back"`
	Posts           *bool  `parquet:"is_posted,optional" doc:"its money is on the claim"`
	HeldReason      string `parquet:"held_reason,optional,dict" doc:"why it may not post"`
	ServiceFrom     *int32 `parquet:"service_from,optional,date" doc:"DTM*232, else of its lines"`
	PaymentMonth    string `parquet:"payment_month,optional,dict" doc:"the payment's bucket"`
	ControlKey      string `parquet:"patient_control_number_key,optional" doc:"pseudonym of CLP01 in profile limited"`
	PayerClaimKey   string `parquet:"payer_claim_number_key,optional" doc:"pseudonym of CLP07 in profile limited"`
}

var factRemitClaim = define[RemitRow]("fact_remit_claim", Snapshot, paymentMonth, "one row per CLP, posted or held; duplicates of a payment are not in it", "payment_id", "clp_ordinal")

// RemitLineRow is a row of fact_remit_line.
type RemitLineRow struct {
	RemitID     string `parquet:"remit_id" doc:"remit"`
	LineNo      int32  `parquet:"line_no" doc:"position of the SVC in the remit, from 1"`
	ClaimID     string `parquet:"claim_id,optional" doc:"claim the remit is matched to"`
	ClaimLineNo *int32 `parquet:"claim_line_no,optional" doc:"claim line it answers; null where unmatched"`
	Common
	ProcedureCode string `parquet:"procedure_code,optional,dict" doc:"SVC01-2: what the payer judged"`
	SubmittedCode string `parquet:"submitted_code,optional,dict" doc:"SVC06-2: what we billed where that differs"`
	Modifier1     string `parquet:"modifier_1,optional,dict" doc:"first modifier of SVC01"`
	Modifier2     string `parquet:"modifier_2,optional,dict" doc:"second modifier"`
	Modifier3     string `parquet:"modifier_3,optional,dict" doc:"third modifier"`
	Modifier4     string `parquet:"modifier_4,optional,dict" doc:"fourth modifier"`
	Units         *int64 `parquet:"units,optional,decimal(3:18)" doc:"SVC05; 1 where not sent"`
	Charge        int64  `parquet:"charge,decimal(2:18)" doc:"SVC02"`
	Paid          int64  `parquet:"paid,decimal(2:18)" doc:"SVC03"`
	Allowed       *int64 `parquet:"allowed,optional,decimal(2:18)" doc:"AMT*B6 as the payer says it; null where it does not"`
	MatchRule     string `parquet:"match_rule,optional,dict" doc:"L1 to L5"`
	RevenueCode   string `parquet:"revenue_code,optional,dict" doc:"SVC04"`
	ServiceFrom   *int32 `parquet:"service_from,optional,date" doc:"DTM*472 or 150"`
	PaymentID     string `parquet:"payment_id" doc:"payment"`
	CLPOrdinal    int32  `parquet:"clp_ordinal" doc:"the remit's position in its payment"`
	PaymentMonth  string `parquet:"payment_month,optional,dict" doc:"the payment's bucket"`
}

var factRemitLine = define[RemitLineRow]("fact_remit_line", Snapshot, paymentMonth, "one row per SVC", "payment_id", "clp_ordinal", "line_no")

// answer is a remit with its current match and judgement.
type answer struct {
	ledger.HeldRemit
	match  reconcile.MatchResult
	judged *judgement
	who    who
}

// answersOf reads a payment's remits in their order, with what is thought of them now.
func (b *builder) answersOf(ctx context.Context, p *paid) ([]answer, error) {
	var out []answer
	var ids []claim.ID
	for h, err := range ledger.ReadHeldRemits(ctx, b.store, append(b.until(), ledger.OneOf("payment", p.payment.ID))...) {
		if err != nil {
			return nil, err
		}
		if b.accepted[p.payment.ID] {
			h.Accept()
		}
		out = append(out, answer{HeldRemit: h, who: p.who})
		ids = append(ids, h.Remit.ID)
	}
	slices.SortFunc(out, func(a, c answer) int {
		return cmp.Or(cmp.Compare(a.Remit.Ordinal, c.Remit.Ordinal), a.Remit.ID.Compare(c.Remit.ID))
	})
	matches, err := ledger.CurrentMatches(ctx, b.store, ids)
	if err != nil {
		return nil, err
	}
	judged, err := b.judged(ctx, ids)
	if err != nil {
		return nil, err
	}
	claims := map[claim.ID]bool{}
	for i := range out {
		m, ok := matches[out[i].Remit.ID]
		if ok && m.Is.State == reconcile.Matched {
			claims[m.Is.Claim] = true
			out[i].match = m.Is
		}
		if j, ok := judged[out[i].Remit.ID]; ok {
			out[i].judged = &j
		}
	}
	owners, err := b.whose(ctx, keys(claims))
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].who = p.who.with(owners[out[i].match.Claim])
	}
	return out, nil
}

// with takes plan and class from the claim where the payer is the claim's, and its facility.
func (w who) with(own who) who {
	if own.facility != "" {
		w.facility = own.facility
	}
	if own.payer == w.payer && w.plan == "" {
		w.plan, w.class = own.plan, own.class
	}
	return w
}

// whose maps some claims by their rows; the document is read only where the billing NPI maps no facility
// and the tax number may.
func (b *builder) whose(ctx context.Context, claims []claim.ID) (map[claim.ID]who, error) {
	owners, err := b.owners(ctx, claims)
	out := make(map[claim.ID]who, len(owners))
	for id, o := range owners {
		out[id] = o.who
	}
	return out, err
}

// owner is where a claim belongs, and its first day of service.
type owner struct {
	who     who
	service civil.Date
}

// maxOwners bounds the owners that are remembered: payments, journal and events ask for the same ones.
const maxOwners = 100_000

// remembered is owners that were asked for before. It may be used from several goroutines at once.
type remembered struct {
	mu  sync.Mutex
	all map[claim.ID]owner
}

// of adds those that are remembered to out and gives the others.
func (r *remembered) of(claims []claim.ID, out map[claim.ID]owner) (others []claim.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range claims {
		if o, ok := r.all[id]; ok {
			out[id] = o
		} else {
			others = append(others, id)
		}
	}
	return others
}

// add remembers the owners of some claims as long as there is room.
func (r *remembered) add(claims []claim.ID, owners map[claim.ID]owner) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[claim.ID]owner{}
	}
	for _, id := range claims {
		if o, ok := owners[id]; ok && len(r.all) < maxOwners {
			r.all[id] = o
		}
	}
}

// owners gives the owner of each of some claims that is in the ledger.
func (b *builder) owners(ctx context.Context, claims []claim.ID) (map[claim.ID]owner, error) {
	out := make(map[claim.ID]owner, len(claims))
	others := b.known.of(claims, out)
	if err := b.readOwners(ctx, others, out); err != nil {
		return nil, err
	}
	b.known.add(others, out)
	return out, nil
}

func (b *builder) readOwners(ctx context.Context, claims []claim.ID, out map[claim.ID]owner) error {
	t := ledger.Claims
	billing, payer, from := t.At("billing_npi"), t.At("payer"), t.At("service_from")
	for part := range ledger.Portions(claims) {
		var byTIN []claim.ID // who must be told by a tax number, which only the document holds
		for row, err := range b.columns(ctx, t, []string{"billing_npi", "payer", "service_from"}, ledger.OneOf("id", part...)) {
			if err != nil {
				return err
			}
			npi, on := claim.NPI(row[billing].Text()), row[from].Date()
			if _, mapped := b.party.Facility(npi, "", on); !mapped && (b.byTIN || npi == "") {
				byTIN = append(byTIN, row[0].ID())
				continue
			}
			out[row[0].ID()] = owner{ofClaim(b.party, npi, "", row[payer].Text(), on), on}
		}
		if len(byTIN) == 0 {
			continue
		}
		for c, err := range ledger.ReadClaims(ctx, b.store, ledger.OneOf("id", byTIN...)) {
			if err != nil {
				return err
			}
			on, _ := c.Service()
			out[c.ID] = owner{ofClaim(b.party, c.Billing.NPI, c.Billing.TaxID, c.Payer.ID, on), on}
		}
	}
	return nil
}

func (a *answer) row(b *builder, p *paid) RemitRow {
	x := a.Remit
	r := RemitRow{
		RemitID: x.ID.String(), PaymentID: p.payment.ID.String(), CLPOrdinal: int32(x.Ordinal), ClaimID: text(a.match.Claim), Common: a.who.common(b.batches[a.Batch]),
		CLP02: x.Status, Charge: int64(x.Charge), Paid: int64(x.Paid), IsReversal: x.Reversal(), IsHeld: a.Held != "" || p.held != "",
		MatchRule: a.match.Rule, PatientDue: cents(x.PatientDue), HeldReason: cmp.Or(a.Held, p.held), ServiceFrom: day(x.From), PaymentMonth: p.month,
	}
	r.PatientControlNumber, r.ControlKey = b.mask.number(kindControl, x.Control)
	r.PayerClaim, r.PayerClaimKey = b.mask.number(kindPayerClaim, x.PayerControl)
	if j := a.judged; j != nil {
		r.Contractual, r.Denied, r.PatientResp, r.OtherAdj = some(j.contractual), some(j.denied), some(j.patient), some(j.other+j.pending)
		r.PaymentState, r.MatchRule, r.Posts = j.state, j.rule, yes(j.posts)
		r.ReversesRemitID, r.ReversedBy = text(j.reverses), text(j.reversedBy)
	}
	return r
}

func (a *answer) lineRows(b *builder, p *paid) []RemitLineRow {
	rows := make([]RemitLineRow, len(a.Remit.Lines))
	for i := range a.Remit.Lines {
		l := &a.Remit.Lines[i]
		r := RemitLineRow{
			RemitID: a.Remit.ID.String(), LineNo: int32(i + 1), ClaimID: text(a.match.Claim), Common: a.who.common(b.batches[a.Batch]),
			ProcedureCode: l.Procedure.Code, SubmittedCode: l.Submitted.Code, Units: thousandths(l.Units), Charge: int64(l.Charge), Paid: int64(l.Paid),
			RevenueCode: l.Revenue, ServiceFrom: day(l.From), PaymentID: p.payment.ID.String(), CLPOrdinal: int32(a.Remit.Ordinal), PaymentMonth: p.month,
		}
		r.Modifier1, r.Modifier2, r.Modifier3, r.Modifier4 = modifiers(l.Procedure)
		if i < len(a.match.Lines) {
			r.ClaimLineNo, r.MatchRule = line(int64(a.match.Lines[i].ClaimLine)), a.match.Lines[i].Rule
		}
		for _, q := range l.Amounts {
			if q.Qualifier == "B6" {
				r.Allowed = some(q.Amount)
			}
		}
		rows[i] = r
	}
	return rows
}

// adjustmentRows gives the remit's CAS triplets, claim level first.
func (a *answer) adjustmentRows(b *builder, p *paid) []AdjustmentRow {
	var rows []AdjustmentRow
	add := func(level string, number int, x claim.Adjustment, at denial.Setting) {
		n, remarks := len(rows)+1, at.ClaimRemarks
		if level == "line" {
			remarks = at.LineRemarks
		}
		at.On = p.payment.Date
		r := AdjustmentRow{
			AdjustmentID: fmt.Sprintf("%s-%d", a.Remit.ID, n), Level: level, RemitID: a.Remit.ID.String(), PaymentID: p.payment.ID.String(),
			ClaimID: text(a.match.Claim), LineNo: line(int64(number)), Sequence: int32(n), Common: a.who.common(b.batches[a.Batch]),
			GroupCode: x.Group, CARC: x.Reason, Amount: int64(x.Amount), PostingDate: day(b.asOf[a.Batch]), PaymentMonth: p.month,
			DenialCategory: categoryOf(x, at),
		}
		if x.Quantity != nil {
			r.Quantity = thousandths(*x.Quantity)
		}
		for i, to := range []*string{&r.RARC1, &r.RARC2, &r.RARC3, &r.RARC4, &r.RARC5} {
			if i < len(remarks) {
				*to = remarks[i]
			}
		}
		rows = append(rows, r)
	}
	for _, x := range a.Remit.Adjustments {
		add("claim", 0, x, denial.Setting{ClaimRemarks: a.Remit.Remarks, Whole: len(a.Remit.Lines) == 0 && a.Remit.Paid == 0 && x.Amount == a.Remit.Charge})
	}
	for i := range a.Remit.Lines {
		l := &a.Remit.Lines[i]
		for _, x := range l.Adjustments {
			add("line", i+1, x, denial.Setting{LineRemarks: l.Remarks, ClaimRemarks: a.Remit.Remarks, Whole: l.Paid == 0 && x.Amount == l.Charge})
		}
	}
	return rows
}

// remitSums checks what one payment's remits must add to; held sets need not tie.
func (p *paid) remitSums(answers []answer) Control {
	var sum money.Cents
	for i := range answers {
		sum += answers[i].Remit.Paid
	}
	return Tie("Σ CLP04 of payment "+p.payment.ID.String(), sum, p.payment.ClaimsTotal)
}

// categoryOf is the denial category of an adjustment by its code and remarks; "" where it is no denial.
// What we expected is not asked here: an episode of fact_denial may say otherwise.
func categoryOf(x claim.Adjustment, at denial.Setting) string {
	c := denial.Default().Classify(x, at)
	if c.Class != denial.Denial {
		return ""
	}
	return c.Category
}

package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/workspace"
)

// What people decide is a fact of its own, appended behind the last batch. The next batch takes it up: it reads what was
// released, matches again what was unmatched. The batch that takes a decision up is the one whose number follows the
// decision's, so that a run that was killed goes on with the decisions it began with.

// ErrRefused is wrapped where a decision is about something that is not there, or comes too late; nothing was recorded.
var ErrRefused = errors.New("nothing was recorded")

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %w", fmt.Errorf(format, args...), ErrRefused)
}

// decide records decisions with their reason, one transaction and one act of the audit each. The caller holds the lock of
// the workspace.
func (env *Env) decide(ctx context.Context, act, reason string, some ...ledger.Decision) error {
	reason = strings.Join(strings.Fields(reason), " ")
	if reason == "" {
		return refused("a decision needs a reason: say why with --reason")
	}
	last, any, err := lastBatch(ctx, env.Store)
	if err != nil {
		return err
	}
	if !any {
		return refused("the ledger is empty: there is nothing to decide yet")
	}
	count, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Decisions}, nil, nil)
	if err != nil {
		return err
	}
	behind := *env
	behind.Batch = last
	for i := range some {
		d := &some[i]
		d.Seq, d.After, d.Reason, d.At, d.Actor = count[0][0].Int()+int64(i)+1, cmp.Or(d.After, last.No), reason, stamp(env.Clock()), env.Actor
		w := &write{unit: behind.unit("decide", strconv.FormatInt(d.Seq, 10))}
		w.add(ledger.Decisions, d.Row())
		if err := behind.audited(ctx, w, act, strings.TrimSpace(d.Subject+" "+d.Object), reason); err != nil {
			return err
		}
		if err := behind.commit(ctx, w); err != nil {
			return fmt.Errorf("%s: %w", act, err)
		}
	}
	return env.ExportAudit(ctx)
}

// decided reports whether people released or unmatched something since a batch that the next one takes up.
func (env *Env) decided(ctx context.Context, batch int64) (bool, error) {
	held, err := ledger.Standing(ctx, env.Store, ledger.OfQuarantine, batch+1)
	if err != nil {
		return false, err
	}
	for _, d := range held {
		if d.After == batch && d.Verdict == ledger.Release {
			return true, nil
		}
	}
	return env.any(ctx, ledger.Query{Table: ledger.Decisions, Where: []ledger.Cond{ledger.Named("kind", ledger.OfMatch), sinceBatch(batch)}})
}

func sinceBatch(batch int64) ledger.Cond {
	return ledger.Cond{Column: "after", Op: ledger.AtLeast, Values: []ledger.Value{ledger.Int(batch)}}
}

// The states of what is held.
const (
	HeldOpen     = "open"     // nobody decided yet
	HeldReleased = "released" // the next run takes it up
	HeldTaken    = "taken"    // a run took it up, or a rerun read its file again
	HeldReturned = "returned" // a run took it up and could not read it: it is held anew, under another ID
	HeldDropped  = "dropped"  // it will never be taken
)

// HeldUnit is something that is held: a part of a file that could not be read or whose envelope is not sound, or a payment
// that does not tie, whose claims are held.
type HeldUnit struct {
	workspace.Reason
	State    string        `json:"state"`
	Days     int           `json:"age_days"`    // since the business date of its batch
	Facility string        `json:"facility_id"` // of a payment's payee; "" where it is not known
	TakenBy  string        `json:"taken_by"`    // the batch that took it up
	Became   string        `json:"became"`      // of a returned one: the ID under which it is held now
	History  []HeldVerdict `json:"history"`     // the oldest first
}

// HeldVerdict is one decision of a person about something that is held.
type HeldVerdict struct {
	Decision string `json:"decision"` // release, drop
	Reason   string `json:"reason"`
	At       string `json:"at"`
	Actor    string `json:"actor"`
}

// The units that are held by the ledger, and not as bytes.
const (
	UnitPayment = "payment" // a payment that does not tie
	UnitPayer   = "payer"   // the claims of a file and payer that could not be judged
)

// Quarantine lists all that is or was held, by batch and ID, with what people decided of it.
func (env *Env) Quarantine(ctx context.Context) ([]HeldUnit, error) {
	reasons, err := env.Workspace.Quarantined()
	if err != nil {
		return nil, err
	}
	payments, err := env.heldPayments(ctx)
	if err != nil {
		return nil, err
	}
	became := map[string]string{}
	var out []HeldUnit
	for _, r := range reasons {
		out = append(out, HeldUnit{Reason: r})
		if r.Was != "" {
			became[r.Was] = r.ID
		}
	}
	claims, err := env.heldClaims(ctx)
	if err != nil {
		return nil, err
	}
	out = slices.Concat(out, payments, claims)
	if err := env.judgeHeld(ctx, out, became); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b HeldUnit) int { return cmp.Or(cmp.Compare(a.Batch, b.Batch), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// Held lists what is held and waits for somebody: nobody decided of it, or the next run takes it up.
func (env *Env) Held(ctx context.Context) ([]HeldUnit, error) {
	all, err := env.Quarantine(ctx)
	return slices.DeleteFunc(all, func(u HeldUnit) bool { return !u.Waits() }), err
}

// Waits reports whether the unit is still held and not given up.
func (u *HeldUnit) Waits() bool { return u.State == HeldOpen || u.State == HeldReleased }

// judgeHeld gives each unit its state, its age and its history.
func (env *Env) judgeHeld(ctx context.Context, units []HeldUnit, became map[string]string) error {
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return err
	}
	byNo, dates := map[int64]string{}, map[string]civil.Date{}
	for _, b := range all {
		byNo[b.No], dates[b.ID] = b.ID, b.AsOf
	}
	decisions := map[string][]ledger.Decision{}
	for d, err := range ledger.ReadDecisions(ctx, env.Store, ledger.Named("kind", ledger.OfQuarantine)) {
		if err != nil {
			return err
		}
		decisions[d.Subject] = append(decisions[d.Subject], d)
	}
	for i := range units {
		u := &units[i]
		u.State, u.History = HeldOpen, []HeldVerdict{}
		if d := dates[u.Batch]; d.Known() {
			u.Days = max(0, int(env.Batch.AsOf.Unix()-d.Unix()))
		}
		for _, d := range decisions[u.ID] {
			u.History = append(u.History, HeldVerdict{d.Verdict, d.Reason, d.At, d.Actor})
			if u.State, u.TakenBy = HeldDropped, ""; d.Verdict == ledger.Release {
				u.State, u.TakenBy = HeldReleased, byNo[d.After+1]
			}
		}
		if by := rereadBy(all, u); by != "" && u.State == HeldOpen {
			u.State, u.TakenBy = HeldTaken, by
		}
		if u.State != HeldReleased || u.TakenBy == "" {
			continue
		}
		if u.State, u.Became = HeldTaken, became[u.ID]; u.Became != "" {
			u.State = HeldReturned
		}
	}
	return nil
}

// rereadBy is the rerun that read the unit's file again, "" for none: what it could not read either is held under its name.
func rereadBy(all []BatchRow, u *HeldUnit) string {
	if u.Unit == UnitPayment || u.Unit == UnitPayer {
		return "" // what the ledger holds was read
	}
	numbers := map[int64]string{}
	for _, b := range all {
		numbers[b.No] = b.ID
		s := &b.Scope
		if s.Stage == "ingest" && !b.Open && numbers[b.Parent] == u.Batch && (len(s.Files) == 0 || slices.Contains(s.Files, u.SHA256)) {
			return b.ID
		}
	}
	return ""
}

// heldPayments gives the payments that do not tie: their money is in, and all of their claims are held.
func (env *Env) heldPayments(ctx context.Context) ([]HeldUnit, error) {
	t := teller{Env: env}
	t0 := ledger.Payments
	var out []HeldUnit
	at := map[claim.ID]int{}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: t0, Where: []ledger.Cond{{Column: "held", Op: ledger.NotNull}},
		Only: []string{"batch", "held", "file", "set", "payee_npi", "payee_tin", "date"}}) {
		if err != nil {
			return nil, err
		}
		if t.batches == nil {
			if err := t.prepare(ctx); err != nil {
				return nil, err
			}
		}
		id, sha := row[0].ID(), row[t0.At("file")].Digest()
		code, message, _ := strings.Cut(row[t0.At("held")].Text(), " ")
		u := HeldUnit{Reason: workspace.Reason{ID: id.String(), Batch: t.batches[row[1].Int()].ID, File: t.files[sha], SHA256: sha, Unit: UnitPayment,
			Set: int(row[t0.At("set")].Int()), Code: strings.TrimSuffix(code, ":"), Message: "the set does not tie: " + message, Advice: acceptAdvice}}
		u.Facility, _ = env.Party.Facility(claim.NPI(row[t0.At("payee_npi")].Text()), row[t0.At("payee_tin")].Text(), row[t0.At("date")].Date())
		at[id] = len(out)
		out = append(out, u)
	}
	ids := make([]claim.ID, len(out))
	for id, i := range at {
		ids[i] = id
	}
	for part := range ledger.Portions(ids) {
		sums, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Remits, Where: []ledger.Cond{ledger.OneOf("payment", part...)}}, []string{"payment"}, []string{"charge", "paid"})
		if err != nil {
			return nil, err
		}
		for _, row := range sums {
			u := &out[at[row[0].ID()]]
			charge, paid := row[2].Cents(), row[3].Cents()
			u.Claims, u.Charge, u.Paid = int(row[1].Int()), &charge, &paid
		}
	}
	return out, nil
}

// Pick says which held units a decision is about.
type Pick struct {
	IDs     []string
	All     bool   // every unit that is open and fits Code and File
	Code    string // "" = any
	File    string // a pattern as path.Match has it, over the name or its last part; "" = any
	Dropped bool   // also those that were dropped
}

// Decided is what a decision was about.
type Decided struct {
	Decision string      `json:"decision"`
	Units    []HeldUnit  `json:"units"`   // those that it was recorded for
	Already  []string    `json:"already"` // those for which the same stood already
	Claims   int         `json:"claims"`
	Charge   money.Cents `json:"charge"`
}

// planDecided tells what of people's decisions a run would take up behind the last batch.
func (env *Env) planDecided(ctx context.Context, last Batch, p *Plan) (any bool, err error) {
	if any, err = env.decided(ctx, last.No); err != nil || !any {
		return any, err
	}
	units, err := env.Quarantine(ctx)
	if err != nil {
		return any, err
	}
	for _, u := range units {
		if u.State == HeldReleased {
			p.Released = append(p.Released, u.ID)
		}
	}
	next := *env
	next.Batch.No = last.No + 1
	p.Decided, err = next.decidedRemits(ctx)
	return any, err
}

// OpenHeld opens the bytes of a unit as they came; fs.ErrNotExist where they are no longer kept.
func (env *Env) OpenHeld(ctx context.Context, u *HeldUnit) (io.ReadCloser, error) {
	if u.Unit != UnitPayment {
		return env.Workspace.OpenQuarantined(u.ID)
	}
	same := ledger.Cond{Column: "sha256", Op: ledger.In, Values: []ledger.Value{ledger.Digest(u.SHA256)}}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Files, Where: []ledger.Cond{same}}) {
		if err != nil {
			return nil, err
		}
		var f received
		if err := json.Unmarshal(row[6].Bytes(), &f); err != nil {
			return nil, fmt.Errorf("file %s: %w", row[1].Text(), err)
		}
		for i := 0; f.Layout != nil && i < len(f.Layout.Sets); i++ {
			if s := &f.Layout.Sets[i]; s.Ordinal == u.Set {
				o, err := env.Workspace.OpenArchived(u.SHA256)
				if errors.Is(err, workspace.ErrNotArchived) {
					err = fs.ErrNotExist
				}
				if err != nil {
					return nil, err
				}
				return struct {
					io.Reader
					io.Closer
				}{io.NewSectionReader(o, s.From, s.To-s.From), o}, nil
			}
		}
	}
	return nil, fs.ErrNotExist
}

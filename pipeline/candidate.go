package pipeline

import (
	"context"
	"iter"
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/reconcile"
)

// ids collects the first column of rows, without repeats.
func ids(rows iter.Seq2[ledger.Row, error]) ([]claim.ID, error) {
	var out []claim.ID
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		if id := row[0].ID(); len(out) == 0 || out[len(out)-1] != id {
			out = append(out, id)
		}
	}
	return out, nil
}

// candidatesByControl gives, by normalised control number, the claims that bear it.
func (env *Env) candidatesByControl(ctx context.Context, remits []asked) (map[string][]reconcile.Candidate, error) {
	var controls []string
	for i := range remits {
		controls = append(controls, claim.NormalControl(remits[i].remit.Control))
	}
	slices.Sort(controls)
	out := map[string][]reconcile.Candidate{}
	for part := range ledger.Portions(slices.Compact(controls)) {
		for c, err := range ledger.ReadClaims(ctx, env.Store, ledger.Named("control_norm", part...)) {
			if err != nil {
				return nil, err
			}
			norm := claim.NormalControl(c.Control)
			out[norm] = append(out[norm], env.candidate(c))
		}
	}
	return out, nil
}

// candidate is a claim with what the masters know of its provider and payer.
func (env *Env) candidate(c *claim.Claim) reconcile.Candidate {
	cand := reconcile.Candidate{Claim: c}
	from, _ := c.Service()
	if id, mapped := env.Party.Facility(c.Billing.NPI, c.Billing.TaxID, from); mapped {
		if f, ok := env.Party.FacilityByID(id, from); ok {
			for _, n := range f.NPIs {
				cand.Payees = append(cand.Payees, string(n))
			}
			cand.Payees = append(cand.Payees, f.TIN)
		}
	}
	return cand
}

// allCandidates gives for each remit every claim that any step could match it to: by control number,
// by the payer's claim number as other remits know it, by the patient's member ID.
func (env *Env) allCandidates(ctx context.Context, remits []asked) (map[claim.ID][]reconcile.Candidate, error) {
	byControl, err := env.candidatesByControl(ctx, remits)
	if err != nil {
		return nil, err
	}
	byPayer, err := env.candidatesByPayerControl(ctx, remits)
	if err != nil {
		return nil, err
	}
	byPatient, err := env.candidatesByPatient(ctx, remits)
	if err != nil {
		return nil, err
	}
	var found []claim.ID
	out := make(map[claim.ID][]reconcile.Candidate, len(remits))
	for i := range remits {
		r := remits[i].remit
		list := slices.Concat(byControl[claim.NormalControl(r.Control)], byPayer[r.PayerControl], byPatient[r.Patient.Key()])
		out[r.ID] = list
		for _, c := range list {
			found = append(found, c.Claim.ID)
		}
	}
	known, err := env.payerControls(ctx, found)
	if err != nil {
		return nil, err
	}
	for _, list := range out {
		for i := range list {
			list[i].PayerControls = known[list[i].Claim.ID]
		}
	}
	return out, nil
}

// candidatesByPayerControl gives, by payer claim number, the claims that other remits with it stand on.
func (env *Env) candidatesByPayerControl(ctx context.Context, remits []asked) (map[string][]reconcile.Candidate, error) {
	var numbers []string
	for i := range remits {
		numbers = append(numbers, remits[i].remit.PayerControl)
	}
	slices.Sort(numbers)
	byRemit := map[claim.ID]string{}
	var others []claim.ID
	number := ledger.Remits.At("payer_control")
	for part := range ledger.Portions(slices.Compact(numbers)) {
		for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Remits, Where: []ledger.Cond{ledger.Named("payer_control", part...)}, Only: []string{"payer_control"}}) {
			if err != nil {
				return nil, err
			}
			byRemit[row[0].ID()] = row[number].Text()
			others = append(others, row[0].ID())
		}
	}
	matches, err := ledger.CurrentMatches(ctx, env.Store, others)
	if err != nil {
		return nil, err
	}
	numbersOf := map[claim.ID][]string{}
	var claims []claim.ID
	for _, id := range others {
		if m, ok := matches[id]; ok && m.Is.State == reconcile.Matched {
			numbersOf[m.Is.Claim] = append(numbersOf[m.Is.Claim], byRemit[id])
			claims = append(claims, m.Is.Claim)
		}
	}
	out := map[string][]reconcile.Candidate{}
	for part := range ledger.Portions(claims) {
		for c, err := range ledger.ReadClaims(ctx, env.Store, ledger.OneOf("id", part...)) {
			if err != nil {
				return nil, err
			}
			list := numbersOf[c.ID]
			slices.Sort(list)
			for _, n := range slices.Compact(list) {
				out[n] = append(out[n], env.candidate(c))
			}
		}
	}
	return out, nil
}

func (env *Env) candidatesByPatient(ctx context.Context, remits []asked) (map[claim.ID][]reconcile.Candidate, error) {
	var patients []claim.ID
	for i := range remits {
		if k := remits[i].remit.Patient.Key(); k.Known() {
			patients = append(patients, k)
		}
	}
	slices.SortFunc(patients, claim.ID.Compare)
	out := map[claim.ID][]reconcile.Candidate{}
	for part := range ledger.Portions(slices.Compact(patients)) {
		for c, err := range ledger.ReadClaims(ctx, env.Store, ledger.OneOf("patient", part...)) {
			if err != nil {
				return nil, err
			}
			k := c.Patient.Key()
			out[k] = append(out[k], env.candidate(c))
		}
	}
	return out, nil
}

// payerControls gives the payer claim numbers that remits matched to each claim bear, sorted.
func (env *Env) payerControls(ctx context.Context, claims []claim.ID) (map[claim.ID][]string, error) {
	onClaim, err := env.remitsOn(ctx, claims)
	if err != nil {
		return nil, err
	}
	out := map[claim.ID][]string{}
	for id, remits := range onClaim {
		for part := range ledger.Portions(remits) {
			for r, err := range ledger.ReadRemits(ctx, env.Store, ledger.OneOf("id", part...)) {
				if err != nil {
					return nil, err
				}
				if r.PayerControl != "" {
					out[id] = append(out[id], r.PayerControl)
				}
			}
		}
		slices.Sort(out[id])
		out[id] = slices.Compact(out[id])
	}
	return out, nil
}

// remitsOn gives the remits whose current match is each of some claims, in ID order.
func (env *Env) remitsOn(ctx context.Context, claims []claim.ID) (map[claim.ID][]claim.ID, error) {
	slices.SortFunc(claims, claim.ID.Compare)
	current, err := ledger.MatchesOn(ctx, env.Store, slices.Compact(claims))
	if err != nil {
		return nil, err
	}
	out := map[claim.ID][]claim.ID{}
	for i := range current {
		m := &current[i].Is
		out[m.Claim] = append(out[m.Claim], m.Remit)
	}
	return out, nil
}

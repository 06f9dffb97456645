package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"revcycle/claim"
	"revcycle/extract"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/pipeline/flow"
)

// examplesShown bounds the faults that an invariant names.
const examplesShown = 10

// Invariant is something that must hold of ledger and extracts, and whether it does.
type Invariant struct {
	Name     string   `json:"name"`
	Checked  int      `json:"checked"` // how many things were looked at
	Faults   int      `json:"faults"`
	Examples []string `json:"examples"` // the first of the faults; no names, no control numbers
	OK       bool     `json:"ok"`
}

func invariant(name string) *Invariant { return &Invariant{Name: name, Examples: []string{}} }

// fault counts a fault and keeps its sentence, if it is among the first.
func (v *Invariant) fault(format string, args ...any) {
	v.Faults++
	if len(v.Examples) < examplesShown {
		v.Examples = append(v.Examples, fmt.Sprintf(format, args...))
	}
}

// join adds what another unit found of the same invariant.
func (v *Invariant) join(o *Invariant) {
	v.Checked += o.Checked
	v.Faults += o.Faults
	v.Examples = append(v.Examples, o.Examples[:min(len(o.Examples), examplesShown-len(v.Examples))]...)
}

// Verify proves what must hold: of the journal, of each claim, payment and remit, of the audit chain,
// and of the published extracts. It reads everything once and changes nothing. While a batch is open,
// what that batch has yet to do is not asked for. An error says that something could not be looked at.
func (env *Env) Verify(ctx context.Context) ([]Invariant, error) {
	var out []Invariant
	for _, step := range []func(context.Context) ([]*Invariant, error){env.verifyJournal, env.verifyClaims, env.verifyPayments, env.verifyAudit, env.verifyExtracts} {
		some, err := step(ctx)
		if err != nil {
			return out, fmt.Errorf("verify: %w", err)
		}
		for _, v := range some {
			v.OK = v.Faults == 0
			out = append(out, *v)
		}
	}
	return out, nil
}

// verifyJournal looks at the journal as a whole.
func (env *Env) verifyJournal(ctx context.Context) ([]*Invariant, error) {
	balance := invariant("the accounts of the journal sum to zero")
	moved, err := movedBy(ctx, env.Store)
	if err != nil {
		return nil, err
	}
	var sum money.Cents
	for _, amount := range moved.all {
		sum += amount
		balance.Checked++
	}
	if sum != 0 {
		balance.fault("they sum to %s", sum)
	}
	moves := invariant("every move has two accounts and an amount above zero")
	for _, bad := range []ledger.Cond{
		{Column: "amount", Op: ledger.Below, Values: []ledger.Value{ledger.Cents(1)}}, {Column: "debit", Op: ledger.IsNull}, {Column: "credit", Op: ledger.IsNull},
	} {
		for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Postings, Where: []ledger.Cond{bad}}) {
			if err != nil {
				return nil, err
			}
			moves.fault("entry %s, move %d: its %s", row[0].ID(), row[1].Int(), bad.Column)
		}
	}
	dates, err := env.verifyDates(ctx, moves)
	if err != nil {
		return nil, err
	}
	back, err := env.verifyReversals(ctx)
	return []*Invariant{balance, moves, dates, back}, err
}

// verifyDates holds each entry's posting date to the business date of its batch, and counts the moves.
func (env *Env) verifyDates(ctx context.Context, moves *Invariant) (*Invariant, error) {
	v := invariant("every entry is posted on the business date of its batch")
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return nil, err
	}
	byNo := map[int64]BatchRow{}
	for _, b := range all {
		byNo[b.No] = b
	}
	sums, err := env.Store.Sums(ctx, ledger.Query{Table: ledger.Postings}, []string{"batch", "posting_date"}, nil)
	if err != nil {
		return nil, err
	}
	for _, row := range sums {
		v.Checked++
		moves.Checked += int(row[2].Int())
		if b, ok := byNo[row[0].Int()]; !ok || b.AsOf != row[1].Date() {
			v.fault("%d moves of batch %d are posted on %s, not on %s", row[2].Int(), row[0].Int(), row[1].Date(), b.AsOf)
		}
	}
	return v, nil
}

// verifyReversals holds each entry that takes another back to its exact negative.
func (env *Env) verifyReversals(ctx context.Context) (*Invariant, error) {
	v := invariant("an entry that takes another back is its exact negative, and the only one")
	var backs []ledger.PostedEntry
	originals := map[claim.ID]ledger.PostedEntry{}
	var ids []claim.ID
	for e, err := range ledger.ReadEntries(ctx, env.Store, ledger.Cond{Column: "reverses", Op: ledger.NotNull}) {
		if err != nil {
			return nil, err
		}
		backs = append(backs, e)
		ids = append(ids, e.Reverses)
	}
	slices.SortFunc(ids, claim.ID.Compare)
	for part := range ledger.Portions(slices.Compact(ids)) {
		for e, err := range ledger.ReadEntries(ctx, env.Store, ledger.OneOf("entry", part...)) {
			if err != nil {
				return nil, err
			}
			originals[e.ID] = e
		}
	}
	seen := map[claim.ID]bool{}
	for _, e := range backs {
		v.Checked++
		o, ok := originals[e.Reverses]
		switch {
		case !ok:
			v.fault("entry %s takes back %s, which is not there", e.ID, e.Reverses)
		case seen[e.Reverses]:
			v.fault("entry %s is taken back twice", e.Reverses)
		case !ledger.SameEffect(ledger.Reverse(o.Entry, 0, ""), e.Entry):
			v.fault("entry %s is not the negative of %s", e.ID, e.Reverses)
		}
		seen[e.Reverses] = true
	}
	return v, nil
}

// verifyShards runs a check over all IDs of a table, in shards of about size rows, and joins what they found.
func (env *Env) verifyShards(ctx context.Context, t *ledger.Table, size int, check func(context.Context, string) ([]*Invariant, error)) ([]*Invariant, error) {
	n, err := env.Store.Sums(ctx, ledger.Query{Table: t}, nil, nil)
	if err != nil {
		return nil, err
	}
	count := 0
	if len(n) > 0 {
		count = int(n[0][0].Int())
	}
	var out []*Invariant
	for some, err := range flow.Map(ctx, env.Workers, each(shards(count, size)), check) {
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = some
			continue
		}
		for i := range some {
			out[i].join(some[i])
		}
	}
	return out, nil
}

func (env *Env) verifyClaims(ctx context.Context) ([]*Invariant, error) {
	return env.verifyShards(ctx, ledger.Claims, claimsPerShard, env.verifyClaimShard)
}

// verifyClaimShard holds what is posted of each claim to its own charge, and to the identity.
func (env *Env) verifyClaimShard(ctx context.Context, key string) ([]*Invariant, error) {
	identity := invariant("each claim: charge = paid + contractual + other + balances")
	billed := invariant("each claim that asks for payment is billed once, at its charge")
	known := invariant("each entry of a claim stands on a claim of the ledger")
	positions := map[claim.ID]ledger.Position{}
	where, err := conds("claim", key)
	if err != nil {
		return nil, err
	}
	for e, err := range ledger.ReadEntries(ctx, env.Store, where...) {
		if err != nil {
			return nil, err
		}
		known.Checked++
		p := positions[e.Claim]
		for _, m := range e.Moves {
			p.Add(m)
		}
		positions[e.Claim] = p
	}
	where, err = conds("id", key)
	if err != nil {
		return nil, err
	}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Claims, Where: where}) {
		if err != nil {
			return nil, err
		}
		id, charge := row[0].ID(), row[ledger.Claims.At("charge")].Cents()
		if row[ledger.Claims.At("use")].Text() == string(claim.Reporting) || row[ledger.Claims.At("frequency")].Text() == "8" {
			charge = 0
		}
		p := positions[id]
		delete(positions, id)
		identity.Checked++
		billed.Checked++
		if !p.Holds() {
			identity.fault("claim %s", id)
		}
		if p.Charge != charge {
			billed.fault("claim %s: %s posted, %s charged", id, p.Charge, charge)
		}
	}
	for id := range positions {
		known.fault("claim %s is not there", id)
	}
	slices.Sort(known.Examples)
	return []*Invariant{identity, billed, known}, nil
}

// verifyExtracts holds each published manifest to what the ledger remembers of it, and the current view
// to its manifest and to the ledger.
func (env *Env) verifyExtracts(ctx context.Context) ([]*Invariant, error) {
	v := invariant("the manifest of each published batch is the one that was published")
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return nil, err
	}
	byNo := map[int64]string{}
	for _, b := range all {
		byNo[b.No] = b.ID
	}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Published}) {
		if err != nil {
			return nil, err
		}
		id := byNo[row[0].Int()]
		digest, err := fileDigest(filepath.Join(env.Workspace.ExtractsDir, "_batches", id, "manifest.json"))
		if errors.Is(err, os.ErrNotExist) {
			continue // rolled off
		}
		if err != nil {
			return nil, err
		}
		if v.Checked++; digest != row[1].Digest() {
			v.fault("batch %s: its manifest has another SHA-256 than when it was published", id)
		}
	}
	out := []*Invariant{v}
	checks, err := extract.Verify(ctx, env.Workspace.ExtractsDir, env.Store)
	if errors.Is(err, extract.ErrNoManifest) {
		return out, nil
	}
	for _, c := range checks {
		x := invariant("extracts: " + c.Name)
		if x.Checked = 1; !c.OK {
			x.fault("%s", c.Detail)
		}
		out = append(out, x)
	}
	return out, err
}

package pipeline

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
)

// The states of remits that were seen and count for nothing, beside those of reconcile.
const (
	DuplicateFile    = "DUPLICATE_FILE"    // the same bytes came before
	DuplicatePayment = "DUPLICATE_PAYMENT" // the same payment came before, in another envelope
)

// SeenRemit is one CLP as it was seen in one file: what `export REMITS` prints, duplicates and held ones too.
type SeenRemit struct {
	Batch        int64
	File         string // name below the inbox
	Set          int
	Ordinal      int
	Remit        claim.ID
	Claim        claim.ID // the claim it stands on
	Trace        string   // TRN02
	Control      string   // CLP01
	Status       string   // CLP02
	PayerControl string   // CLP07
	MatchRule    string   // C1/L1, R1, C5; "-" where it counts for nothing
	State        string   // payment state of this remit alone
	Charge, Paid, Contractual, Denied, Patient,
	Other, Pending money.Cents
	Posts bool // its money is on the claim
}

// SeenRemits gives every CLP of every file received, by batch, file name, set and ordinal.
func SeenRemits(ctx context.Context, s ledger.Store) iter.Seq2[SeenRemit, error] {
	return func(yield func(SeenRemit, error) bool) {
		for row, err := range s.Rows(ctx, ledger.Query{Table: ledger.Files}) {
			if err != nil {
				yield(SeenRemit{}, err)
				return
			}
			if _, _, again := cutReleased(row[1].Text()); again {
				continue // its sets are told with the file in which they came
			}
			f := file{batch: row[0].Int(), name: row[1].Text(), sha: row[2].Digest(), duplicate: row[5].Text() != ""}
			remits, err := f.remits(ctx, s)
			if err != nil {
				yield(SeenRemit{}, err)
				return
			}
			for _, r := range remits {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

type file struct {
	batch     int64
	name      string
	sha       claim.Digest
	duplicate bool
}

// sighting is a row of Seen.
type sighting struct {
	file    claim.Digest
	set     int64
	batch   int64
	payment claim.ID
	rank    string
}

func sightings(ctx context.Context, s ledger.Store, where ledger.Cond) ([]sighting, error) {
	var out []sighting
	for row, err := range s.Rows(ctx, ledger.Query{Table: ledger.Seen, Where: []ledger.Cond{where}}) {
		if err != nil {
			return nil, err
		}
		out = append(out, sighting{row[0].Digest(), row[1].Int(), row[2].Int(), row[3].ID(), row[4].Text()})
	}
	return out, nil
}

// first is the sighting of a payment that counts: of the earliest batch, then the earliest interchange.
func first(all []sighting) sighting {
	return slices.MinFunc(all, func(a, b sighting) int {
		return cmp.Or(cmp.Compare(a.batch, b.batch), cmp.Compare(a.rank, b.rank), slices.Compare(a.file[:], b.file[:]), cmp.Compare(a.set, b.set))
	})
}

func (f file) remits(ctx context.Context, s ledger.Store) ([]SeenRemit, error) {
	sets, err := sightings(ctx, s, ledger.Cond{Column: "file", Op: ledger.In, Values: []ledger.Value{ledger.Digest(f.sha)}})
	if err != nil || len(sets) == 0 {
		return nil, err
	}
	slices.SortFunc(sets, func(a, b sighting) int { return cmp.Compare(a.set, b.set) })
	var payments []claim.ID
	for _, x := range sets {
		payments = append(payments, x.payment)
	}
	others := map[claim.ID][]sighting{}
	traces := map[claim.ID]string{}
	remits := map[claim.ID][]ledger.Row{}
	for part := range ledger.Portions(payments) {
		again, err := sightings(ctx, s, ledger.OneOf("payment", part...))
		if err != nil {
			return nil, err
		}
		for _, x := range again {
			others[x.payment] = append(others[x.payment], x)
		}
		for row, err := range s.Rows(ctx, ledger.Query{Table: ledger.Payments, Where: []ledger.Cond{ledger.OneOf("id", part...)}}) {
			if err != nil {
				return nil, err
			}
			traces[row[0].ID()] = row[2].Text()
		}
		for row, err := range s.Rows(ctx, ledger.Query{Table: ledger.Remits, Where: []ledger.Cond{ledger.OneOf("payment", part...)}}) {
			if err != nil {
				return nil, err
			}
			remits[row[2].ID()] = append(remits[row[2].ID()], slices.Clone(row))
		}
	}
	var out []SeenRemit
	for _, x := range sets {
		some, err := f.set(ctx, s, x, others[x.payment], remits[x.payment])
		if err != nil {
			return nil, err
		}
		for i := range some {
			some[i].Trace = traces[x.payment]
		}
		out = append(out, some...)
	}
	return out, nil
}

// set gives the CLPs of one set of the file.
func (f file) set(ctx context.Context, s ledger.Store, x sighting, all []sighting, rows []ledger.Row) ([]SeenRemit, error) {
	slices.SortFunc(rows, func(a, b ledger.Row) int { return cmp.Compare(a[3].Int(), b[3].Int()) })
	var remits []claim.ID
	for _, row := range rows {
		remits = append(remits, row[0].ID())
	}
	judged := map[claim.ID]ledger.Row{}
	for part := range ledger.Portions(remits) {
		current, err := ledger.Latest(ctx, s, ledger.Adjudged, ledger.OneOf("remit", part...))
		if err != nil {
			return nil, err
		}
		for _, row := range current {
			judged[row[0].ID()] = row
		}
	}
	state := ""
	switch {
	case f.duplicate:
		state = DuplicateFile
	case first(all) != x:
		state = DuplicatePayment
	}
	out := make([]SeenRemit, 0, len(rows))
	for _, row := range rows {
		r := SeenRemit{Batch: f.batch, File: f.name, Set: int(x.set), Ordinal: int(row[3].Int()), Remit: row[0].ID(), Control: row[4].Text(),
			PayerControl: row[7].Text(), Status: row[8].Text(), Charge: row[9].Cents(), Paid: row[10].Cents()}
		if j := judged[r.Remit]; j != nil {
			r.Claim, r.State, r.MatchRule = j[2].ID(), j[3].Text(), j[4].Text()
			r.Contractual, r.Denied, r.Patient, r.Other, r.Pending = j[7].Cents(), j[8].Cents(), j[9].Cents(), j[10].Cents(), j[11].Cents()
			r.Posts = j[12].Bool()
		}
		if state != "" {
			r.State, r.MatchRule, r.Posts = state, "-", false
		}
		out = append(out, r)
	}
	return out, nil
}

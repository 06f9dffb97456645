package pipeline

import (
	"cmp"
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/reconcile"
)

// post brings the journal of a claim to what the remits' terms and its version say. What is posted
// already stays; what has changed is taken back by its exact negative and posted anew.
func (env *Env) post(w *write, st *standing, c *claim.Claim, refs []reconcile.Adjudged, terms map[claim.ID]ledger.Terms) {
	byRemit := map[claim.ID][]ledger.PostedEntry{}
	var voids []ledger.PostedEntry
	for _, e := range st.entries[c.ID] {
		switch e.Cause {
		case ledger.CauseRemit:
			byRemit[e.Remit] = append(byRemit[e.Remit], e)
		case ledger.CauseVoid:
			voids = append(voids, e)
		}
	}
	known := map[claim.ID]bool{}
	for _, x := range reconcile.InOrder(refs) {
		r := x.Remit
		known[r.ID] = true
		t, posts := terms[r.ID]
		entry, _ := ledger.PostRemit(r, c.ID, x.Payment.Date, t, len(byRemit[r.ID]))
		if !posts {
			entry.Moves = nil
		}
		env.bring(w, byRemit[r.ID], entry, "the remit's match, class or place in order has changed")
	}
	gone := make([]claim.ID, 0, len(byRemit))
	for id := range byRemit {
		if !known[id] {
			gone = append(gone, id)
		}
	}
	slices.SortFunc(gone, claim.ID.Compare)
	for _, id := range gone {
		env.bring(w, byRemit[id], ledger.Entry{Claim: c.ID}, "the remit answers another claim")
	}
	want := ledger.Entry{Claim: c.ID}
	if v, ok := st.version[c.ID]; ok && v.State != reconcile.Current && !c.Void() && c.Use != claim.Reporting && c.Charge != 0 {
		by := v.By
		want = ledger.Void(c, by, st.createdOf(by), len(voids))
	}
	env.bring(w, voids, want, "the claim's versions have changed")
}

// bring makes what stands of one cause equal to want: an entry without moves wants nothing.
func (env *Env) bring(w *write, posted []ledger.PostedEntry, want ledger.Entry, why string) {
	slices.SortFunc(posted, func(a, b ledger.PostedEntry) int { return cmp.Or(cmp.Compare(a.Batch, b.Batch), a.ID.Compare(b.ID)) })
	reversed := map[claim.ID]bool{}
	for _, e := range posted {
		if e.Reverses.Known() {
			reversed[e.Reverses] = true
		}
	}
	for _, e := range posted {
		if e.Reverses.Known() || reversed[e.ID] {
			continue
		}
		if len(want.Moves) > 0 && ledger.SameEffect(e.Entry, want) {
			return // it stands as it should
		}
		back := ledger.Reverse(e.Entry, 0, why)
		env.append(w, &back)
	}
	if len(want.Moves) > 0 {
		env.append(w, &want)
	}
}

func (env *Env) append(w *write, e *ledger.Entry) {
	w.add(ledger.Postings, ledger.EntryRows(e, env.Batch.No, env.Batch.AsOf)...)
	w.tally.Entries++
}

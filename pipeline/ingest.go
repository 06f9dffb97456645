package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/parsers"
	"revcycle/parsers/set"
	"revcycle/parsers/x837"
	"revcycle/pipeline/flow"
)

// ingestStage reads the batch's files into the ledger: a unit for each chunk of claims, each
// remittance set, each set or file that is held. Sets come in order of their interchanges, so that of
// two sightings of a payment the earlier one is the first. Units of a file are closed by one that says
// what became of it.
func (env *Env) ingestStage(ctx context.Context) (Tally, error) {
	files, err := env.filesOf(ctx)
	if err != nil {
		return Tally{}, err
	}
	if env.Runner == nil {
		env.arrived = new(arrived)
	}
	if _, err := env.do(ctx, "sets", newReading(files).todo); err != nil {
		return Tally{}, err
	}
	for _, f := range files {
		if f.DuplicateOf == "" && f.Refused == "" && f.Layout == nil {
			if err := env.ingestTable(ctx, f); err != nil {
				return Tally{}, fmt.Errorf("ingest: %s: %w", f.Name, err)
			}
		}
	}
	closing := make([]string, len(files))
	for i, f := range files {
		closing[i] = closePrefix + f.Name
	}
	return env.do(ctx, "files", units(closing))
}

// readySets gives what reads a chunk, a remittance set, or what is held of them.
func (env *Env) readySets(ctx context.Context) (maker, error) {
	files, err := env.filesOf(ctx)
	if err != nil {
		return nil, err
	}
	plan := newReading(files)
	return func(ctx context.Context, key string) (*write, error) {
		c, ok := plan.units[key]
		if !ok {
			return nil, fmt.Errorf("no file of batch %s has this unit", env.Batch.ID)
		}
		return env.ingestUnit(ctx, c, key)
	}, nil
}

// readyFiles gives what says what became of a file.
func (env *Env) readyFiles(ctx context.Context) (maker, error) {
	files, err := env.filesOf(ctx)
	if err != nil {
		return nil, err
	}
	byKey := map[string]*received{}
	for _, f := range files {
		byKey[closePrefix+f.Name] = f
	}
	tallies, err := env.fileTallies(ctx, files)
	return func(ctx context.Context, key string) (*write, error) {
		return env.closeFile(ctx, byKey[key], key, tallies[byKey[key].Name])
	}, err
}

const closePrefix = "close/"

// reading is the work of ingest: what each unit reads.
type reading struct {
	todo  []Todo
	units map[string]chunkOf
}

// chunkOf is a chunk of a set of a file; a set that is held or refused, and a file that is, has none.
type chunkOf struct {
	file  *received
	set   *parsers.Set
	chunk *set.Chunk
	rank  string
	ta1s  bool // the acknowledgements of interchanges in the file, which stand in no set
	// shared says that the file's bytes are those of an archive that held others too.
	shared bool
}

// bytesPerRow is about how many bytes of X12 make a row: a claim of some 950 bytes makes six.
const bytesPerRow = 150

// newReading lists the units in order of interchange, file and place.
func newReading(files []*received) reading {
	var all []chunkOf
	members := map[claim.Digest]int{}
	for _, f := range files {
		members[f.SHA]++
	}
	for _, f := range files {
		switch {
		case f.DuplicateOf != "":
		case f.Refused != "":
			_, _, packed := cutPacked(f.Name)
			all = append(all, chunkOf{file: f, shared: packed && members[f.SHA] > 1})
		case f.Layout != nil:
			all = append(all, setsOf(f)...)
		}
	}
	slices.SortStableFunc(all, func(a, b chunkOf) int { return cmp.Compare(a.rank, b.rank) })
	r := reading{units: map[string]chunkOf{}}
	for _, c := range all {
		key := c.file.Name
		if c.set != nil {
			key += "/" + strconv.Itoa(c.set.Ordinal)
		} else if c.ta1s {
			key += "/ta1"
		}
		rows := 1
		if c.chunk != nil {
			key += "/" + strconv.Itoa(c.chunk.First)
			rows = max(1, int((c.chunk.Own.To-c.chunk.Own.From)/bytesPerRow))
		}
		t := Todo{Key: key, Rows: rows}
		if c.set != nil && c.set.Payment.Known() {
			t.With = c.set.Payment.String() // of two sightings of a payment the earlier one is the first
		}
		r.todo = append(r.todo, t)
		r.units[key] = c
	}
	return r
}

func setsOf(f *received) []chunkOf {
	var out []chunkOf
	if f.Layout.Held != "" && !slices.ContainsFunc(f.Layout.Sets, func(s parsers.Set) bool { return s.Held != "" }) {
		out = append(out, chunkOf{file: f}) // where a set is held, the same tear is told there
	}
	if len(f.Layout.TA1s) > 0 && f.Only == nil {
		out = append(out, chunkOf{file: f, ta1s: true})
	}
	for i := range f.Layout.Sets {
		s := &f.Layout.Sets[i]
		rank := rankOf(f.Layout, s)
		if s.Held != "" || s.Refused != "" {
			out = append(out, chunkOf{file: f, set: s, rank: rank})
			continue
		}
		for k := range s.Chunks {
			out = append(out, chunkOf{file: f, set: s, chunk: &s.Chunks[k], rank: rank})
		}
	}
	return out
}

// rankOf orders sets by when and under which control number their interchange was made.
func rankOf(l *parsers.Layout, s *parsers.Set) string {
	if s.Interchange < 1 || s.Interchange > len(l.Interchanges) {
		return ""
	}
	in := &l.Interchanges[s.Interchange-1]
	return in.Date + in.Time + in.Control
}

func (env *Env) ingestUnit(ctx context.Context, c chunkOf, key string) (w *write, err error) {
	w = &write{unit: env.unit("ingest", key)}
	if c.ta1s {
		env.ingestTA1s(w, c.file)
		return w, nil
	}
	if c.chunk == nil {
		return w, env.holdBack(w, c, key)
	}
	defer func() {
		if recover() != nil {
			env.Log.Error("the program broke on a part of a file, which is held", "file", c.file.Name, "set", c.set.Ordinal, "byte", c.chunk.Own.From, "at", flow.Recovered().At)
			w, err = env.holdFault(c, key)
		}
	}()
	if env.broke != nil {
		env.broke("unit " + key)
	}
	o, err := env.Workspace.OpenArchived(c.file.SHA)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	items := parsers.ReadChunk(c.set, *c.chunk, o, c.file.SHA)
	switch {
	case c.set.Kind == parsers.Remittance:
		return w, env.ingestRemits(w, c, items)
	case parsers.FormatOf(c.set.Kind, nil).Ack:
		return w, env.ingestAcks(w, c, items)
	}
	return w, env.ingestClaims(w, c, items)
}

// ingestClaims appends the claims of a chunk, their lines and their bills.
func (env *Env) ingestClaims(w *write, c chunkOf, items parsers.Items) error {
	var rejects []unread
	for it, err := range items {
		if err != nil {
			return fmt.Errorf("%s: %w", c.file.Name, err)
		}
		if !c.file.Only.has(&it) {
			continue
		}
		at := it.Sighting
		switch d := it.Document.(type) {
		case claim.Claim:
			d.Tolerated = it.Tolerated
			w.tally.SeenClaims++
			env.addClaim(w, &d, at)
		case claim.Reject:
			if d.Unit == "claim" {
				w.tally.SeenClaims++
				w.tally.RejectedClaims++
			}
			env.addReject(w, &d, at, c.file)
			rejects = append(rejects, unread{d, at.Ordinal, it.Charge})
		}
	}
	return env.setApart(w, c, rejects)
}

// addClaim appends a claim with its lines and its bill; a reported encounter also as a visit.
func (env *Env) addClaim(w *write, c *claim.Claim, at claim.Sighting) {
	id, charge, lines := c.ID, c.Charge, len(c.Lines)
	row := ledger.ClaimRow(c, env.Batch.No, at)
	doc := row[ledger.Claims.At("doc")].Text()
	w.addCounted(ledger.Claims, func(t *Tally, fresh bool) {
		if !fresh {
			t.DuplicateClaims++
			t.DupCharge += charge
			return
		}
		t.Claims++
		t.Lines += lines
		t.Charged += charge
		env.arrived.add(env.Batch.No, id, doc)
	}, row)
	w.add(ledger.Lines, ledger.LineRows(c)...)
	if e, ok := ledger.Bill(c); ok {
		env.append(w, &e)
	}
	if c.Use == claim.Reporting {
		visit := x837.Encounter(*c)
		env.addEncounter(w, &visit)
	}
}

func (env *Env) addEncounter(w *write, e *claim.Encounter) {
	w.addCounted(ledger.Encounters, func(t *Tally, fresh bool) { t.Encounters += one(fresh) }, ledger.EncounterRow(e, env.Batch.No))
}

func (env *Env) addReject(w *write, r *claim.Reject, at claim.Sighting, f *received) {
	at.File = f.SHA
	w.addCounted(ledger.Rejects, func(t *Tally, fresh bool) { t.Rejects += one(fresh) }, ledger.RejectRow(r, env.Batch.No, at, f.Name))
}

// ingestRemits appends a remittance set: its payment and what it says of claims. A claim that does not
// balance, and every claim of a set that does not tie, is held: its money stays unapplied.
func (env *Env) ingestRemits(w *write, c chunkOf, items parsers.Items) error {
	var remits []*claim.Remit
	var held []string // why each of them may not post, for what its partner's policy says
	var rejects []unread
	var payment *claim.Payment
	var at claim.Sighting
	for it, err := range items {
		if err != nil {
			return fmt.Errorf("%s: %w", c.file.Name, err)
		}
		if p, ok := it.Document.(claim.Payment); ok {
			p.Tolerated = it.Tolerated
			payment, at = &p, it.Sighting
		}
		if !c.file.Only.has(&it) {
			continue
		}
		switch d := it.Document.(type) {
		case claim.Remit:
			d.Tolerated = it.Tolerated
			w.tally.SeenRemits++
			remits, held = append(remits, &d), append(held, it.Held)
		case claim.Reject:
			if d.Unit == "claim" {
				w.tally.SeenRemits++
				w.tally.RejectedRemits++
			}
			env.addReject(w, &d, it.Sighting, c.file)
			rejects = append(rejects, unread{d, it.Sighting.Ordinal, nil})
		}
	}
	if err := env.setApart(w, c, rejects); err != nil {
		return err
	}
	if payment == nil {
		return nil
	}
	if at.File = c.file.SHA; c.file.Only == nil { // else the payment came with the rest of its set
		env.addPayment(w, payment, at)
		w.add(ledger.Seen, ledger.SeenRow(payment.ID, env.Batch.No, at, c.rank))
	}
	for i, r := range remits {
		held := cmp.Or(held[i], ledger.HeldFor(payment, r))
		charge, paid := r.Charge, r.Paid
		w.addCounted(ledger.Remits, func(t *Tally, fresh bool) {
			if !fresh {
				t.DupPaid += paid
				return
			}
			t.Remits++
			t.RemitCharge += charge
			t.RemitPaid += paid
			if held != "" {
				t.HeldRemits++
			}
		}, ledger.RemitRow(r, env.Batch.No, payment.Date, held))
		w.add(ledger.Adjustments, ledger.AdjustmentRows(r, env.Batch.No)...)
	}
	return nil
}

func (env *Env) addPayment(w *write, p *claim.Payment, at claim.Sighting) {
	w.addCounted(ledger.Payments, func(t *Tally, fresh bool) {
		if !fresh {
			t.DuplicatePayments++
			return
		}
		t.Payments++
		t.Paid += p.Amount
		t.PLB += p.AdjustmentTotal()
	}, ledger.PaymentRow(p, env.Batch.No, at))
	w.add(ledger.Adjustments, ledger.ProviderAdjustmentRows(p, env.Batch.No)...)
	if e, ok := ledger.PostPayment(p); ok {
		env.append(w, &e)
	}
}

// fileTallies sums the units' tallies by file.
func (env *Env) fileTallies(ctx context.Context, files []*received) (map[string]Tally, error) {
	out := map[string]Tally{}
	return out, env.eachUnit(ctx, "ingest", func(key string, t Tally) {
		for _, f := range files {
			if key == f.Name || strings.HasPrefix(key, f.Name+"/") {
				sum := out[f.Name]
				sum.Add(t)
				out[f.Name] = sum
			}
		}
	})
}

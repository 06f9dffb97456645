package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/parsers/csv"
	"revcycle/pipeline/flow"
	"revcycle/rules"
)

// rowsPerUnit is how many documents of a CSV table a unit takes.
const rowsPerUnit = 2_000

// ingestTable reads a CSV file in units of rows. A run that was stopped reads the file again and
// passes over the units that are done.
func (env *Env) ingestTable(ctx context.Context, f *received) (err error) {
	done, err := env.unitsDone(ctx, "ingest")
	if err != nil {
		return err
	}
	if done[closePrefix+f.Name] || done[f.Name] {
		return nil
	}
	defer func() {
		if recover() != nil { // what was read before the fault stays
			env.Log.Error("the program broke on a file, which is held", "file", f.Name, "at", flow.Recovered().At)
			f.Refused = rules.HeldFault + ": " + faultWords
			err = env.commitHeld(ctx, f)
		}
	}()
	if env.broke != nil {
		env.broke("unit " + f.Name)
	}
	var tally csv.Tally
	items, closer, err := env.table(f, &tally)
	if err != nil {
		return err
	}
	defer closer()
	n := 0
	key := func() string { return fmt.Sprintf("%s/rows/%06d", f.Name, n/rowsPerUnit) }
	w := &write{unit: env.unit("ingest", key())}
	flush := func() error {
		if done[w.unit.Key] || len(w.parts) == 0 {
			return nil
		}
		return env.commit(ctx, w)
	}
	for it, err := range items {
		var header *csv.HeaderError
		if errors.As(err, &header) {
			if done[f.Name] {
				return nil
			}
			f.Refused = "HEADER: " + header.Error()
			return env.commitHeld(ctx, f)
		}
		if err != nil {
			return err
		}
		if !f.Only.hasRow(&it) {
			continue
		}
		if err := env.addRow(w, f, it); err != nil {
			return err
		}
		if n++; n%rowsPerUnit == 0 {
			if err := flush(); err != nil {
				return err
			}
			w = &write{unit: env.unit("ingest", key())}
		}
	}
	if f.Only != nil && n == 0 {
		f.Refused = fmt.Sprintf("GONE: today the file is read without a row %d", f.Only.Row)
		return env.commitHeld(ctx, f)
	}
	return flush()
}

// commitHeld quarantines a file that is not what its header said.
func (env *Env) commitHeld(ctx context.Context, f *received) error {
	w := &write{unit: env.unit("ingest", f.Name)}
	if err := env.holdBack(w, chunkOf{file: f}, f.Name); err != nil {
		return err
	}
	return env.commit(ctx, w)
}

// addRow appends one document of a CSV file.
func (env *Env) addRow(w *write, f *received, it csv.Item) error {
	at := claim.Sighting{File: f.SHA, Ordinal: it.Row}
	switch d := it.Doc.(type) {
	case claim.Claim:
		w.tally.SeenClaims++
		w.tally.ScannedClaims++
		w.tally.SeenCharge += d.Charge
		env.addClaim(w, &d, at)
	case claim.Encounter:
		env.addEncounter(w, &d)
	case claim.Charge:
		w.addCounted(ledger.Charges, func(t *Tally, fresh bool) { t.Charges += one(fresh) }, ledger.ChargeRow(&d, env.Batch.No))
	case claim.Reject:
		d.ID = claim.RejectID(at, d.Code, it.Row)
		env.addReject(w, &d, at, f)
		return env.setRowApart(w, f, &unread{Reject: d})
	}
	return nil
}

// setRowApart lays a row that could not be read in quarantine/.
func (env *Env) setRowApart(w *write, f *received, r *unread) error {
	if w.tally.Quarantined >= apartPerUnit {
		return nil
	}
	o, err := env.Workspace.OpenArchived(f.SHA)
	if err != nil {
		return err
	}
	defer o.Close()
	return env.setOneApart(w, f, 0, r, rowExtent(o, r.Byte, o.Size()))
}

// table opens a CSV file as documents. closer frees what was opened.
func (env *Env) table(f *received, tally *csv.Tally) (items iter.Seq2[csv.Item, error], closer func(), err error) {
	profiles, err := env.profiles()
	if err != nil {
		return nil, nil, err
	}
	t := tableOf(f.Kind, profiles)
	if t == nil {
		return nil, nil, fmt.Errorf("no profile reads %s", f.Kind)
	}
	var open []io.Closer
	closer = func() {
		for _, c := range open {
			c.Close()
		}
	}
	o, err := env.Workspace.OpenArchived(f.SHA)
	if err != nil {
		return nil, nil, err
	}
	open = append(open, o)
	switch t.Noun {
	case csv.EncounterNoun:
		return csv.ReadEncounters(t, io.NewSectionReader(o, 0, o.Size()), tally), closer, nil
	case csv.ChargeNoun:
		return csv.ReadCharges(t, io.NewSectionReader(o, 0, o.Size()), tally), closer, nil
	case csv.ClaimNoun:
		lines := tableOf(f.CompanionKind, profiles)
		var second io.Reader
		if lines != nil {
			l, err := env.Workspace.OpenArchived(f.CompanionSHA)
			if err != nil {
				closer()
				return nil, nil, err
			}
			open = append(open, l)
			second = io.NewSectionReader(l, 0, l.Size())
		}
		dir, err := env.Workspace.TempDir()
		if err != nil {
			closer()
			return nil, nil, fmt.Errorf("a folder for the join: %w", err)
		}
		free := closer
		return csv.ReadClaims(t, lines, io.NewSectionReader(o, 0, o.Size()), second, dir, tally), func() { free(); os.RemoveAll(dir) }, nil
	}
	return func(func(csv.Item, error) bool) {}, closer, nil // names: no document of the ledger
}

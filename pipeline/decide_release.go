package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/parsers"
	"revcycle/parsers/csv"
	"revcycle/workspace"
)

// Release has units taken up again by the next batch, which reads them with the program, the profiles and the rule book of
// its day. Where the only fault is one that a person may accept, they are taken as they stand; what still cannot be read is
// held anew. It gives ErrRefused for a unit that is unknown, was taken already, or was dropped.
func (env *Env) Release(ctx context.Context, p Pick, reason string) (Decided, error) {
	return env.decideHeld(ctx, ledger.Release, p, reason, func(u *HeldUnit) (already bool, err error) {
		switch u.State {
		case HeldReleased:
			return true, nil
		case HeldDropped:
			if !p.Dropped {
				d := u.History[len(u.History)-1]
				return false, refused("unit %s was dropped by %s on %s (%s); release --dropped takes it all the same", u.ID, d.Actor, d.At, d.Reason)
			}
		case HeldTaken, HeldReturned:
			return false, tooLate(u)
		}
		switch u.Unit {
		case UnitPayment:
			return false, nil // its bytes have been read
		case UnitPayer:
			return false, refused("unit %s: its claims are in the ledger and wait for what is to be mended: %s; then revcycle retry", u.ID, u.Message)
		}
		o, err := env.Workspace.OpenArchived(u.SHA256)
		if errors.Is(err, workspace.ErrNotArchived) {
			return false, refused("unit %s: the archive no longer holds %s; ask the sender for the file again, and drop the unit", u.ID, u.File)
		}
		if err != nil {
			return false, err
		}
		return false, o.Close()
	})
}

// Drop says of units that they will never be taken. What is known of them stays in the ledger, their bytes in the archive;
// they no longer wait. It gives ErrRefused for a unit that is unknown or was taken already.
func (env *Env) Drop(ctx context.Context, p Pick, reason string) (Decided, error) {
	return env.decideHeld(ctx, ledger.Drop, p, reason, func(u *HeldUnit) (already bool, err error) {
		if u.State == HeldTaken || u.State == HeldReturned {
			return false, tooLate(u)
		}
		return u.State == HeldDropped, nil
	})
}

func tooLate(u *HeldUnit) error {
	if u.State == HeldReturned {
		return refused("unit %s was taken up by batch %s and could not be read; it is held as %s now", u.ID, u.TakenBy, u.Became)
	}
	return refused("unit %s was taken up by batch %s already", u.ID, u.TakenBy)
}

// decideHeld records a verdict of those units that a pick names and for which it does not stand yet.
func (env *Env) decideHeld(ctx context.Context, verdict string, p Pick, reason string, ask func(*HeldUnit) (already bool, err error)) (Decided, error) {
	out := Decided{Decision: verdict, Units: []HeldUnit{}, Already: []string{}}
	all, err := env.Quarantine(ctx)
	if err != nil {
		return out, err
	}
	picked, err := p.of(all)
	if err != nil {
		return out, err
	}
	var some []ledger.Decision
	for i := range picked {
		u := &picked[i]
		already, err := ask(u)
		if err != nil {
			return out, err
		}
		if already {
			out.Already = append(out.Already, u.ID)
			continue
		}
		out.Units = append(out.Units, *u)
		out.Claims += u.Claims
		if u.Charge != nil {
			out.Charge += *u.Charge
		}
		some = append(some, ledger.Decision{Kind: ledger.OfQuarantine, Verdict: verdict, Subject: u.ID})
	}
	return out, env.decide(ctx, "quarantine "+verdict, reason, some...)
}

// of gives the picked units.
func (p *Pick) of(all []HeldUnit) ([]HeldUnit, error) {
	if p.All {
		return slices.DeleteFunc(all, func(u HeldUnit) bool { return u.State != HeldOpen || !p.Fits(&u) }), nil
	}
	var out []HeldUnit
	for _, id := range p.IDs {
		i := slices.IndexFunc(all, func(u HeldUnit) bool { return u.ID == id })
		if i < 0 {
			return nil, refused("no unit is called %q: revcycle quarantine ls lists them", id)
		}
		out = append(out, all[i])
	}
	return out, nil
}

// Fits reports whether a unit has the pick's code and is of its file.
func (p *Pick) Fits(u *HeldUnit) bool {
	if p.Code != "" && p.Code != u.Code {
		return false
	}
	if p.File == "" || p.File == u.File {
		return true
	}
	whole, _ := path.Match(p.File, u.File)
	last, _ := path.Match(p.File, path.Base(u.File))
	return whole || last
}

// releasedPrefix begins the names under which a batch lists what people released: "quarantine:<unit>/<file>".
const releasedPrefix = "quarantine:"

// place is where a single document stands that was released by itself; the rest of its set, or of its table, was read before.
type place struct {
	Document int   // ordinal of its CLM or CLP in its set; 0 for a segment
	Byte     int64 // where the segment, or the row, begins
	Row      int   // of a CSV file
}

// has reports whether a document of a set is the one that was released.
func (p *place) has(it *parsers.Item) bool {
	if p == nil {
		return true
	}
	if p.Document > 0 {
		return it.Sighting.Ordinal == p.Document
	}
	r, bad := it.Document.(claim.Reject)
	return bad && r.Byte == p.Byte
}

// hasRow reports whether a document of a table is the one that was released.
func (p *place) hasRow(it *csv.Item) bool {
	if p == nil {
		return true
	}
	r, bad := it.Doc.(claim.Reject)
	return it.Row == p.Row || bad && r.Ordinal == p.Row
}

// chunks leaves the one that the document stands in.
func (p *place) chunks(all []parsers.Chunk) []parsers.Chunk {
	for i := range all {
		c := &all[i]
		last := i == len(all)-1
		if p.Document > 0 && p.Document >= c.First && (last || p.Document < all[i+1].First) || p.Document == 0 && p.Byte >= c.Own.From && p.Byte < c.Own.To {
			return all[i : i+1]
		}
	}
	return nil
}

// released gives what people released behind a batch, as files of the batch that follows. Each is looked through anew.
func (env *Env) released(ctx context.Context, after int64, how agreements) ([]*received, error) {
	decisions, err := ledger.Standing(ctx, env.Store, ledger.OfQuarantine, after+1)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, d := range decisions {
		if _, err := claim.ParseID(d.Subject); err != nil && d.After == after && d.Verdict == ledger.Release {
			wanted[d.Subject] = true
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	reasons, err := env.Workspace.Quarantined()
	if err != nil {
		return nil, err
	}
	together := map[string][]*received{} // those of one batch may be companions
	for i := range reasons {
		r := &reasons[i]
		if !wanted[r.ID] {
			continue
		}
		delete(wanted, r.ID)
		files, err := env.takeAgain(r, how)
		if err != nil {
			return nil, fmt.Errorf("released unit %s: %w; drop it where its bytes are lost: revcycle quarantine drop", r.ID, err)
		}
		together[r.Batch] = append(together[r.Batch], files...)
	}
	for id := range wanted {
		return nil, fmt.Errorf("released unit %s: quarantine/ no longer holds it; drop it: revcycle quarantine drop", id)
	}
	var out []*received
	for _, files := range together {
		ready, waiting := pairUp(files, how.profiles)
		for _, h := range waiting {
			h.file.Refused = "COMPANION: " + h.why
			ready = append(ready, h.file)
		}
		out = append(out, ready...)
	}
	for _, f := range out {
		f.Name = releasedPrefix + f.Released + "/" + f.Name
	}
	return out, nil
}

// takeAgain looks a held unit through as if it had come today.
func (env *Env) takeAgain(r *workspace.Reason, how agreements) ([]*received, error) {
	o, err := env.Workspace.OpenArchived(r.SHA256)
	if err != nil {
		return nil, err
	}
	arc := workspace.Archived{SHA256: r.SHA256, Size: o.Size()}
	if err := o.Close(); err != nil {
		return nil, err
	}
	file := r.File
	if _, rest, again := cutReleased(file); again {
		file = rest
	}
	outer, _, packed := cutPacked(file)
	members, err := env.Workspace.Unpack(outer, arc) // a file that was refused for how it was packed
	if err != nil {
		return nil, err
	}
	if members == nil {
		members = []workspace.Member{{Name: file, Archived: arc}}
	} else if packed {
		members = slices.DeleteFunc(members, func(m workspace.Member) bool { return m.Name != file })
	}
	var out []*received
	for _, m := range members {
		f := &received{Name: m.Name, SHA: r.SHA256, Bytes: arc.Size, Kind: parsers.Unknown, Refused: m.Refused}
		if m.Refused == "" {
			if f, err = env.scan(m, how); err != nil {
				return nil, err
			}
			if err := env.narrow(f, r); err != nil {
				return nil, err
			}
		}
		f.Released = r.ID
		out = append(out, f)
	}
	return out, nil
}

// cutReleased takes the unit from the name of what was released.
func cutReleased(name string) (unit, file string, ok bool) {
	if len(name) < len(releasedPrefix) || name[:len(releasedPrefix)] != releasedPrefix {
		return "", name, false
	}
	for i := len(releasedPrefix); i < len(name); i++ {
		if name[i] == '/' {
			return name[len(releasedPrefix):i], name[i+1:], true
		}
	}
	return "", name, false
}

// narrow leaves of a file that was looked through the part that was released, and takes away what a person may accept.
func (env *Env) narrow(f *received, r *workspace.Reason) error {
	l := f.Layout
	switch {
	case l == nil && r.Unit == "row":
		f.Only = &place{Row: r.Ordinal}
		return nil
	case l == nil || f.Refused != "":
		return nil
	case r.Set == 0: // a file: its sound sets were read when it came
		l.Sets = slices.DeleteFunc(l.Sets, func(s parsers.Set) bool { return s.Held == "" && s.Refused == "" })
	default:
		l.Held = ""
		l.Sets = slices.DeleteFunc(l.Sets, func(s parsers.Set) bool { return s.Ordinal != r.Set })
		if len(l.Sets) == 0 {
			f.Refused = fmt.Sprintf("GONE: today the file is read without a set %d", r.Set)
			return nil
		}
	}
	l.Claims, l.Remits, l.Charge, l.Paid, l.Faults = 0, 0, 0, 0, nil
	for i := range l.Sets {
		s := &l.Sets[i]
		if code, _ := codeIn(s.Held); parsers.Acceptable(code) {
			s.Held = ""
		}
		if r.Unit == "claim" || r.Unit == "segment" {
			f.Only = &place{Document: r.Document, Byte: r.Byte}
			s.Verdicts = nil // a person takes it in spite of them
			if err := env.count(f, s); err != nil {
				return err
			}
		}
		l.Claims, l.Remits, l.Charge, l.Paid = l.Claims+s.Claims, l.Remits+s.Remits, l.Charge+s.Charge, l.Paid+s.Paid
	}
	return nil
}

// count makes the totals of a set those of the one document that was released.
func (env *Env) count(f *received, s *parsers.Set) error {
	s.Chunks = f.Only.chunks(s.Chunks)
	s.Claims, s.Remits, s.Charge, s.Paid = 0, 0, 0, 0
	o, err := env.Workspace.OpenArchived(f.SHA)
	if err != nil {
		return err
	}
	defer o.Close()
	found := false
	for _, c := range s.Chunks {
		for it, err := range parsers.ReadChunk(s, c, o, f.SHA) {
			if err != nil {
				return fmt.Errorf("%s: %w", f.Name, err)
			}
			if !f.Only.has(&it) {
				continue
			}
			if found = true; f.Only.Document > 0 && s.Kind == parsers.Remittance {
				s.Remits = 1
			} else if f.Only.Document > 0 {
				s.Claims = 1
			}
			switch d := it.Document.(type) {
			case claim.Claim:
				s.Charge = d.Charge
			case claim.Remit:
				s.Charge, s.Paid = d.Charge, d.Paid
			}
		}
	}
	if !found && f.Only.Document > 0 {
		f.Refused = fmt.Sprintf("GONE: today set %d is read without a document %d", s.Ordinal, f.Only.Document)
	}
	return nil
}

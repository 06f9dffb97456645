package pipeline

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/parsers"
	"revcycle/parsers/set"
	"revcycle/parsers/x12"
	"revcycle/workspace"
)

// apartPerUnit is how many documents of one unit of ingest are laid in quarantine/. The ledger names
// every one, and the archive keeps the bytes of all.
const apartPerUnit = 100

// unread is a document of a set that could not be read.
type unread struct {
	claim.Reject
	document int          // ordinal of its CLM or CLP in the set; 0 where it is no claim
	charge   *money.Cents // where it could be read
}

// setApart lays claims, remits and segments of a chunk that could not be read in quarantine/, each by
// itself, with its sentence. What stands around them has been read.
func (env *Env) setApart(w *write, c chunkOf, rejects []unread) error {
	if len(rejects) == 0 {
		return nil
	}
	rejects = rejects[:min(len(rejects), apartPerUnit)]
	o, err := env.Workspace.OpenArchived(c.file.SHA)
	if err != nil {
		return err
	}
	defer o.Close()
	places, err := extents(o, *c.chunk, c.set.Kind == parsers.Remittance, rejects)
	if err != nil {
		return fmt.Errorf("%s: %w", c.file.Name, err)
	}
	for i := range rejects {
		at := places[i]
		if rejects[i].Unit == "set" || at.to <= at.from {
			at = extent{c.set.From, c.set.To}
		}
		if err := env.setOneApart(w, c.file, c.set.Ordinal, &rejects[i], at); err != nil {
			return err
		}
	}
	return nil
}

func (env *Env) setOneApart(w *write, f *received, set int, r *unread, at extent) error {
	reason := workspace.Reason{ID: quarantineID(env.Batch.ID, f.Name+"#"+r.ID.String()), Batch: env.Batch.ID, File: f.Name, SHA256: f.SHA,
		Unit: r.Unit, Set: set, Ordinal: r.Ordinal, Byte: r.Byte, Code: r.Code, Message: placed(&r.Reject), Advice: holdAdvice, Document: r.document, Was: f.Released}
	if r.Unit == "claim" {
		reason.Claims, reason.Charge = 1, r.charge
	}
	w.tally.Quarantined++
	return env.quarantine(reason, f, at.from, at.to)
}

// placed is a reject's sentence with its place. Rows carry theirs in the sentence.
func placed(r *claim.Reject) string {
	if r.Unit == "row" || r.Ordinal == 0 {
		return r.Message
	}
	return fmt.Sprintf("%s (%s, segment %d, byte %d)", r.Message, cmp.Or(r.Element, r.Segment, "no ID"), r.Ordinal, r.Byte)
}

// extent is a run of bytes of a file.
type extent struct{ from, to int64 }

// extents finds, for each reject of a chunk, where the claim or segment that it speaks of begins and
// ends. A reject without a place gets none.
func extents(file io.ReaderAt, c set.Chunk, remits bool, rejects []unread) ([]extent, error) {
	out := make([]extent, len(rejects))
	src := set.NewSource(file, c)
	before := src.Context()
	opens, document := int64(-1), int64(-1) // where the segment at hand begins, and the claim
	ordinal := c.First - 1                  // of the claim
	boundary := func(at int64, id string) {
		for i := range rejects {
			r, e := &rejects[i], &out[i]
			switch {
			case r.Unit == "claim" && document >= 0 && endsDocument(id, remits) && r.document == ordinal:
				*e = extent{document, at}
			case r.Unit == "segment" && r.Byte == opens:
				*e = extent{opens, at}
			}
		}
		if endsDocument(id, remits) {
			document = -1
		}
		if id == "CLM" && !remits || id == "CLP" && remits {
			document = at
			ordinal++
		}
		opens = at
	}
	in := x12.NewReader(src)
	for {
		s, err := in.Read()
		if errors.Is(err, io.EOF) {
			boundary(c.Own.To, "SE")
			return out, nil
		}
		id, at, n := "", int64(0), 0
		if bad, ok := errors.AsType[*x12.SyntaxError](err); ok && !bad.Fatal {
			id, at, n = bad.ID, bad.Byte, bad.Segment
		} else if err != nil {
			boundary(c.Own.To, "SE")
			return out, nil // the chunk's parser has told of it
		} else {
			id, at, n = string(s.ID()), s.Byte, s.Ordinal
		}
		_, at = src.Position(n, at)
		if n > before {
			boundary(at, id)
		}
	}
}

// endsDocument reports whether a segment stands behind the claim, or the remit, before it.
func endsDocument(id string, remits bool) bool {
	switch id {
	case "SE":
		return true
	case "CLM", "HL":
		return !remits
	case "CLP", "LX", "PLB":
		return remits
	}
	return false
}

// maxRowBytes bounds what is copied of one row of a CSV file.
const maxRowBytes = 1 << 20

// rowExtent gives a row of a CSV file from its first byte through its line end, line ends in quotes
// passed over.
func rowExtent(file io.ReaderAt, from, size int64) extent {
	in := bufio.NewReader(io.NewSectionReader(file, from, min(maxRowBytes, size-from)))
	first, quoted := int64(0), false
	for n := int64(1); ; n++ {
		ch, err := in.ReadByte()
		switch {
		case err != nil && quoted && first > 0:
			return extent{from, from + first} // the quotes never close: the line alone
		case err != nil:
			return extent{from, from + n - 1}
		case ch == '"':
			quoted = !quoted
		case ch == '\n' && !quoted:
			return extent{from, from + n}
		case ch == '\n' && first == 0:
			first = n
		}
	}
}

// firstReject gives the sentence of the first part of a file that could not be read, and how many
// there are.
func (env *Env) firstReject(ctx context.Context, f *received) (why string, n int, err error) {
	var all []claim.Reject
	sets := map[claim.ID]int64{}
	t := ledger.Rejects
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: t, Where: []ledger.Cond{ledger.OfBatch(env.Batch.No), ledger.Named("name", f.Name)}}) {
		if err != nil {
			return "", 0, err
		}
		r := claim.Reject{ID: row[0].ID(), Unit: row[t.At("unit")].Text(), Segment: row[t.At("segment")].Text(), Element: row[t.At("element")].Text(),
			Ordinal: int(row[t.At("ordinal")].Int()), Byte: row[t.At("byte")].Int(), Message: row[t.At("message")].Text()}
		sets[r.ID] = row[t.At("set")].Int()
		all = append(all, r)
	}
	if len(all) == 0 {
		return "", 0, nil
	}
	first := slices.MinFunc(all, func(a, b claim.Reject) int {
		return cmp.Or(cmp.Compare(a.Byte, b.Byte), cmp.Compare(a.Ordinal, b.Ordinal), a.ID.Compare(b.ID))
	})
	why = placed(&first)
	if s := sets[first.ID]; s > 0 {
		why = fmt.Sprintf("set %d: %s", s, why)
	}
	return why, len(all), nil
}

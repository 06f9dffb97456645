package parsers

import (
	"cmp"
	"io"
	"slices"

	"revcycle/claim"
	"revcycle/parsers/set"
	"revcycle/parsers/x12"
	"revcycle/parsers/x835"
	"revcycle/parsers/x837"
)

// ReadChunk gives the documents of one chunk of a set. R is the whole file, digest goes into the sightings. Several chunks of
// one file may be read at once.
//
// What the partner's policy refuses is said with them: a claim becomes a Reject, a remit and a payment are held with the reason. What its
// agreement lets through is in Item.Tolerated.
func ReadChunk(t *Set, c set.Chunk, r io.ReaderAt, digest claim.Digest) Items {
	var items Items
	if isAckKind(t.Kind) {
		return readAcks(t, c, r, digest)
	}
	if t.Kind == Remittance {
		items = reread(t, x835.ReadChunk(c, r, digest))
	} else {
		items = x837.ReadChunk(c, r, digest)
	}
	if len(t.Verdicts)+len(t.Tolerated) == 0 {
		return items
	}
	return func(yield func(Item, error) bool) {
		j := judging{set: t}
		for it, err := range items {
			if err == nil {
				j.judge(&it)
			}
			if !yield(it, err) {
				return
			}
		}
	}
}

// judging applies the verdicts of a set to its documents as they come.
type judging struct {
	set    *Set
	next   int
	active []*Verdict // whose last document has not come yet
}

// judge applies what was said of one document.
func (j *judging) judge(it *Item) {
	n := it.Sighting.Ordinal
	switch it.Document.(type) {
	case claim.Claim, claim.Remit:
	case claim.Payment:
		n = 0
		j.next, j.active = 0, nil // it stands behind its remits
	default:
		return
	}
	for ; j.next < len(j.set.Verdicts) && j.set.Verdicts[j.next].First <= n; j.next++ {
		j.active = append(j.active, &j.set.Verdicts[j.next])
	}
	j.active = slices.DeleteFunc(j.active, func(v *Verdict) bool { return v.Last < n })
	it.Tolerated = append(it.Tolerated, j.set.Tolerated...)
	for _, v := range j.active {
		if _, refused := it.Document.(claim.Reject); refused {
			return
		}
		if v.Tolerated != "" {
			if !slices.Contains(it.Tolerated, v.Tolerated) {
				it.Tolerated = append(it.Tolerated, v.Tolerated)
			}
			continue
		}
		j.refuse(it, v)
	}
}

// refuse keeps a document from being taken, unless it is so already.
func (j *judging) refuse(it *Item, v *Verdict) {
	at := set.Trouble{Code: v.Code, Segment: v.Segment, Element: v.Element, Ordinal: v.Ordinal, Byte: v.Byte, Message: v.Message}
	why := v.Code + ": " + v.Message + place(x12.Fault{Segment: v.Segment, Element: v.Element, Ordinal: v.Ordinal, Byte: v.Byte})
	switch d := it.Document.(type) {
	case claim.Claim:
		it.Charge = &d.Charge
		it.Document, it.Tolerated = at.Reject(it.Sighting, "claim"), nil
	case claim.Remit:
		it.Held = cmp.Or(it.Held, why)
	case claim.Payment:
		d.Held = cmp.Or(d.Held, why)
		it.Document = d
	}
}

package set

import (
	"revcycle/claim"
	"revcycle/money"
	"revcycle/parsers/x12"
)

// Span is a run of whole segments in a file.
type Span struct {
	From, To int64 // bytes
	Ordinal  int   // of its first segment in the file, from 1
	Segments int   // how many it holds; refused ones are counted
}

// Chunk is a part of one set that can be read by itself: the whole set, or about a megabyte of its claims, cut where a claim
// ends, with the place of what they inherit. It holds no bytes of the file, and can be stored.
type Chunk struct {
	Set     int      // ordinal of the set in the file, from 1
	First   int      // ordinal in the set of the first CLM or CLP, from 1
	Context []Span   // ISA, GS, and behind a cut the set's header and the levels that are open there
	Own     Span     // the chunk's own segments
	More    bool     // the set goes on in the next chunk, so that the last claim here is whole
	Wrapped bool     // the file is broken into lines regardless of segments
	Payment claim.ID // of an 835: known only when the whole set was seen
}

// Item is one document of a set, as a noun or, where it could not be read, as a claim.Reject.
type Item struct {
	// Document is nil where a set ends with faults and no document to put them beside.
	Document claim.Document
	// Sighting gives the set and the ordinal of the document's CLM or CLP in it, rejected ones counted; ordinal 0 for a payment
	// and for a Reject that is no claim.
	Sighting claim.Sighting
	// Faults are what was noticed in the document and in the levels opened for it: segments that no loop takes.
	Faults []x12.Fault
	// Charge is that of a claim that could be read and is a Reject all the same, for its partner's policy; nil for others.
	Charge *money.Cents
	// Held says why a remit that was read may not post, for a reason that does not lie in its sums; "" where there is none.
	Held string
	// Tolerated names what the partner's agreement let through: "ALPHA: SE01_COUNT SE01".
	Tolerated []string
}

// Counts tells where the segments of the sets that were read have gone. Read is the sum of the others.
type Counts struct {
	Read     int // from ST to SE
	Placed   int // in a field, or structure: ST, BHT, HL, LX, SE
	Kept     int // in Kept, under the name of their loop
	Reported int // part of a Reject, or kept without a loop and reported by a Fault
}

// Settle counts a segment and keeps it, or what no field holds of it.
func (c *Counts) Settle(s Segment, h Held, kept *Gather[claim.KeptSegment]) {
	if h != Whole {
		kept.Add(s.Kept())
	}
	switch {
	case h != None:
		c.Placed++
	case s.Loop == "":
		c.Reported++
	default:
		c.Kept++
	}
	c.Read++
}

// Reject makes the Reject of a trouble. Unit is claim, segment or set; the sighting's ordinal is 0 where it is no claim.
func (t Trouble) Reject(at claim.Sighting, unit string) claim.Reject {
	return claim.Reject{ID: claim.RejectID(at, t.Code, t.Ordinal), Code: t.Code, Unit: unit, Segment: t.Segment, Element: t.Element,
		Ordinal: t.Ordinal, Byte: t.Byte, Message: t.Message}
}

// Broken is the trouble of bytes that the reader could not cut into a segment.
func Broken(e *x12.SyntaxError, ordinal int, offset int64) Trouble {
	return Trouble{Code: e.Code, Segment: e.ID, Message: e.Message, Ordinal: ordinal, Byte: offset}
}

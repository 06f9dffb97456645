package x837

import (
	"crypto/sha256"

	"revcycle/claim"
	"revcycle/parsers/set"
)

// The identity of a claim is the hash of its normalised segments (claim.ClaimID). Normalised means:
//
//   - the segments are those of the levels that the claim inherits from (2000A, 2000B, 2000C with the loops in them) and its
//     own, from CLM to the last segment before the next CLM, HL or SE, in the order sent;
//   - each is written with the delimiters * : ^ ~ and without line breaks around it. A byte of the data that is one of these
//     four but was none of the file's delimiters is replaced by a control character, so that it cannot pass for one;
//   - left out are the envelopes (ISA to SE), BHT but for BHT06, the submitter and receiver loops (the submitter's ID is a part
//     of the key by itself), and every HL: its numbers change when files are merged or split, and its level is told by
//     what follows.
//
// So a file that is merged, split, wrapped, sent again or written with other delimiters gives the same claims. A claim in which
// one inherited or own element differs is another claim.
//
// The hash is chained by level. The first digest covers the kind of claim and BHT06 (a charge and a report of the same visit
// are two documents); each level's digest covers the one above, and a claim's covers its lowest level's. A level
// that many claims share is hashed once.

// chain gives the digest of a block below another.
func (p *parser) chain(above claim.Digest, b *set.Block) claim.Digest {
	p.scratch = append(p.scratch[:0], above[:]...)
	from := len(p.scratch)
	p.scratch = append(p.scratch, b.Bytes()...)
	if d := b.Delims(); !set.Standard(d) {
		set.Normalise(p.scratch[from:], d)
	}
	return sha256.Sum256(p.scratch)
}

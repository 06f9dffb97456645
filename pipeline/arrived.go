package pipeline

import (
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
)

// arrivedBytes bounds the documents that are kept from ingest to assess: about 70,000 claims.
const arrivedBytes = 48 << 20

// arrived keeps the documents of the claims that this process has brought into the ledger, so that assess need not
// read them back. Where they are too many it keeps those of the lower IDs.
type arrived struct {
	batch int64
	all   int // claims that came, kept or not
	below uint32
	bytes int
	docs  []arrivedDoc
}

type arrivedDoc struct {
	id  claim.ID
	doc string
}

func prefixOf(id claim.ID) uint32 { return uint32(id[0])<<8 | uint32(id[1]) }

// add notes a new claim of a batch. A worker that has no part in the whole keeps none: its a is nil.
func (a *arrived) add(batch int64, id claim.ID, doc string) {
	if a == nil {
		return
	}
	if a.batch != batch {
		*a = arrived{batch: batch, below: 1 << 16}
	}
	a.all++
	if prefixOf(id) >= a.below {
		return
	}
	a.docs, a.bytes = append(a.docs, arrivedDoc{id, doc}), a.bytes+len(doc)
	for a.bytes > arrivedBytes && a.below > 1 {
		a.below /= 2
		a.docs = slices.DeleteFunc(a.docs, func(d arrivedDoc) bool {
			if prefixOf(d.id) >= a.below {
				a.bytes -= len(d.doc)
				return true
			}
			return false
		})
	}
}

// settle makes ready for questions: n is how many claims the batch brought in all. Where another process
// brought some of them, nothing is kept.
func (a *arrived) settle(batch int64, n int) {
	if a == nil {
		return
	}
	if a.batch != batch || a.all != n {
		*a = arrived{}
		return
	}
	slices.SortFunc(a.docs, func(x, y arrivedDoc) int { return x.id.Compare(y.id) })
}

// within gives the claims of a shard in ID order; ok is false where they must be read from the ledger.
func (a *arrived) within(s shard) (claims []*claim.Claim, ok bool, err error) {
	if a == nil || s.to > a.below {
		return nil, false, nil
	}
	at := func(prefix uint32) int {
		i, _ := slices.BinarySearchFunc(a.docs, prefix, func(d arrivedDoc, p uint32) int { return int(prefixOf(d.id)) - int(p) })
		return i
	}
	docs := a.docs[at(s.from):at(s.to)]
	claims = make([]*claim.Claim, len(docs))
	for i, d := range docs {
		claims[i] = new(claim.Claim)
		if err := ledger.Unmarshal(d.doc, claims[i]); err != nil {
			return nil, false, err
		}
	}
	return claims, true, nil
}

// of gives those of some claims that are kept, and the IDs of the others.
func (a *arrived) of(ids []claim.ID) (claims []*claim.Claim, others []claim.ID, err error) {
	if a == nil {
		return nil, ids, nil
	}
	for _, id := range ids {
		at, ok := slices.BinarySearchFunc(a.docs, id, func(d arrivedDoc, id claim.ID) int { return d.id.Compare(id) })
		if !ok {
			others = append(others, id)
			continue
		}
		c := new(claim.Claim)
		if err := ledger.Unmarshal(a.docs[at].doc, c); err != nil {
			return nil, nil, err
		}
		claims = append(claims, c)
	}
	return claims, others, nil
}

package x12

import (
	"fmt"
	"slices"
	"strings"
)

// Loop is one loop of a guide: the segment that opens it and the segments that may stand in it.
type Loop struct {
	ID       string   // e.g. 2010AA
	Parent   string   // ID of the loop it stands in, several with a slash between (2000B/2000C); empty for the set itself
	Trigger  string   // ID of the segment that opens it, e.g. NM1
	At       int      // element of the trigger that holds the qualifier, from 1; its first component counts
	Codes    []string // qualifiers that open this loop; empty for any
	Repeat   int      // greatest number in its parent; 0 for no limit
	Required bool     // in each parent
	Segments []Use    // the first is the trigger; Compile adds it where it is left out
	Before   int      // how many of the segments stand before the loops in this one, the others behind them; 0 for all
	Elements []Elements
}

// Use is the use of a segment in a loop.
type Use struct {
	ID       string   // e.g. REF
	At       int      // element that holds the qualifier, from 1
	Codes    []string // qualifiers of this use; empty for any
	Required bool     // in each loop
	Repeat   int      // greatest number in the loop; 0 for no limit

	layout *layout // nil without a dictionary
}

// Guide is a table of loops for one kind of set. Compile it once; after that it does not change and any number of
// walkers may use it at once.
type Guide struct {
	ID    string // e.g. 005010X222A1
	Loops []Loop // the first is the set: it is opened by ST and holds what stands before and behind all other loops
	// Dictionary is the standard that the guide narrows; nil for a guide whose elements are not checked.
	Dictionary *Dictionary
	Elements   []Elements // of segments in any loop, before those of the loop itself

	ids      [256]idSlot // segment IDs by hash
	nids     int
	rules    []matcher
	spans    []span  // of rules, by loop*nids + ID
	triggers []span  // of openers, by ID
	openers  []int16 // loops
	dist     []uint8 // steps down from loop to loop, by from*len(Loops)+to; 0 when there is no way
	via      []int16 // the last loop but one on that way
	slots    []int   // number of counters of each loop: its uses, then its children
	required [][]int16
	maxSlots int
}

type idSlot struct {
	key uint32
	n   uint16
}

type span struct{ lo, hi uint16 }

// matcher is one thing that a segment can be inside an open loop: a use of that loop, or the opening of a child.
type matcher struct {
	codes []uint64 // packed; none for any
	use   *Use
	limit uint32 // 0 for none
	slot  int16  // counter in the loop that holds it
	opens int16  // index of the loop, -1 for a use
	at    uint8
	rank  uint8 // place in the order of its loop: what has a lower one comes first
	last  bool  // the SE of a set: it ends every loop
}

// Index gives the place in Loops of the loop with the given ID, -1 when there is none.
func (g *Guide) Index(id string) int {
	return slices.IndexFunc(g.Loops, func(l Loop) bool { return l.ID == id })
}

// Compile checks the table and prepares it for walking. A loop without a parent hangs under the set; where no loop is
// opened by ST, one named ST is put first. It fails naming the loop and what is wrong with it.
func (g *Guide) Compile() error {
	if i := slices.IndexFunc(g.Loops, func(l Loop) bool { return l.Trigger == "ST" }); i < 0 {
		root := Loop{ID: "ST", Trigger: "ST", Required: true, Before: 1, Segments: []Use{{ID: "ST", Required: true, Repeat: 1}, {ID: "SE", Required: true, Repeat: 1}}}
		g.Loops = append([]Loop{root}, g.Loops...)
	} else if i > 0 {
		return fmt.Errorf("x12: guide %s: loop %s is opened by ST and must come first", g.ID, g.Loops[i].ID)
	}
	parents, err := g.parents()
	if err != nil {
		return err
	}
	for i := range g.Loops {
		if err := g.Loops[i].complete(); err != nil {
			return fmt.Errorf("x12: guide %s: %w", g.ID, err)
		}
	}
	if err := g.number(); err != nil {
		return err
	}
	g.match(parents)
	if err := g.lay(); err != nil {
		return err
	}
	return g.measure(parents)
}

// parents resolves the parent of each loop.
func (g *Guide) parents() ([][]int, error) {
	out := make([][]int, len(g.Loops))
	for i := range g.Loops {
		l := &g.Loops[i]
		if j := g.Index(l.ID); j != i {
			return nil, fmt.Errorf("x12: guide %s: loop %s stands twice", g.ID, l.ID)
		}
		switch {
		case i == 0 && l.Parent != "":
			return nil, fmt.Errorf("x12: guide %s: the first loop %s is the set and has no parent", g.ID, l.ID)
		case i == 0:
		case l.Parent == "":
			out[i] = []int{0}
		default:
			for p := range strings.SplitSeq(l.Parent, "/") {
				j := g.Index(p)
				if j < 0 {
					return nil, fmt.Errorf("x12: guide %s: loop %s: no loop %q to stand in", g.ID, l.ID, p)
				}
				out[i] = append(out[i], j)
			}
		}
	}
	return out, nil
}

// complete checks one loop and adds its trigger to its segments.
func (l *Loop) complete() error {
	if l.At == 0 {
		l.At = 1
	}
	if len(l.Segments) == 0 || l.Segments[0].ID != l.Trigger {
		l.Before += min(l.Before, 1)
		l.Segments = append([]Use{{ID: l.Trigger, At: l.At, Codes: l.Codes, Required: true, Repeat: 1}}, l.Segments...)
	}
	check := func(id string, at int, codes []string) error {
		if validID([]byte(id)) == "" {
			return fmt.Errorf("loop %s: %q is no segment ID", l.ID, id)
		}
		if at < 1 || at > 99 {
			return fmt.Errorf("loop %s: %s: no element %d", l.ID, id, at)
		}
		for _, c := range codes {
			if c == "" || len(c) > 8 {
				return fmt.Errorf("loop %s: %s: a qualifier has one to eight bytes, not %q", l.ID, id, c)
			}
		}
		return nil
	}
	for i := range l.Segments {
		u := &l.Segments[i]
		if u.At == 0 {
			u.At = 1
		}
		if err := check(u.ID, u.At, u.Codes); err != nil {
			return err
		}
	}
	return check(l.Trigger, l.At, l.Codes)
}

// number gives each segment ID of the table a small number.
func (g *Guide) number() error {
	g.nids, g.ids = 0, [256]idSlot{}
	for i := range g.Loops {
		for j := range g.Loops[i].Segments {
			key := packID([]byte(g.Loops[i].Segments[j].ID))
			h := hashID(key)
			for g.ids[h].key != 0 && g.ids[h].key != key {
				h = (h + 1) % uint32(len(g.ids))
			}
			if g.ids[h].key == 0 {
				if g.nids == len(g.ids)/2 {
					return fmt.Errorf("x12: guide %s: more than %d segment IDs", g.ID, g.nids)
				}
				g.ids[h] = idSlot{key, uint16(g.nids)}
				g.nids++
			}
		}
	}
	return nil
}

// match lists, for each loop and segment ID, what the segment can be there: uses first, then children.
func (g *Guide) match(parents [][]int) {
	g.rules, g.spans = nil, make([]span, len(g.Loops)*g.nids)
	g.slots, g.required = make([]int, len(g.Loops)), make([][]int16, len(g.Loops))
	for i := range g.Loops {
		byID := make([][]matcher, g.nids)
		slot, rank, before := 0, 0, ""
		add := func(u *Use, limit, opens int, at int, codes []string, required bool) {
			// Segments of one ID in a row, and loops opened by one, may stand in any order: the standard has one place for them.
			if key := fmt.Sprint(u.ID, opens < 0); key != before {
				rank, before = rank+1, key
			}
			m := matcher{use: u, limit: uint32(limit), slot: int16(slot), opens: int16(opens), at: uint8(at), rank: uint8(rank), last: opens < 0 && u.ID == "SE"}
			for _, c := range codes {
				m.codes = append(m.codes, packCode([]byte(c)))
			}
			n := g.id(packID([]byte(u.ID)))
			byID[n] = append(byID[n], m)
			if required {
				g.required[i] = append(g.required[i], int16(slot))
			}
			slot++
		}
		slot = 1 // the trigger has been seen when the loop is open
		uses := g.Loops[i].Segments
		behind := len(uses)
		if g.Loops[i].Before > 0 {
			behind = g.Loops[i].Before
		}
		for j := 1; j < behind; j++ {
			add(&uses[j], uses[j].Repeat, -1, uses[j].At, uses[j].Codes, uses[j].Required)
		}
		for c := range g.Loops {
			if l := &g.Loops[c]; slices.Contains(parents[c], i) {
				add(&l.Segments[0], l.Repeat, c, l.At, l.Codes, l.Required)
			}
		}
		for j := behind; j < len(uses); j++ {
			add(&uses[j], uses[j].Repeat, -1, uses[j].At, uses[j].Codes, uses[j].Required)
		}
		g.slots[i] = slot
		g.maxSlots = max(g.maxSlots, slot)
		for n, ms := range byID {
			// Uses and openings that name their qualifiers are tried before those that take any.
			slices.SortStableFunc(ms, func(a, b matcher) int { return min(1, len(b.codes)) - min(1, len(a.codes)) })
			g.spans[i*g.nids+n] = span{uint16(len(g.rules)), uint16(len(g.rules) + len(ms))}
			g.rules = append(g.rules, ms...)
		}
	}
	g.triggers = make([]span, g.nids)
	for n := range g.triggers {
		lo := len(g.openers)
		for c := 1; c < len(g.Loops); c++ {
			if g.id(packID([]byte(g.Loops[c].Trigger))) == n {
				g.openers = append(g.openers, int16(c))
			}
		}
		g.triggers[n] = span{uint16(lo), uint16(len(g.openers))}
	}
}

// measure finds the shortest way down from each loop to each other, and refuses loops that stand in themselves.
func (g *Guide) measure(parents [][]int) error {
	n := len(g.Loops)
	if n > 250 {
		return fmt.Errorf("x12: guide %s: %d loops are too many", g.ID, n)
	}
	g.dist, g.via = make([]uint8, n*n), make([]int16, n*n)
	for round := 1; round <= n; round++ {
		for c := range n {
			for _, p := range parents[c] {
				for from := range n {
					if from == p && round == 1 {
						g.dist[from*n+c], g.via[from*n+c] = 1, int16(p)
					}
					if d := g.dist[from*n+p]; d == uint8(round-1) && round > 1 && g.dist[from*n+c] == 0 {
						g.dist[from*n+c], g.via[from*n+c] = uint8(round), int16(p)
					}
				}
			}
		}
	}
	for i := range n {
		if g.dist[i*n+i] != 0 {
			return fmt.Errorf("x12: guide %s: loop %s stands in itself", g.ID, g.Loops[i].ID)
		}
		if i > 0 && g.dist[i] == 0 {
			return fmt.Errorf("x12: guide %s: loop %s cannot be reached from the set", g.ID, g.Loops[i].ID)
		}
	}
	return nil
}

// id gives the number of a packed segment ID, -1 when the table does not know it.
func (g *Guide) id(key uint32) int {
	h := hashID(key)
	for {
		s := &g.ids[h]
		if s.key == key {
			return int(s.n)
		}
		if s.key == 0 {
			return -1
		}
		h = (h + 1) % uint32(len(g.ids))
	}
}

// packID packs a segment ID of two or three bytes; others give a key that no table holds.
func packID(b []byte) uint32 {
	switch len(b) {
	case 2:
		return uint32(b[0])<<8 | uint32(b[1])
	case 3:
		return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
	}
	return 1 << 31
}

func hashID(key uint32) uint32 { return key * 0x9e3779b1 >> 24 }

// packCode packs a qualifier of up to eight bytes; a longer or empty one gives 0, which no table holds.
func packCode(b []byte) uint64 {
	if len(b) > 8 {
		return 0
	}
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

// code packs the first component of the first repetition of element i like packCode.
func (s *Segment) code(i int) uint64 {
	var v uint64
	for n, c := range s.Elem(i) {
		if c == s.d.Component || c == s.d.Repetition && c != 0 {
			break
		}
		if n == 8 {
			return 0
		}
		v = v<<8 | uint64(c)
	}
	return v
}

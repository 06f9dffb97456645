package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"revcycle/claim"
)

// VersionState says whether a version of a claim still asks for money.
type VersionState string

// The states of a version.
const (
	Current    VersionState = "current"
	Superseded VersionState = "superseded" // a later version stands in its place
	Void       VersionState = "void"       // withdrawn, or itself the withdrawal
)

// Version is a claim's place among the versions of what it bills.
type Version struct {
	Claim  claim.ID
	Root   claim.ID // the first version's ID
	Number int      // from 1
	State  VersionState
	By     claim.ID // the version that took its place; zero for the last
}

// Versions groups claims into versions of one bill and orders them. A replacement or void (frequency 7,
// 8) belongs to the claim whose payer control number its REF*F8 names, else to the one with its control
// number and billing provider, the same patient's before another's. An original sent again for the same patient and day
// is a version too. Interim bills (2, 3, 4) are each a bill of their own. The result is in the order of
// roots by ID, then of numbers, whatever the order of cs.
func Versions(cs []Candidate) []Version {
	cs = slices.Clone(cs)
	slices.SortFunc(cs, func(a, b Candidate) int { return compareVersion(a.Claim, b.Claim) })
	cs = slices.CompactFunc(cs, func(a, b Candidate) bool { return a.Claim.ID == b.Claim.ID })
	roots := make([]int, len(cs))
	sharing := map[string][]int{} // the claims before this one, by control number
	for i := range cs {
		roots[i] = i
		control := strings.TrimSpace(cs[i].Claim.Control)
		if at := predecessor(cs, i, sharing[control]); at >= 0 {
			roots[i] = roots[at]
		}
		sharing[control] = append(sharing[control], i)
	}
	chains := map[int][]int{}
	for i, root := range roots {
		chains[root] = append(chains[root], i)
	}
	var out []Version
	for root, chain := range chains {
		out = append(out, states(cs, root, chain)...)
	}
	slices.SortFunc(out, func(a, b Version) int { return cmp.Or(a.Root.Compare(b.Root), cmp.Compare(a.Number, b.Number)) })
	return out
}

// states says what became of each version of a chain, which is in order.
func states(cs []Candidate, root int, chain []int) []Version {
	out := make([]Version, len(chain))
	last := cs[chain[len(chain)-1]].Claim
	for n, i := range chain {
		v := Version{Claim: cs[i].Claim.ID, Root: cs[root].Claim.ID, Number: n + 1, State: Superseded}
		if n+1 < len(chain) {
			v.By = cs[chain[n+1]].Claim.ID
		}
		switch {
		case cs[i].Claim.Void() || last.Void():
			v.State = Void
		case n == len(chain)-1:
			v.State = Current
		}
		out[n] = v
	}
	return out
}

// predecessor is the earlier claim that claim i is a version of; -1 for a bill of its own. sharing are the earlier ones
// that share its control number.
func predecessor(cs []Candidate, i int, sharing []int) int {
	c := cs[i].Claim
	if number := c.Reference("F8"); c.Replaces() && number != "" {
		for k := range cs {
			if k < i && slices.Contains(cs[k].PayerControls, number) {
				return k
			}
		}
	}
	found, best := -1, -1
	for _, k := range sharing {
		if a := cs[k].Claim; sameControl(a, c) && (c.Replaces() || sameBill(a, c)) {
			if n := nearness(a, c); n >= best {
				found, best = k, n
			}
		}
	}
	return found
}

// nearness ranks the claims that a replacement may replace: the same patient's first, then the same
// span of service, then one that is no interim bill.
func nearness(a, b *claim.Claim) (n int) {
	if samePatient(a, b) {
		n += 4
	}
	from, to := a.Service()
	againFrom, againTo := b.Service()
	if from == againFrom && to == againTo {
		n += 2
	}
	switch a.Frequency {
	case "2", "3", "4":
	default:
		n++
	}
	return n
}

func sameControl(a, b *claim.Claim) bool {
	return strings.TrimSpace(a.Control) == strings.TrimSpace(b.Control) && a.Billing.Key() == b.Billing.Key()
}

// sameBill reports whether b bills again what a billed: the same patient, and for two originals the same day.
func sameBill(a, b *claim.Claim) bool {
	if !samePatient(a, b) {
		return false
	}
	if b.Replaces() || a.Replaces() {
		return true
	}
	from, _ := a.Service()
	again, _ := b.Service()
	return from == again && a.Frequency == b.Frequency
}

func samePatient(a, b *claim.Claim) bool {
	return a.Patient.Key() == b.Patient.Key() || a.Subscriber.Key() == b.Subscriber.Key()
}

// sameRoot reports whether two claims are versions of one bill as far as their own fields tell.
func sameRoot(a, b *claim.Claim) bool {
	return a.ID == b.ID || sameControl(a, b) && sameBill(a, b)
}

// compareVersion orders versions: those that replace nothing first, then as they were made, then by ID.
func compareVersion(a, b *claim.Claim) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Created, b.Created), a.ID.Compare(b.ID))
}

func rank(c *claim.Claim) int {
	if c.Replaces() {
		return 1
	}
	return 0
}

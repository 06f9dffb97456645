// Package x835 reads 835 remittances as [claim.Remit] and [claim.Payment]: 005010X221A1, and 4010 by the same table.
//
// A set gives its remits in the order of their CLPs and then its payment, whose totals are known only then. The payment's ID, which
// every remit bears, is computed beforehand: by a [Tally] that saw the whole set, in parsers.Scan or in [Read]. Memory does not
// depend on the number of remits, except for a payment of nothing (BPR04 = NON), whose claims are part of its identity.
//
// Nothing is judged but the sum of the set: a remit that does not balance is given as it is (claim.Remit.Imbalance), a set
// that does not tie gives its payment with Held filled. An amount that is no amount makes its remit a [claim.Reject].
//
// To read an element that is only kept today: give it a field in claim and fill it in the function named for its loop.
package x835

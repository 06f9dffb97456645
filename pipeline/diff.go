package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
)

// movesShown is how many claims Changes lists one by one: those whose expected amount moved most.
const movesShown = 20

// Changes is what changed in the ledger between two batches: opinions as of the one beside opinions as of the other,
// whichever batch they are from, and what was posted in between.
type Changes struct {
	From BatchMark `json:"from"`
	To   BatchMark `json:"to"`

	Judged   int            `json:"judged"` // claims with an opinion made in between
	Moved    int            `json:"moved"`  // of these, those that had another before: another amount, reason, contract or finding
	Came     int            `json:"came"`   // of these, those that had none before
	Expected Movement       `json:"expected"`
	Payers   []PayerMove    `json:"by_payer"`    // every payer; the sums are those of Expected
	Terms    []ContractMove `json:"by_contract"` // of the claims that moved or came
	Rules    []RuleMove     `json:"by_rule"`     // of the claims that moved or came
	Claims   []ClaimMove    `json:"claims"`      // those that moved most, by dollars

	Payment  PaymentMove `json:"payment"`
	Denials  DenialMove  `json:"denials"`
	Postings []CauseMove `json:"postings"`
	Posted   Posted      `json:"posted"`
}

// BatchMark says up to which batch the ledger is seen.
type BatchMark struct {
	Batch   string       `json:"batch"` // "" for a rerun that was only tried
	AsOf    civil.Date   `json:"as_of"`
	Edition claim.Digest `json:"edition"`
}

// Movement is a sum of expected amounts before and after. Claims without one are counted apart.
type Movement struct {
	Before         money.Cents `json:"before"`
	After          money.Cents `json:"after"`
	Difference     money.Cents `json:"difference"`
	UnpricedBefore int         `json:"unpriced_before"`
	UnpricedAfter  int         `json:"unpriced_after"`
}

// PayerMove is the movement of one payer's claims.
type PayerMove struct {
	Payer  string `json:"payer_id"`
	Claims int    `json:"claims"` // with an opinion as of the later batch
	Moved  int    `json:"moved"`
	Came   int    `json:"came"`
	Movement
}

// ContractMove is the movement of the claims that moved or came, by the contract that priced them.
type ContractMove struct {
	Payer    string `json:"payer_id"`
	Contract string `json:"contract_id"` // "" for claims without a price
	Claims   int    `json:"claims"`
	Movement
}

// RuleMove counts the findings of a rule that were gained or lost.
type RuleMove struct {
	Payer  string `json:"payer_id"`
	Rule   string `json:"rule"`
	Gained int    `json:"gained"`
	Lost   int    `json:"lost"`
}

// ClaimMove is one claim whose opinion moved.
type ClaimMove struct {
	Claim      claim.ID     `json:"claim_id"`
	Control    string       `json:"patient_control_number"`
	Payer      string       `json:"payer_id"`
	Charge     money.Cents  `json:"total_charge"`
	Before     *money.Cents `json:"before"` // null where it had no price
	After      *money.Cents `json:"after"`
	Difference money.Cents  `json:"difference"` // an unknown amount counts as none
	Gained     []string     `json:"gained"`     // rules
	Lost       []string     `json:"lost"`
	Why        string       `json:"why"` // for which it has no price now
}

// PaymentMove is how claims stand with their payers: counts of claims, and dollars allowed below or above what was expected.
type PaymentMove struct {
	State     int         `json:"state_changed"`
	Variance  int         `json:"variance_changed"`
	Underpaid CountAmount `json:"underpaid"`
	Overpaid  CountAmount `json:"overpaid"`
}

// CountAmount is a number and dollars before and after.
type CountAmount struct {
	CountBefore int         `json:"count_before"`
	CountAfter  int         `json:"count_after"`
	Before      money.Cents `json:"before"`
	After       money.Cents `json:"after"`
}

// DenialMove counts the denials that were opened and closed.
type DenialMove struct {
	Opened       int         `json:"opened"`
	OpenedDenied money.Cents `json:"opened_denied"`
	Closed       int         `json:"closed"`
	ClosedDenied money.Cents `json:"closed_denied"`
	Recovered    money.Cents `json:"recovered"` // on those that were closed
}

// CauseMove is what was posted of one cause.
type CauseMove struct {
	Cause   string      `json:"cause"` // bill, void, payment, remit
	Entries int         `json:"entries"`
	Amount  money.Cents `json:"amount"` // Σ of their moves
	Back    int         `json:"taken_back"`
	BackSum money.Cents `json:"taken_back_amount"`
}

// Posted is what postings moved in all, in the words of a run's totals.
type Posted struct {
	Charged     money.Cents `json:"charged"`
	Paid        money.Cents `json:"paid"`
	Contractual money.Cents `json:"contractual"`
	Patient     money.Cents `json:"patient"`
	Other       money.Cents `json:"other"`
	Open        money.Cents `json:"open"`
	Unapplied   money.Cents `json:"unapplied"`
}

// Diff tells what changed between two batches, the earlier one first.
func (env *Env) Diff(ctx context.Context, from, to string) (Changes, error) {
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return Changes{}, err
	}
	find := func(id string) (Batch, error) {
		for _, b := range all {
			if b.ID == id {
				return b.Batch, nil
			}
		}
		return Batch{}, fmt.Errorf("%w: no batch is called %q: revcycle batches lists them", ErrUsage, id)
	}
	a, err := find(from)
	if err != nil {
		return Changes{}, err
	}
	b, err := find(to)
	if err != nil {
		return Changes{}, err
	}
	if b.No < a.No {
		return Changes{}, fmt.Errorf("%w: batch %s is later than %s: name the earlier one first", ErrUsage, from, to)
	}
	return changesBetween(ctx, env.Store, a, b)
}

// between is the condition that a row was made after a batch, up to another.
func between(a, b Batch) []ledger.Cond {
	return []ledger.Cond{{Column: "batch", Op: ledger.AtLeast, Values: []ledger.Value{ledger.Int(a.No + 1)}},
		{Column: "batch", Op: ledger.Below, Values: []ledger.Value{ledger.Int(b.No + 1)}}}
}

func changesBetween(ctx context.Context, s ledger.Store, a, b Batch) (Changes, error) {
	mark := func(b Batch) BatchMark { return BatchMark{b.ID, b.AsOf, b.Edition} }
	c := Changes{From: mark(a), To: mark(b), Postings: []CauseMove{}}
	o := newOpinionDiff(s, a.No, b.No)
	if err := o.read(ctx, &c); err != nil {
		return c, err
	}
	if err := paymentsMoved(ctx, s, a.No, b.No, &c.Payment); err != nil {
		return c, err
	}
	if err := denialsMoved(ctx, s, a.No, b.No, &c.Denials); err != nil {
		return c, err
	}
	if err := postedBetween(ctx, s, between(a, b), &c); err != nil {
		return c, err
	}
	return c, nil
}

// postedBetween sums the postings that meet some conditions by cause, what took others back apart.
func postedBetween(ctx context.Context, s ledger.Store, where []ledger.Cond, c *Changes) error {
	m, err := movedBy(ctx, s, where...)
	if err != nil {
		return err
	}
	t := m.totals(Tally{}, 0)
	c.Posted = Posted{t.Charged, t.Paid, t.Contractual, t.Patient, t.Other, t.Open, t.Unapplied}
	byCause := map[string]*CauseMove{}
	for _, back := range []bool{false, true} {
		op := ledger.IsNull
		if back {
			op = ledger.NotNull
		}
		own := append(append([]ledger.Cond(nil), where...), ledger.Cond{Column: "reverses", Op: op})
		sums, err := s.Sums(ctx, ledger.Query{Table: ledger.Postings, Where: own}, []string{"cause"}, []string{"amount"})
		if err != nil {
			return err
		}
		first := ledger.Cond{Column: "move", Op: ledger.In, Values: []ledger.Value{ledger.Int(1)}}
		entries, err := s.Sums(ctx, ledger.Query{Table: ledger.Postings, Where: append(own, first)}, []string{"cause"}, nil)
		if err != nil {
			return err
		}
		of := func(cause string) *CauseMove {
			if byCause[cause] == nil {
				byCause[cause] = &CauseMove{Cause: cause}
			}
			return byCause[cause]
		}
		for _, r := range sums {
			x := of(r[0].Text())
			if back {
				x.BackSum = r[2].Cents()
			} else {
				x.Amount = r[2].Cents()
			}
		}
		for _, r := range entries {
			x := of(r[0].Text())
			if back {
				x.Back = int(r[1].Int())
			} else {
				x.Entries = int(r[1].Int())
			}
		}
	}
	for _, cause := range slices.Sorted(maps.Keys(byCause)) {
		c.Postings = append(c.Postings, *byCause[cause])
	}
	return nil
}

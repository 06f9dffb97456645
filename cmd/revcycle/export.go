package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/pipeline"
)

func (a *app) exportCommand() *cobra.Command {
	var tabs bool
	c := &cobra.Command{
		Use:   "export JOURNAL|REMITS",
		Short: "the journal for hledger, or every remit seen with its state",
		Long: "export prints to stdout. JOURNAL is every entry in the form that hledger reads, by posting date. REMITS is every CLP\n" +
			"of every 835 received, duplicates and held ones too, with the claim it answers, how it was matched and its state." + exits(0, 1, 2),
		Example:   "  revcycle export JOURNAL > revcycle.journal && hledger -f revcycle.journal balance\n  revcycle export REMITS > remits.csv",
		Args:      cobra.ExactArgs(1),
		ValidArgs: []string{"JOURNAL", "REMITS"},
		RunE: func(c *cobra.Command, args []string) error {
			kind := strings.ToUpper(args[0])
			if kind != "JOURNAL" && kind != "REMITS" {
				return usage("export %s: there is JOURNAL and REMITS", args[0])
			}
			return a.reading(func(env *pipeline.Env) error {
				if kind == "JOURNAL" {
					entries, err := byPostingDate(c, env.Store)
					if err != nil {
						return err
					}
					if a.json {
						return a.journalLines(entries)
					}
					return ledger.WriteJournal(a.out, entries)
				}
				return a.exportRemits(c, env, tabs)
			})
		},
	}
	c.Flags().BoolVar(&tabs, "tsv", false, "REMITS with tabs instead of commas")
	return c
}

// byPostingDate gives every entry by posting date, then ID.
func byPostingDate(c *cobra.Command, s ledger.Store) (iter.Seq2[ledger.PostedEntry, error], error) {
	sums, err := s.Sums(c.Context(), ledger.Query{Table: ledger.Postings}, []string{"posting_date"}, nil)
	if err != nil {
		return nil, err
	}
	return func(yield func(ledger.PostedEntry, error) bool) {
		for _, row := range sums {
			day := ledger.Cond{Column: "posting_date", Op: ledger.In, Values: []ledger.Value{row[0]}}
			for e, err := range ledger.ReadEntries(c.Context(), s, day) {
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}, nil
}

// journalLine is an entry as `export JOURNAL --json` prints it, one object a line.
type journalLine struct {
	Entry     claim.ID      `json:"entry_id"`
	Posting   civil.Date    `json:"posting_date"`
	Effective civil.Date    `json:"effective_date"`
	Cause     string        `json:"cause"`
	Claim     claim.ID      `json:"claim_id"`
	Payment   claim.ID      `json:"payment_id"`
	Remit     claim.ID      `json:"remit_id"`
	Reverses  claim.ID      `json:"reverses_entry_id"`
	Reason    string        `json:"reason"`
	Moves     []journalMove `json:"moves"`
}

type journalMove struct {
	Debit     ledger.Account `json:"debit"`
	Credit    ledger.Account `json:"credit"`
	Amount    money.Cents    `json:"amount"`
	Reference string         `json:"reference"`
}

func (a *app) journalLines(entries iter.Seq2[ledger.PostedEntry, error]) error {
	out := json.NewEncoder(a.out)
	for e, err := range entries {
		if err != nil {
			return err
		}
		l := journalLine{e.ID, e.Posting, e.Effective, e.Cause, e.Claim, e.Payment, e.Remit, e.Reverses, e.Reason, []journalMove{}}
		for _, m := range e.Moves {
			l.Moves = append(l.Moves, journalMove(m))
		}
		if err := out.Encode(l); err != nil {
			return fmt.Errorf("print JSON: %w", err)
		}
	}
	return nil
}

// remitLine is a CLP as `export REMITS --json` prints it, one object a line.
type remitLine struct {
	Batch       string      `json:"batch"`
	File        string      `json:"file"`
	Set         int         `json:"set"`
	Ordinal     int         `json:"ordinal"`
	Payment     string      `json:"payment"` // TRN02
	Control     string      `json:"clp01"`
	Status      string      `json:"clp02"`
	PayerClaim  string      `json:"clp07"`
	Claim       claim.ID    `json:"claim_id"`
	MatchRule   string      `json:"match_rule"`
	State       string      `json:"state"`
	Charge      money.Cents `json:"charge"`
	Paid        money.Cents `json:"paid"`
	Contractual money.Cents `json:"contractual"`
	Denied      money.Cents `json:"denied"`
	Patient     money.Cents `json:"patient_share"`
	Other       money.Cents `json:"other"`
	Pending     money.Cents `json:"pending"`
	Posts       bool        `json:"posts"`
}

func (a *app) exportRemits(c *cobra.Command, env *pipeline.Env, tabs bool) error {
	all, err := pipeline.Batches(c.Context(), env.Store)
	if err != nil {
		return err
	}
	batches := map[int64]string{}
	for _, b := range all {
		batches[b.No] = b.ID
	}
	put, end, err := a.remitSheet(tabs)
	if err != nil {
		return err
	}
	for r, err := range pipeline.SeenRemits(c.Context(), env.Store) {
		if err != nil {
			return err
		}
		if err := put(remitLine{batches[r.Batch], r.File, r.Set, r.Ordinal, r.Trace, r.Control, r.Status, r.PayerControl, r.Claim, r.MatchRule, r.State,
			r.Charge, r.Paid, r.Contractual, r.Denied, r.Patient, r.Other, r.Pending, r.Posts}); err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	return end()
}

// remitSheet gives what prints one remit, and what ends the print.
func (a *app) remitSheet(tabs bool) (put func(remitLine) error, end func() error, err error) {
	if a.json {
		out := json.NewEncoder(a.out)
		return func(r remitLine) error { return out.Encode(r) }, func() error { return nil }, nil
	}
	separator := ','
	if tabs {
		separator = '\t'
	}
	s, err := newSheet(a.out, separator, "batch", "file", "set", "ordinal", "payment", "clp01", "clp02", "clp07", "claim_id", "match_rule", "state",
		"charge", "paid", "contractual", "denied", "patient_share", "other", "pending", "posts")
	if err != nil {
		return nil, nil, err
	}
	return func(r remitLine) error {
		return s.add(ours(r.Batch), theirs(r.File), ours(fmt.Sprint(r.Set)), ours(fmt.Sprint(r.Ordinal)), theirs(r.Payment), theirs(r.Control), theirs(r.Status),
			theirs(r.PayerClaim), ours(r.Claim.String()), ours(cmp.Or(r.MatchRule, "-")), ours(r.State), amount(r.Charge), amount(r.Paid), amount(r.Contractual),
			amount(r.Denied), amount(r.Patient), amount(r.Other), amount(r.Pending), ours(fmt.Sprint(r.Posts)))
	}, s.end, nil
}

package x277ca

import (
	_ "embed"
	"strings"

	"revcycle/civil"
	"revcycle/money"
	"revcycle/parsers/x12"
)

// Status is one status of a claim or a line (STC01): category, status code and the entity that it speaks of.
type Status struct {
	Category string // A0 to A8
	Code     string
	Entity   string // "" for none
}

// The statuses of claims that nothing is wrong with.
var (
	Received = Status{Category: "A1", Code: "19"} // received, for the totals
	Taken    = Status{Category: "A2", Code: "20"} // accepted for processing
)

// Refused reports whether a category says that the claim was not taken (claim status category codes, A3 to A8 but A5).
func (s Status) Refused() bool {
	switch s.Category {
	case "A3", "A4", "A6", "A7", "A8":
		return true
	}
	return false
}

// String is the status as it stands in STC01.
func (s Status) String() string { return strings.TrimRight(s.Category+":"+s.Code+":"+s.Entity, ":") }

//go:embed codes.txt
var codesText string

var codes = func() map[string]Status {
	out := make(map[string]Status)
	for line := range strings.Lines(codesText) {
		if f := strings.Fields(line); len(f) == 4 && f[0] != "#" {
			out[f[0]] = Status{f[1], f[2], strings.Trim(f[3], "-")}
		}
	}
	return out
}()

// StatusOf is what a fault of type 3 to 7 means to a claim. A fault that the table does not know is missing or invalid information
// (21) of the category of its type.
func StatusOf(f x12.Fault) Status {
	if s, ok := codes[f.Code]; ok {
		return s
	}
	if f.SNIP == 4 || f.SNIP == 6 {
		return Status{Category: "A6", Code: "21"}
	}
	return Status{Category: "A7", Code: "21"}
}

// Claim is the answer to one claim (2200D).
type Claim struct {
	Control       string // TRN02: the CLM01 that it answers; identifying, never logged
	Statuses      []Status
	Date          civil.Date
	Amount        money.Cents
	AmountKnown   bool
	PayerControl  string // REF*1K
	Clearinghouse string // REF*D9
	BillType      string // REF*BLT
	From, To      civil.Date
	Lines         []Line
	Billing       string // NM109 of the provider above
}

// Refused reports whether the claim was not taken: one of its statuses, or of its lines', says so.
func (c *Claim) Refused() bool {
	for _, s := range c.Statuses {
		if s.Refused() {
			return true
		}
	}
	for i := range c.Lines {
		for _, s := range c.Lines[i].Statuses {
			if s.Refused() {
				return true
			}
		}
	}
	return false
}

// Line is the answer to one line (2220D).
type Line struct {
	Control  string // REF*FJ: the REF*6R that it answers
	Statuses []Status
}

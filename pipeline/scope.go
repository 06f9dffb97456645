package pipeline

import (
	"encoding/json"
	"fmt"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
)

// Scope is what a batch was asked to do again, beside what is new. It stands in the batch's own row, so that a batch
// that was killed goes on with it. The zero Scope asks for nothing: a nightly run.
type Scope struct {
	// Stage is where it begins: ingest reads the files again, assess judges the claims again, reconcile matches and
	// settles them again. The stages behind it follow.
	Stage    string         `json:"stage,omitempty"`
	Batches  []int64        `json:"batches,omitempty"`  // claims and remits that these batches brought
	Files    []claim.Digest `json:"files,omitempty"`    // of these files
	Claims   []claim.ID     `json:"claims,omitempty"`   // these claims
	Payments []claim.ID     `json:"payments,omitempty"` // the remits of these payments
	Since    civil.Date     `json:"since,omitempty"`    // claims served on this day or later
	Failed   bool           `json:"failed,omitempty"`   // of these, only the claims that are held
}

// Nothing reports whether the scope asks for nothing.
func (s *Scope) Nothing() bool { return s.Stage == "" }

func (s *Scope) value() (ledger.Value, error) {
	if s.Nothing() {
		return ledger.Value{}, nil
	}
	doc, err := json.Marshal(s)
	if err != nil {
		return ledger.Value{}, fmt.Errorf("scope: %w", err)
	}
	return ledger.Bytes(doc), nil
}

func scopeOf(v ledger.Value) (s Scope, err error) {
	if v.Null() {
		return s, nil
	}
	if err := json.Unmarshal(v.Bytes(), &s); err != nil {
		return s, fmt.Errorf("scope: %w", err)
	}
	return s, nil
}

// String is what is done again, in words: "assess, of 1 batch and 2 claims, served since 2025-01-01".
func (s *Scope) String() string {
	var of []string
	for _, part := range []struct {
		n    int
		what string
	}{{len(s.Batches), "batch"}, {len(s.Files), "file"}, {len(s.Claims), "claim"}, {len(s.Payments), "payment"}} {
		switch {
		case part.n == 1:
			of = append(of, "1 "+part.what)
		case part.n > 1:
			of = append(of, fmt.Sprintf("%d %s", part.n, strings.Replace(part.what+"s", "batchs", "batches", 1)))
		}
	}
	text := s.Stage
	if len(of) > 0 {
		text += ", of " + strings.Join(of, " and ")
	} else {
		text += ", of every batch"
	}
	if s.Failed {
		text += ", what failed"
	}
	if s.Since.Known() {
		text += ", served since " + s.Since.String()
	}
	return text
}

// judges reports whether claims of the scope are to be judged again.
func (s *Scope) judges() bool { return s.Stage == "assess" || s.Failed }

// conds are the conditions on batch and day that claims and remits of the scope meet.
func (s *Scope) conds() []ledger.Cond {
	var out []ledger.Cond
	if len(s.Batches) > 0 {
		c := ledger.Cond{Column: "batch", Op: ledger.In}
		for _, b := range s.Batches {
			c.Values = append(c.Values, ledger.Int(b))
		}
		out = append(out, c)
	}
	if s.Since.Known() {
		out = append(out, ledger.Cond{Column: "service_from", Op: ledger.AtLeast, Values: []ledger.Value{ledger.Date(s.Since)}})
	}
	return out
}

// ofFiles is the condition that a document was seen first in one of the scope's files; none where it names no file.
func (s *Scope) ofFiles() []ledger.Cond {
	if len(s.Files) == 0 {
		return nil
	}
	c := ledger.Cond{Column: "file", Op: ledger.In}
	for _, f := range s.Files {
		c.Values = append(c.Values, ledger.Digest(f))
	}
	return []ledger.Cond{c}
}

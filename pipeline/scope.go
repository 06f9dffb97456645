package pipeline

import (
	"encoding/json"
	"fmt"

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
	Failed   bool           `json:"failed,omitempty"`   // of these, only what failed or is held
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

package mem

import (
	"context"

	"revcycle/ledger"
)

// Sums is ledger.Store's.
func (s *Store) Sums(ctx context.Context, q ledger.Query, by, of []string) ([]ledger.Row, error) {
	if err := q.CheckSums(by, of); err != nil {
		return nil, err
	}
	rows, err := s.meeting(ctx, q)
	if err != nil {
		return nil, err
	}
	groups := ledger.NewGroups(q.Table, by, of)
	for _, r := range rows {
		if err := groups.Add(r); err != nil {
			return nil, err
		}
	}
	return groups.Rows(), nil
}

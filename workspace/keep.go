package workspace

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Keep is how much of the past stays on the disk; purge removes the rest. A zero keeps everything.
type Keep struct {
	ExtractBatches   int // published batches to which the extracts can be rolled back
	Reports          int // batches whose report stays
	ArchiveMonths    int // months after which the original of a file may go
	QuarantineMonths int // months after which a unit that nobody released may go
}

// Everything reports whether nothing is ever purged.
func (k Keep) Everything() bool { return k == Keep{} }

func parseKeep(n *yaml.Node) (k Keep, err error) {
	if n.Kind != yaml.MappingNode {
		return k, errors.New("takes keys and values; write extract_batches: 90 under it")
	}
	parts := map[string]*int{"extract_batches": &k.ExtractBatches, "reports": &k.Reports, "archive_months": &k.ArchiveMonths,
		"quarantine_months": &k.QuarantineMonths}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		part, ok := parts[key.Value]
		if !ok {
			return k, fmt.Errorf("line %d: %w", key.Line, unknownKey(key.Value, []string{"extract_batches", "reports", "archive_months", "quarantine_months"}))
		}
		if value.Tag == "!!null" {
			continue
		}
		if *part, err = whole(value.Value, 0, 10_000); err != nil {
			return k, fmt.Errorf("line %d: %s: %w", value.Line, key.Value, err)
		}
	}
	return k, nil
}

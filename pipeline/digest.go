package pipeline

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"revcycle/claim"
	"revcycle/extract"
	"revcycle/ledger"
)

// DigestLine is the digest of one table of the ledger or of one file of the current extracts.
type DigestLine struct {
	What   string `json:"what"` // table, file
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

// Digests gives all that must be equal between two runs that should be the same (DESIGN 3): each table
// of the ledger without what tells of runs, and each file of the published view. The overall digest is
// of these lines.
func (env *Env) Digests(ctx context.Context) (lines []DigestLine, overall claim.Digest, err error) {
	tables, err := ledger.Digests(ctx, env.Store)
	if err != nil {
		return nil, overall, err
	}
	lines = []DigestLine{}
	for _, t := range tables {
		if !t.Run {
			lines = append(lines, DigestLine{"table", t.Table, t.Rows, t.SHA256.String()})
		}
	}
	m, err := extract.View(env.Workspace.ExtractsDir)
	if err != nil && !errors.Is(err, extract.ErrNoManifest) {
		return nil, overall, err
	}
	for _, f := range m.Files {
		lines = append(lines, DigestLine{"file", f.Path, f.Rows, f.SHA256})
	}
	h := sha256.New()
	for _, l := range lines {
		fmt.Fprintf(h, "%s %s %d %s\n", l.What, l.Name, l.Rows, l.SHA256)
	}
	h.Sum(overall[:0])
	return lines, overall, nil
}

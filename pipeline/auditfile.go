package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/workspace"
)

// auditLine is a line of audit.jsonl.
type auditLine struct {
	Seq     int64        `json:"seq"`
	Act     string       `json:"act"`
	Subject string       `json:"subject"`
	Detail  string       `json:"detail"`
	At      string       `json:"at"`
	Actor   string       `json:"actor"`
	Seal    claim.Digest `json:"seal"`
}

// auditLines gives the ledger's audit as audit.jsonl holds it, a line an act.
func auditLines(ctx context.Context, s ledger.Store) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for row, err := range s.Rows(ctx, ledger.Query{Table: ledger.Audit}) {
			var line bytes.Buffer
			if err == nil {
				err = json.NewEncoder(&line).Encode(auditLine{row[0].Int(), row[2].Text(), row[3].Text(), row[4].Text(), row[5].Text(), row[6].Text(), row[7].Digest()})
			}
			if !yield(line.Bytes(), err) || err != nil {
				return
			}
		}
	}
}

// auditFile is how a copy of audit.jsonl stands to the ledger's audit.
type auditFile struct {
	there   bool
	text    []byte // of the file
	whole   []byte // what the ledger would have it say
	lines   int    // of the ledger
	foreign int    // the first line of the file that is not the ledger's; 0 where the file is the beginning of the ledger's
	ends    int    // of batches, among the ledger's lines that the file lacks
	shares  bool   // the file has a line of the ledger
}

// behind reports whether the file is the beginning of what the ledger says, and not all of it.
func (f *auditFile) behind() bool { return f.foreign == 0 && len(f.text) < len(f.whole) }

// lacks is how many of the ledger's lines the file does not have, where it is behind.
func (f *auditFile) lacks() int {
	return bytes.Count(f.whole[min(len(f.text), len(f.whole)):], []byte("\n"))
}

// changed says what somebody did to the file, "" where nobody did. Whoever ends a batch exports the audit, and whoever comes
// after a kill: a kill leaves the file short of the acts of one run, the end of its batch among them.
func (f *auditFile) changed() string {
	switch {
	case f.foreign > 0:
		return fmt.Sprintf("line %d is not what the ledger says", f.foreign)
	case !f.behind() || f.ends < 2:
		return ""
	case !f.there:
		return fmt.Sprintf("the file is gone; the ledger has %d acts", f.lines)
	default:
		return fmt.Sprintf("it ends before its time: %d acts of the ledger are missing", f.lacks())
	}
}

// last is the highest number of an act in the file, 0 where no line of it is one.
func (f *auditFile) last() (last int64) {
	for line := range bytes.Lines(f.text) {
		var l auditLine
		if json.Unmarshal(line, &l) == nil && l.Seal != (claim.Digest{}) {
			last = max(last, l.Seq)
		}
	}
	return last
}

// readAudit reads audit.jsonl and holds it to the ledger.
func (env *Env) readAudit(ctx context.Context) (f auditFile, err error) {
	f.text, err = os.ReadFile(env.Workspace.AuditPath())
	if f.there = err == nil; err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f, fmt.Errorf("audit.jsonl: %w", err)
	}
	rest, theirs := f.text, map[string]bool{}
	for line := range bytes.Lines(f.text) {
		theirs[string(line)] = true
	}
	for line, err := range auditLines(ctx, env.Store) {
		if err != nil {
			return f, err
		}
		f.lines++
		f.whole = append(f.whole, line...)
		f.shares = f.shares || theirs[string(line)]
		switch {
		case f.foreign > 0:
		case bytes.HasPrefix(rest, line):
			rest = rest[len(line):]
		case !bytes.HasPrefix(line, rest):
			f.foreign = f.lines
		default: // the file ended before this line, or is torn in it
			rest = nil
			if bytes.Contains(line, []byte(`"act":"`+endBatch+`"`)) {
				f.ends++
			}
		}
	}
	if len(rest) > 0 && f.foreign == 0 {
		f.foreign = f.lines + 1
	}
	return f, nil
}

// ExportAudit writes the audit table as audit.jsonl, a line an act. A file that somebody changed is put aside beside it, which
// is an act of its own: AuditChanged tells of it then. The caller holds the lock of the workspace.
func (env *Env) ExportAudit(ctx context.Context) error {
	f, err := env.readAudit(ctx)
	if err != nil || f.lines == 0 && len(f.text) == 0 {
		return err
	}
	if why := f.changed(); why != "" {
		if err := env.putAside(ctx, &f, why); err != nil {
			return fmt.Errorf("audit.jsonl: %s: %w", why, err)
		}
		if f, err = env.readAudit(ctx); err != nil {
			return err
		}
	}
	if f.there && bytes.Equal(f.text, f.whole) {
		return nil
	}
	if err := workspace.WriteFile(env.Workspace.AuditPath(), f.whole); err != nil {
		return fmt.Errorf("audit.jsonl: %w", err)
	}
	return nil
}

// AuditChanged says what ExportAudit found that somebody had done to audit.jsonl, and where what was there is kept; "" where
// nobody had.
func (env *Env) AuditChanged() string { return env.changedAudit }

// putAside keeps an audit.jsonl that somebody changed, and tells of it in the audit.
func (env *Env) putAside(ctx context.Context, f *auditFile, why string) error {
	kept := "nothing of it"
	if len(f.text) > 0 {
		path := fmt.Sprintf("%s%s%s", env.Workspace.AuditPath(), foundAudit, claim.Digest(sha256.Sum256(f.text)).String()[:12])
		if err := workspace.WriteFile(path, f.text); err != nil {
			return fmt.Errorf("keep what was found: %w", err)
		}
		kept = filepath.Base(path)
	}
	env.changedAudit = fmt.Sprintf("audit.jsonl was changed: %s; what was found is kept (%s), and the file is written anew from the ledger", why, kept)
	env.Log.Warn(env.changedAudit)
	last, any, err := lastBatch(ctx, env.Store)
	if err != nil || !any {
		return err
	}
	behind := *env
	behind.Batch = last
	w := &write{unit: behind.unit("audit", kept)}
	if done, err := behind.unitsDone(ctx, "audit"); err != nil || done[kept] {
		return err // a run that was killed has told of it
	}
	if err := behind.audited(ctx, w, "put aside audit.jsonl", kept, why); err != nil {
		return err
	}
	return behind.commit(ctx, w)
}

// foundAudit stands in the name of an audit.jsonl that was put aside.
const foundAudit = ".found-"

// asideAudits names what was put aside and lies here still.
func (env *Env) asideAudits() (names []string, err error) {
	found, err := filepath.Glob(env.Workspace.AuditPath() + foundAudit + "*")
	for _, path := range found {
		names = append(names, filepath.Base(path))
	}
	return names, err
}

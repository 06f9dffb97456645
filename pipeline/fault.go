package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"

	"revcycle/claim"
	"revcycle/parsers"
	"revcycle/parsers/set"
	"revcycle/parsers/x12"
	"revcycle/pipeline/flow"
	"revcycle/rules"
	"revcycle/workspace"
)

// faultWords is what is said of a part of a file on which the program broke.
const (
	faultWords  = "the program broke while it read this part; nothing of it was taken"
	faultAdvice = "report it with the log's line; with a mended program: revcycle retry"
)

// guarded makes of a maker on which the program breaks one that gives an error: the run stops, and may be run again.
func guarded(m maker) maker {
	return func(ctx context.Context, key string) (w *write, err error) {
		defer func() {
			if recover() != nil {
				w, err = nil, fmt.Errorf("%s: %w", key, flow.Recovered())
			}
		}()
		return m(ctx, key)
	}
}

// holdFault quarantines a chunk of claims or a remittance set on which the program broke: what stands around it goes on.
func (env *Env) holdFault(c chunkOf, key string) (*write, error) {
	w := &write{unit: env.unit("ingest", key)}
	s := c.set
	from, to := c.chunk.Own.From, c.chunk.Own.To
	r := workspace.Reason{ID: quarantineID(env.Batch.ID, key), Batch: env.Batch.ID, File: c.file.Name, SHA256: c.file.SHA, Unit: "set", Set: s.Ordinal,
		Byte: from, Code: rules.HeldFault, Message: faultWords, Advice: faultAdvice, Was: c.file.Released}
	if s.Kind == parsers.Remittance {
		r.Claims, r.Charge, r.Paid = s.Remits, amountOf(s.Charge, s.Remits), amountOf(s.Paid, s.Remits)
		w.tally.SeenRemits, w.tally.RejectedRemits, w.tally.RejPaid = s.Remits, s.Remits, s.Paid
		from, to = s.From, s.To
	} else {
		n, err := env.claimsIn(c)
		if err != nil {
			return nil, err
		}
		r.Claims = n
		w.tally.SeenClaims, w.tally.RejectedClaims = n, n
	}
	at := claim.Sighting{File: c.file.SHA, Set: s.Ordinal, Ordinal: c.chunk.First}
	reject := claim.Reject{ID: claim.RejectID(at, r.Code, 0), Code: r.Code, Unit: "set", Byte: from, Message: faultWords}
	w.tally.Quarantined++
	env.addReject(w, &reject, at, c.file)
	return w, env.quarantine(r, c.file, from, to)
}

// Hold quarantines a unit of a step on which workers die, without trying it again. Only a part of a file can be held by itself, a
// unit of the step "sets"; for any other it gives false and does nothing.
func (env *Env) Hold(ctx context.Context, step Step, key string) (held bool, err error) {
	if step.Name != stepSets {
		return false, nil
	}
	files, err := env.filesOf(ctx)
	if err != nil {
		return false, err
	}
	c, ok := newReading(files).units[key]
	if !ok || c.chunk == nil {
		return false, nil
	}
	env.Log.Error("workers die on a part of a file, which is held", "file", c.file.Name, "set", c.set.Ordinal, "byte", c.chunk.Own.From)
	w, err := env.holdFault(c, key)
	if err != nil {
		return false, err
	}
	if err := env.commit(ctx, w); err != nil && !errors.Is(err, ErrTwin) {
		return false, err
	}
	return true, nil
}

// claimsIn counts the CLMs of a chunk.
func (env *Env) claimsIn(c chunkOf) (n int, err error) {
	o, err := env.Workspace.OpenArchived(c.file.SHA)
	if err != nil {
		return 0, err
	}
	defer o.Close()
	src := set.NewSource(o, *c.chunk)
	context := src.Context()
	in := x12.NewReader(src)
	for {
		s, err := in.Read()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		bad, faulty := errors.AsType[*x12.SyntaxError](err)
		switch {
		case faulty && !bad.Fatal:
			if bad.ID == "CLM" && bad.Segment > context {
				n++
			}
		case err != nil:
			return 0, fmt.Errorf("%s: %w", c.file.Name, err)
		case string(s.ID()) == "CLM" && s.Ordinal > context:
			n++
		}
	}
}

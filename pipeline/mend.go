package pipeline

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/extract"
)

// publish makes the published files whole that are missing or damaged, then publishes.
func (env *Env) publish(ctx context.Context, e extract.Env) error {
	known := func(number int64, asOf civil.Date) ([]extract.Missing, []string, error) {
		then := *env
		then.Batch.No, then.Batch.AsOf = number, asOf
		missing, err := then.lacking(ctx)
		return missing, env.Workspace.Expected(asOf), err
	}
	mended, err := extract.Mend(ctx, e, known, func(m extract.Mended) error { return env.tellMended(ctx, &m) })
	if err != nil && !errors.Is(err, extract.ErrNoManifest) {
		return err
	}
	e.Lost = mended.Lost
	_, err = extract.Publish(ctx, e)
	return err
}

// tellMended says what was damaged, and puts it into the audit, once a batch and set of files.
func (env *Env) tellMended(ctx context.Context, m *extract.Mended) error {
	all := append(append([]string(nil), m.Restored...), m.Lost...)
	say := fmt.Sprintf("missing or damaged of the published files: %d, %s first; what stood there is kept in extracts/%s", len(all), all[0], extract.DamagedDir)
	if len(m.Restored) > 0 {
		say += fmt.Sprintf("; %d made again as they were", len(m.Restored))
	}
	if len(m.Lost) > 0 {
		say += fmt.Sprintf("; %d could not be made again as they were: what the ledger tells of them is published anew", len(m.Lost))
	}
	if m.Facilities {
		say += "; the rows of earlier batches in fact_batch_facility that say what was expected come back from a backup only"
	}
	env.damagedExtracts = say
	env.Log.Warn(say)
	key := "mend " + claim.Digest(sha256.Sum256([]byte(strings.Join(all, " ")))).String()[:12]
	done, err := env.unitsDone(ctx, "extract")
	if err != nil || done[key] {
		return err
	}
	w := &write{unit: env.unit("extract", key)}
	if err := env.audited(ctx, w, "mend extracts", env.Batch.ID, say); err != nil {
		return err
	}
	return env.commit(ctx, w)
}

// ExtractsDamaged says what was missing or damaged of the published files, and what became of it; "" where all were whole.
func (env *Env) ExtractsDamaged() string { return env.damagedExtracts }

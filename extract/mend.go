package extract

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"revcycle/civil"
)

// DamagedDir is where damaged files of a view are kept, below the extracts folder.
const DamagedDir = ".damaged"

// Mended tells what Mend did. Paths are below the extracts folder, with /.
type Mended struct {
	// Restored are files that were missing or damaged and are whole again.
	Restored []string
	// Lost are those that the ledger and today's configuration do not make again byte for byte. Publish with Env.Lost says
	// anew what the ledger still tells of them.
	Lost []string
	// Facilities reports that rows of fact_batch_facility are among the lost: what earlier batches expected is told nowhere else.
	Facilities bool
}

// Mend makes the files of the last published view whole again that are missing or damaged: the batch that wrote such a file
// writes it once more into staging, and where that has the SHA-256 of the manifest it takes the file's place. What stood there is kept
// in .damaged. Every file is read for that, so that no view names a file that is not what its manifest says. Known tells what a batch lacked and expected, for its rows of fact_batch_facility; tell is called before the first file is put in its
// place. Like Publish it may be called again after any kill. It fails with ErrNoManifest where nothing is published.
func Mend(ctx context.Context, env Env, known func(number int64, asOf civil.Date) ([]Missing, []string, error), tell func(Mended) error) (Mended, error) {
	m, err := Latest(env.Dir)
	if err != nil {
		return Mended{}, err
	}
	bad, err := damaged(ctx, env.Dir, m.Files)
	if err != nil || len(bad) == 0 {
		return Mended{}, err
	}
	var out Mended
	var stages []*stage
	ready := map[string]*stage{} // files that were made again, and where they lie
	for _, id := range writers(bad) {
		st, err := again(ctx, env, id, known)
		if st != nil {
			stages = append(stages, st)
		}
		if err != nil {
			return out, fmt.Errorf("make files of batch %s again: %w", id, err)
		}
		for _, f := range bad {
			if st == nil || writer(f) != id {
				continue
			}
			if sum, err := hashFile(filepath.Join(st.root(), filepath.FromSlash(f.Path))); err == nil && sum == f.SHA256 {
				ready[f.Path] = st
			}
		}
	}
	for _, f := range bad {
		if ready[f.Path] != nil {
			out.Restored = append(out.Restored, f.Path)
			continue
		}
		out.Lost = append(out.Lost, f.Path)
		out.Facilities = out.Facilities || f.Table == factBatchFacility.Name
	}
	if err := tell(out); err != nil {
		return out, err
	}
	for _, f := range bad {
		if err := putAside(env.Dir, f); err != nil {
			return out, err
		}
		if st := ready[f.Path]; st != nil {
			if err := st.install([]File{f}); err != nil {
				return out, fmt.Errorf("mend: %w", err)
			}
		}
	}
	for _, st := range stages {
		err = errors.Join(err, st.clear())
	}
	return out, err
}

// damaged lists the files of a view that are missing or not what the manifest says.
func damaged(ctx context.Context, dir string, files []File) ([]File, error) {
	var out []File
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		sum, err := hashFile(pathIn(dir, f.Path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("look at %s: %w", f.Path, err) // no right, a failing disk: not the file's damage
		}
		if sum != f.SHA256 {
			out = append(out, f)
		}
	}
	return out, nil
}

// partName is the name of a file: part-BATCH-0000.parquet.
var partName = regexp.MustCompile(`/part-(.+)-\d+\.parquet$`)

// writer is the ID of the batch that wrote a file.
func writer(f File) string {
	if m := partName.FindStringSubmatch(f.Path); m != nil {
		return m[1]
	}
	return ""
}

func writers(files []File) []string {
	var out []string
	for _, f := range files {
		out = append(out, writer(f))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// again has a batch write all its files once more into its staging folder; nil where the ledger knows no such batch.
func again(ctx context.Context, env Env, id string, known func(int64, civil.Date) ([]Missing, []string, error)) (*stage, error) {
	env.Batch = Batch{0, id}
	b, err := newBuilder(ctx, env, nil)
	if err != nil {
		return nil, err
	}
	for n, name := range b.batches {
		if name == id && n > 0 {
			env.Batch.Number, env.AsOf = n, b.asOf[n]
		}
	}
	if env.Batch.Number == 0 {
		return nil, nil
	}
	if env.Missing, env.Expected, err = known(env.Batch.Number, env.AsOf); err != nil {
		return nil, err
	}
	m, err := newMask(env.Profile, env.Key)
	if err != nil {
		return nil, err
	}
	if b, err = newBuilder(ctx, env, m); err != nil {
		return nil, err
	}
	before, err := latestBefore(env.Dir, env.Batch.Number)
	if err != nil && !errors.Is(err, ErrNoManifest) {
		return nil, err
	}
	st, err := newStage(env.Dir, id, env.fault)
	if err != nil {
		return nil, err
	}
	// Nothing is inherited: every bucket is written, and none is held against a file that may be damaged.
	p := &publisher{builder: b, stage: st, last: Manifest{Number: before.Number}, whole: true, from: before.Number, files: map[bucketKey][]File{}, seen: map[string]tally{}}
	return st, p.write(ctx)
}

// putAside keeps what stands in a file's place.
func putAside(dir string, f File) error {
	from := pathIn(dir, f.Path)
	sum, err := hashFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("put %s aside: %w", f.Path, err)
	}
	if sum == f.SHA256 {
		return nil // a Mend that was killed has put it there
	}
	to := pathIn(dir, DamagedDir+"/"+strings.ReplaceAll(f.Path, "/", "_")+"."+sum[:12])
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("put %s aside: %w", f.Path, err)
	}
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("put %s aside: %w", f.Path, err)
	}
	return errors.Join(syncDir(filepath.Dir(to)), syncDir(filepath.Dir(from)))
}

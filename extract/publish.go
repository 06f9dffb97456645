// Package extract publishes the ledger as Parquet files that finance reads: one table a file here.
//
// Publish writes the buckets in which the batch changed a row, reads them back, ties them to the ledger,
// and swaps the view whole; where a total does not tie it publishes nothing. A bucket is written from the
// ledger in key order and in fixed blocks, so that its bytes depend on what the ledger says and on
// nothing else: not on workers, stores, kills or the clock. Verify proves a published view again.
//
// To add a table: a file with the struct of its rows (parquet and doc tags), a define, its place in
// Tables, and a line where its rows are made (write.go). Columns are only ever added, at the end of a struct.
package extract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/ledger"
	"revcycle/party"
)

// Env is what a batch's extracts are made of.
type Env struct {
	Store    ledger.Store
	Party    *party.Directory // masters; nil maps nothing
	Dir      string           // the extracts folder
	Batch    Batch
	AsOf     civil.Date
	Profile  string // Operations, Limited or Full
	Key      []byte // of the pseudonyms, for Limited
	Inputs   []Input
	Edition  string    // of the rule book
	Controls []Control // of the pipeline: one that does not tie forbids to publish
	BillHold int       // days an encounter may wait for its claim
	Missing  []Missing // what facilities were expected to send and did not
	Expected []string  // the facilities that were expected to send anything, each once
	Workers  int       // buckets written at once; at least one
	Lost     []string  // published files that Mend could not make again: what the ledger tells of them is said anew

	fault func(op, path string) error // tests: fails at a step as a kill would
}

// Batch names the batch that publishes.
type Batch struct {
	Number int64
	ID     string // 2026-11-22-001
}

// Tables lists every table that is published, in the order of the dictionary.
var Tables = []*Table{
	factClaim.Table, factClaimPayer.Table, factServiceLine.Table, factFinding.Table, factRemitClaim.Table, factRemitLine.Table, factPayment.Table,
	factAdjustment.Table, factDenial.Table, factVariance.Table, factEncounter.Table, factChargeGap.Table, factARSnapshot.Table, factLedger.Table,
	factClaimEvent.Table, factBatchFacility.Table, dimFacility.Table, dimPayer.Table, dimPlan.Table, dimProvider.Table, dimCode.Table, dimDate.Table,
	kpiMonthly.Table,
}

// ErrPublished is given where what would be published differs from what a batch published already, or a
// later batch was published: published files never change.
var ErrPublished = errors.New("already published")

// Publish makes the view of a batch and gives its manifest. It may be called again after any failure or
// kill, and after success: the same batch over the same ledger gives the same bytes. It fails with a
// ControlsError where a total does not tie; then, as with any failure before the first file is in its
// place, readers see what they saw before. One Publish at a time may work on a folder.
func Publish(ctx context.Context, env Env) (Manifest, error) {
	p, err := newPublisher(ctx, env)
	if err != nil {
		return Manifest{}, err
	}
	if err := p.write(ctx); err != nil {
		return Manifest{}, err
	}
	if err := p.tie(ctx); err != nil {
		return p.manifest, errors.Join(err, p.stage.clear())
	}
	return p.manifest, p.install()
}

// publisher is one Publish.
type publisher struct {
	*builder
	stage    *stage
	last     Manifest // zero where none was published
	whole    bool     // every bucket is written again
	from     int64    // facts of batches after this one are written
	manifest Manifest
	files    map[bucketKey][]File // the view
	found    []Control            // of single payments that do not tie
	seen     map[string]tally     // what the batch brought, by facility
}

type bucketKey struct{ table, partition string }

func newPublisher(ctx context.Context, env Env) (*publisher, error) {
	if env.Batch.Number < 1 || env.Batch.ID == "" || strings.ContainsAny(env.Batch.ID, `/\`) || !env.AsOf.Known() {
		return nil, fmt.Errorf("publish: want a batch with a number, an ID and an as-of date")
	}
	m, err := newMask(env.Profile, env.Key)
	if err != nil {
		return nil, err
	}
	newest, err := Latest(env.Dir)
	if err != nil && !errors.Is(err, ErrNoManifest) {
		return nil, err
	}
	if newest.Number > env.Batch.Number {
		return nil, fmt.Errorf("publish: batch %s came after batch %s: %w", newest.Batch, env.Batch.ID, ErrPublished)
	}
	last, err := latestBefore(env.Dir, env.Batch.Number)
	if err != nil && !errors.Is(err, ErrNoManifest) {
		return nil, err
	}
	b, err := newBuilder(ctx, env, m)
	if err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	// What commands that were killed have staged, those that mended an earlier view among them, is nobody's any more.
	if err := os.RemoveAll(filepath.Join(env.Dir, stagingDir)); err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	st, err := newStage(env.Dir, env.Batch.ID, env.fault)
	if err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	p := &publisher{builder: b, stage: st, last: last, files: map[bucketKey][]File{}, seen: map[string]tally{}}
	p.manifest = Manifest{Format: 1, Batch: env.Batch.ID, Number: env.Batch.Number, AsOf: env.AsOf, Edition: env.Edition, Previous: last.Batch,
		Profile: env.Profile, KeyID: m.keyID, Masters: b.party.Digest().String(), Schema: schemaDigest(), BillHold: env.BillHold,
		Inputs: slices.SortedFunc(slices.Values(env.Inputs), func(a, b Input) int { return strings.Compare(a.Name, b.Name) })}
	now, was := &p.manifest, &p.last
	masked := now.Profile != was.Profile || now.KeyID != was.KeyID
	p.whole = masked || now.Masters != was.Masters || now.Schema != was.Schema || now.BillHold != was.BillHold
	p.from = was.Number
	if masked {
		p.from = 0 // facts show numbers too
	}
	p.forget()
	p.inherit()
	return p, nil
}

// forget leaves out of the earlier view what is lost: its buckets are written again, and where facts are among it, those of every batch.
func (p *publisher) forget() {
	if len(p.env.Lost) == 0 {
		return
	}
	p.whole = true
	p.last.Files = slices.DeleteFunc(slices.Clone(p.last.Files), func(f File) bool {
		lost := slices.Contains(p.env.Lost, f.Path)
		if lost && slices.Contains([]string{factLedger.Name, factClaimEvent.Name, factFinding.Name}, f.Table) {
			p.from = 0
		}
		return lost
	})
}

// inherit takes over the earlier batch's files; those of buckets that are written again are replaced later.
func (p *publisher) inherit() {
	kinds := map[string]Kind{}
	for _, t := range Tables {
		kinds[t.Name] = t.Kind
	}
	for _, f := range p.last.Files {
		switch kind := kinds[f.Table]; {
		case kind == "", f.Partition == emptyPart, kind == Fact && p.from == 0 && f.Table != factBatchFacility.Name:
			continue
		}
		k := bucketKey{f.Table, f.Partition}
		p.files[k] = append(p.files[k], f)
	}
	p.expire(kinds)
}

// Dated tables keep their last days and the last day of each month.
const keepDays = 35

func (p *publisher) expire(kinds map[string]Kind) {
	lastOf := map[[2]string]civil.Date{}
	dates := map[bucketKey]civil.Date{}
	for k := range p.files {
		if kinds[k.table] != Dated {
			continue
		}
		d, err := civil.ParseISO(partitionMonth(k.partition))
		if err != nil {
			continue
		}
		dates[k] = d
		m := [2]string{k.table, d.Month()}
		lastOf[m] = max(lastOf[m], d)
	}
	for k, d := range dates {
		if d.AddDays(keepDays) < p.env.AsOf && lastOf[[2]string{k.table, d.Month()}] != d {
			delete(p.files, k)
		}
	}
}

// replace puts newly written files in the place of a bucket's earlier ones; files that say the same,
// byte for byte, are not published twice.
func (p *publisher) replace(t *Table, partition string, files []File) error {
	k := bucketKey{t.Name, partition}
	if same(p.files[k], files) {
		return p.stage.drop(files)
	}
	if len(files) == 0 {
		delete(p.files, k)
		return nil
	}
	p.files[k] = files
	return nil
}

func same(a, b []File) bool {
	return len(a) > 0 && slices.EqualFunc(a, b, func(x, y File) bool { return x.SHA256 == y.SHA256 && x.Rows == y.Rows })
}

// list gives the view's files by table, in the order of Tables, and by path.
func (p *publisher) list() []File {
	byTable := map[string][]File{}
	for k, fs := range p.files {
		byTable[k.table] = append(byTable[k.table], fs...)
	}
	var out []File
	for _, t := range Tables {
		fs := byTable[t.Name]
		slices.SortFunc(fs, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
		out = append(out, fs...)
	}
	return out
}

// install makes the staged view the current one. Each step may be the last before a kill; the next
// Publish of the batch goes through all of them again.
func (p *publisher) install() error {
	content, err := p.manifest.marshal()
	if err != nil {
		return fmt.Errorf("publish: write the manifest: %w", err)
	}
	sum := sha256.Sum256(content)
	mark := fmt.Sprintf("%d %s\n", p.manifest.Number, hex.EncodeToString(sum[:]))
	folder := batchesDir + "/" + p.manifest.Batch
	if old, err := os.ReadFile(filepath.Join(p.stage.dir, filepath.FromSlash(folder+"/"+successName))); err == nil && string(old) != mark {
		return errors.Join(fmt.Errorf("publish: batch %s said something else when it was published; let a new batch say it: %w", p.manifest.Batch, ErrPublished), p.stage.clear())
	}
	if err := p.stage.install(p.manifest.Files); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	small := map[string][]byte{folder + "/" + manifestName: content, folder + "/views.sql": batchViews(&p.manifest)}
	for path, text := range docs() {
		small[path] = text
	}
	for _, path := range sortedKeys(small) {
		if err := p.stage.write(path, small[path]); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
	}
	if err := p.stage.write(folder+"/"+successName, []byte(mark)); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if err := p.stage.link(p.manifest.Files); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if err := p.stage.at("end", ""); err != nil {
		return err
	}
	return p.stage.clear()
}

package extract

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// twoNights is a folder to which two batches are published, the second with some files of the first.
func twoNights(t *testing.T) (*world, string) {
	t.Helper()
	w, dir := night1(t, false), t.TempDir()
	w.publish(w.env(dir))
	w.night2()
	w.publish(w.env2(dir))
	return w, dir
}

func (w *world) holds(dir string) {
	w.t.Helper()
	checks, err := Verify(context.Background(), dir, w.store)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range checks {
		if !c.OK {
			w.t.Errorf("%s: %s", c.Name, c.Detail)
		}
	}
}

func paths(list []Removable) []string {
	var out []string
	for _, r := range list {
		out = append(out, r.Path)
	}
	return out
}

// What the kept view needs stays, also files that an earlier batch wrote; what only the earlier batch showed goes.
func TestPurgeRemovesWhatNoKeptManifestNames(t *testing.T) {
	w, dir := twoNights(t)
	first, err := ReadManifest(dir, w.env(dir).Batch.ID)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Latest(dir)
	if err != nil {
		t.Fatal(err)
	}
	var want []string // worked out from the manifests alone
	shared := 0
	for _, f := range first.Files {
		if slices.ContainsFunc(second.Files, func(g File) bool { return g.Path == f.Path }) {
			shared++
		} else {
			want = append(want, f.Path)
		}
	}
	slices.Sort(want)
	if shared == 0 || len(want) == 0 {
		t.Fatalf("%d shared files, %d of the first batch alone: the case shows nothing", shared, len(want))
	}
	if list, err := ListRemovable(dir, 0, ""); err != nil || len(list) != 0 {
		t.Errorf("all are kept, and yet %v goes, %v", paths(list), err)
	}
	if list, err := ListRemovable(dir, 2, ""); err != nil || len(list) != 0 {
		t.Errorf("two of two are kept, and yet %v goes, %v", paths(list), err)
	}
	list, err := ListRemovable(dir, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := paths(list); got[0] != "_batches/"+first.Batch || !slices.Equal(got[1:], want) {
		t.Errorf("got  %v\nwant the manifest of %s and %v", got, first.Batch, want)
	}
	for _, r := range list {
		if r.Bytes <= 0 {
			t.Errorf("%s has %d bytes", r.Path, r.Bytes)
		}
		if err := Remove(dir, r); err != nil {
			t.Fatal(err)
		}
		w.holds(dir) // after each step: a kill may come anywhere
	}
	if _, err := ReadManifest(dir, first.Batch); !errors.Is(err, ErrNoManifest) {
		t.Errorf("the first batch: %v", err)
	}
	if list, err := ListRemovable(dir, 1, ""); err != nil || len(list) != 0 {
		t.Errorf("a second purge finds %v, %v", paths(list), err)
	}
}

// A purge killed between a batch's mark and its manifest is ended by the next; what a batch under way has put in
// its place already is left alone, and what killed ones left in staging goes.
func TestPurgeKnowsHalfDoneWork(t *testing.T) {
	w, dir := twoNights(t)
	first := w.env(dir).Batch.ID
	if err := os.Remove(filepath.Join(dir, "_batches", first, successName)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"files/fact_claim/service_month=2025-01/part-2026-01-01-001-0000.parquet", ".staging/2026-01-01-001/x", ".staging/2025-01-01-001/y", ".current-new/z"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("1234"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := ListRemovable(dir, 0, "2026-01-01-001")
	if err != nil {
		t.Fatal(err)
	}
	got := paths(list)
	if got[0] != "_batches/"+first || !slices.Equal(got[len(got)-2:], []string{".current-new", ".staging/2025-01-01-001"}) {
		t.Errorf("got %v", got)
	}
	for _, r := range list {
		if strings.Contains(r.Path, "2026-01-01-001") {
			t.Errorf("%s belongs to the batch under way", r.Path)
		}
		if err := Remove(dir, r); err != nil {
			t.Fatal(err)
		}
	}
	w.holds(dir)
	if err := Remove(dir, Removable{Path: "../elsewhere"}); err == nil {
		t.Error("something outside the folder was removed")
	}
}

// A copy of the published files, with current/ made anew, is a view like the one it was copied from.
func TestACopyOfThePublishedFilesIsTheSameView(t *testing.T) {
	w, dir := twoNights(t)
	copied := t.TempDir()
	files, err := PublishedFiles(dir, []string{w.env(dir).Batch.ID, w.env2(dir).Batch.ID, "2099-01-01-001"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(pathIn(dir, f.Path))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(pathIn(copied, f.Path)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(pathIn(copied, f.Path), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Current(copied, ""); err != nil {
		t.Fatal(err)
	}
	w.holds(copied)
	sameTree(t, "the copy", tree(t, copied), tree(t, dir))
	if err := Current(t.TempDir(), ""); err != nil {
		t.Errorf("nothing is published: %v", err)
	}
}

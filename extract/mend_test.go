package extract

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"revcycle/civil"
)

// nothingExpected is what batches of the test world expected.
func nothingExpected(int64, civil.Date) ([]Missing, []string, error) { return nil, nil, nil }

func silent(Mended) error { return nil }

// damages are what can happen to a file.
var damages = map[string]func(path string) error{
	"gone":  os.Remove,
	"empty": func(path string) error { return os.Truncate(path, 0) },
	"half": func(path string) error {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		return os.Truncate(path, info.Size()/2)
	},
	"a byte": func(path string) error {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b[len(b)/2] ^= 1
		return os.WriteFile(path, b, 0o600)
	},
}

// Each file of a view, damaged in any way, is made again byte for byte, whichever batch wrote it; what stood there is kept.
func TestEveryDamagedFileIsMadeAgain(t *testing.T) {
	w, dir := twoNights(t)
	before := tree(t, filepath.Join(dir, filesDir))
	m, err := Latest(dir)
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	ways := sortedKeys(damages)
	for i, f := range m.Files {
		written[writer(f)] = true
		for _, how := range ways[i%len(ways) : i%len(ways)+1] {
			damage := damages[how]
			if err := damage(pathIn(dir, f.Path)); err != nil {
				t.Fatal(err)
			}
			got, err := Mend(context.Background(), w.env2(dir), nothingExpected, silent)
			if err != nil || !slices.Equal(got.Restored, []string{f.Path}) || len(got.Lost) > 0 {
				t.Fatalf("%s, %s: got %+v, %v", f.Path, how, got, err)
			}
			sameTree(t, f.Path+", "+how, tree(t, filepath.Join(dir, filesDir)), before)
		}
	}
	if len(written) != 2 {
		t.Errorf("the view is of files that %d batches wrote, want 2", len(written))
	}
	kept, err := os.ReadDir(filepath.Join(dir, DamagedDir))
	if err != nil || len(kept) == 0 {
		t.Errorf("nothing is kept of what was damaged: %v", err)
	}
	if got, err := Mend(context.Background(), w.env2(dir), nothingExpected, silent); err != nil || len(got.Restored)+len(got.Lost) > 0 {
		t.Errorf("a sound view was mended: %+v, %v", got, err)
	}
}

// All files damaged at once are all made again, and the view that is published after is the one that would have been.
func TestAViewWithoutAWholeFileIsMadeAgain(t *testing.T) {
	w, dir := twoNights(t)
	before := tree(t, filepath.Join(dir, filesDir))
	m, _ := Latest(dir)
	for _, f := range m.Files {
		if err := os.Truncate(pathIn(dir, f.Path), 3); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Mend(context.Background(), w.env2(dir), nothingExpected, silent); err != nil {
		t.Fatal(err)
	}
	sameTree(t, "all damaged", tree(t, filepath.Join(dir, filesDir)), before)
}

// A kill at any step of mending is made good by mending again.
func TestAKilledMendIsMended(t *testing.T) {
	w, published := twoNights(t)
	before := tree(t, filepath.Join(published, filesDir))
	m, _ := Latest(published)
	killed := errors.New("killed")
	for step := 0; ; step++ {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(published)); err != nil {
			t.Fatal(err)
		}
		for _, f := range m.Files[:3] {
			if err := os.Truncate(pathIn(dir, f.Path), 1); err != nil {
				t.Fatal(err)
			}
		}
		env, at := w.env2(dir), 0
		env.fault = func(op, path string) error {
			if at++; at > step*23 {
				return killed
			}
			return nil
		}
		_, err := Mend(context.Background(), env, nothingExpected, silent)
		if err == nil {
			if step < 3 {
				t.Errorf("only %d steps", step)
			}
			return
		}
		if !errors.Is(err, killed) {
			t.Fatal(err)
		}
		if _, err := Mend(context.Background(), w.env2(dir), nothingExpected, silent); err != nil {
			t.Fatal(err)
		}
		sameTree(t, "killed and mended", tree(t, filepath.Join(dir, filesDir)), before)
	}
}

// What the ledger and today's configuration do not give byte for byte is lost, is said so before anything is touched, and the next view
// says anew what the ledger tells.
func TestWhatCannotBeMadeAgainIsSaidAnew(t *testing.T) {
	w, dir := twoNights(t)
	m, _ := Latest(dir)
	var lost []string
	for _, f := range m.Files {
		if writer(f) == "2025-04-01-001" {
			lost = append(lost, f.Path)
			if err := os.Remove(pathIn(dir, f.Path)); err != nil {
				t.Fatal(err)
			}
		}
	}
	other := w.env2(dir)
	other.BillHold += 30 // one part of the configuration that files are made by
	got, err := Mend(context.Background(), other, func(int64, civil.Date) ([]Missing, []string, error) {
		return []Missing{{"F1", "remits: 0 of 1 files"}}, nil, nil
	}, silent)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Lost) == 0 || !got.Facilities || len(got.Lost)+len(got.Restored) != len(lost) {
		t.Fatalf("got %+v", got)
	}
	w.batch(3, "2025-04-03-001", civil.Of(2025, 4, 3))
	w.commit(false)
	env := w.env2(dir)
	env.Batch, env.AsOf, env.Lost = Batch{3, "2025-04-03-001"}, civil.Of(2025, 4, 3), got.Lost
	next := w.publish(env)
	for _, f := range next.Files {
		if slices.Contains(got.Lost, f.Path) {
			t.Errorf("the view names %s, which is lost", f.Path)
		}
		if err := verifyFile(dir, f); err != nil {
			t.Errorf("%s: %v", f.Path, err)
		}
	}
	// The same ledger published without any damage has the same rows in every table but that of the facilities.
	clean := t.TempDir()
	w2 := env
	w2.Dir, w2.Lost = clean, nil
	whole := w.publish(w2)
	for _, table := range Tables {
		if table.Name != factBatchFacility.Name && table.Kind != Dated && next.Rows(table.Name) != whole.Rows(table.Name) {
			t.Errorf("%s has %d rows, want %d", table.Name, next.Rows(table.Name), whole.Rows(table.Name))
		}
	}
}

// A file that may not be read is no damaged file: nothing is made again over it.
func TestAFileThatCannotBeReadIsNoDamage(t *testing.T) {
	if os.Getuid() == 0 {
		dir := t.TempDir() // root reads everything: a folder in a file's place is what it cannot read
		if err := os.MkdirAll(filepath.Join(dir, "files", "x.parquet"), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := damaged(context.Background(), dir, []File{{Path: "files/x.parquet"}}); err == nil {
			t.Error("a folder was taken for a damaged file")
		}
		return
	}
	w, dir := twoNights(t)
	m, _ := Latest(dir)
	if err := os.Chmod(pathIn(dir, m.Files[0].Path), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Mend(context.Background(), w.env2(dir), nothingExpected, silent); err == nil || !strings.Contains(err.Error(), "permission") {
		t.Errorf("got %v", err)
	}
}

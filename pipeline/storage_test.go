package pipeline_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"revcycle/ledger/mem"
)

// A night whose inbox, archive and quarantine lie in object storage leaves the bytes of one in folders: the
// sender's objects are taken and removed, the originals and the held units are in the bucket, and nothing of them
// is left on this machine's disk.
func TestANightOverObjectStorage(t *testing.T) {
	for key, value := range map[string]string{"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(key, value)
	}
	store := s3mem.New()
	if err := store.CreateBucket("house"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(store).Server())
	t.Cleanup(server.Close)
	files, _ := simulated(t, 12, 60)
	files["torn.835"] = []byte("ISA*00*          *00*          *ZZ*A")
	folders := newNight(t, sample, mem.New())
	want := folders.over(files, simulatedEnd)
	kept, _ := filepath.Glob(filepath.Join(folders.dir, "archive", "??", "*.zst"))
	held, err := filepath.Glob(filepath.Join(folders.dir, "quarantine", "*", "raw"))
	if err != nil || len(held) == 0 || len(kept) == 0 {
		t.Fatalf("the folders hold %d units and %d originals, %v", len(held), len(kept), err)
	}

	n := newNight(t, sample, mem.New())
	for _, place := range []string{"inbox", "archive", "quarantine"} {
		n.setting(place, fmt.Sprintf("s3://house/%s?endpoint=%s", place, server.URL))
		if err := os.Remove(filepath.Join(n.dir, place)); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range files {
		put, err := http.NewRequest(http.MethodPut, server.URL+"/house/inbox/"+name, bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := server.Client().Do(put)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatal(answer, err)
		}
		answer.Body.Close()
	}
	if p, err := n.env(simulatedEnd).Plan(context.Background()); err != nil || len(p.Files) != len(files) {
		t.Fatalf("plan sees %d files, %v", len(p.Files), err)
	}
	if sum := n.run(simulatedEnd); sum.Counts.Files != len(files) {
		t.Errorf("took %d files of %d", sum.Counts.Files, len(files))
	}
	if got := n.digest(simulatedEnd); got != want {
		t.Errorf("the night differs:\n%s", diff(got, want))
	}
	page, err := store.ListBucket("house", nil, gofakes3.ListBucketPage{})
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, o := range page.Contents {
		count[strings.SplitN(o.Key, "/", 2)[0]]++
	}
	if count["inbox"] != 0 || count["archive"] != len(kept) || count["quarantine"] != 2*len(held) {
		t.Errorf("the bucket holds %v, want an empty inbox, %d originals, %d held units of two objects", count, len(kept), len(held))
	}
	for _, place := range []string{"inbox", "archive", "quarantine", ".work"} {
		if left, err := os.ReadDir(filepath.Join(n.dir, place)); len(left) > 0 {
			t.Errorf("%s on this disk: %v %v", place, left, err)
		}
	}
}

package workspace

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"revcycle/claim"
)

// Doctor says what a place does not allow before a night finds out, and leaves nothing there.
func TestDoctorTriesThePlaces(t *testing.T) {
	refused, code := "", ""
	s := newS3(t, func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if strings.Contains(refused, r.Method) && (r.Method != http.MethodGet || r.URL.Query().Has("list-type") == (code == "NoSuchBucket")) {
			status := http.StatusForbidden
			if code == "NoSuchBucket" {
				status = http.StatusNotFound
			}
			return refuse(w, status, code)
		}
		return false
	})
	w := fresh(t, append(s.places(), "spool: "+t.TempDir())...)
	dropObject(t, newBucketShelf(s.url("night/in")), "a.835", "x")
	look := func(name string) Check {
		for _, c := range append(w.checkPlaces(), w.checkInbox(time.Now())) {
			if c.Name == name {
				return c
			}
		}
		t.Fatalf("no check of %s", name)
		return Check{}
	}
	for _, c := range []struct {
		refused, code, place string
		state                State
		want                 string
	}{
		{"", "", "archive", OK, "s3://house/night/kept can be listed, read and written"},
		{"GET", "NoSuchBucket", "archive", Fail, "listing: s3://house/night/kept: there is no such bucket"},
		{"PUT", "AccessDenied", "quarantine", Fail, "putting a file: s3://house/night/held: no permission"},
		{"PUT", "AccessDenied", "inbox", Warn, "it can be listed"},
		{"GET", "AccessDenied", "archive", Fail, "reading a file: s3://house/night/kept: no permission"},
		{"DELETE", "AccessDenied", "inbox", Fail, "taking a file away: s3://house/night/in: no permission"},
	} {
		refused, code = c.refused, c.code
		if got := look(c.place); got.State != c.state || !strings.Contains(got.Message, c.want) || c.state != OK && got.Advice == "" {
			t.Errorf("%s refused with %s: got %+v, want %s", c.refused, c.code, got, c.want)
		}
		refused = ""
		for _, key := range s.keys(t) {
			if strings.Contains(key, ".probe") {
				if c.refused != "DELETE" {
					t.Errorf("%s refused: left %s", c.refused, key)
				}
				if _, err := s.store.DeleteObject("house", key); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestDoctorTriesAFolderElsewhere(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "shared")
	w := fresh(t, "archive: "+shared)
	// A share that is not mounted must not become a folder of this machine's disk.
	if c := w.checkPlaces()[0]; c.State != Fail || !strings.Contains(c.Message, "mount it, or make it") {
		t.Errorf("a folder that is not there: %+v", c)
	}
	drop(t, w, "a.835", []byte("x"))
	if _, err := w.Archive(list(t, w, time.Now())[0]); err == nil || !strings.Contains(err.Error(), "mount it, or make it") {
		t.Errorf("archived with %v", err)
	}
	if _, err := w.OpenArchived(claim.Digest{1}); err == nil || errors.Is(err, ErrNotArchived) {
		t.Errorf("nobody knows what the archive has: %v", err)
	}
	if err := os.Mkdir(shared, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range w.checkPlaces() {
		if c.State != OK {
			t.Errorf("%+v", c)
		}
	}
	if left, err := filepath.Glob(shared + "/*"); len(left) > 0 || err != nil {
		t.Errorf("left %v %v", left, err)
	}
	if err := os.RemoveAll(shared); err != nil {
		t.Fatal(err)
	}
	WriteFile(shared, []byte("a file"))
	if c := w.checkPlaces()[0]; c.State != Fail || !strings.Contains(c.Message, "listing") {
		t.Errorf("a file in the folder's place: %+v", c)
	}
}

func TestDoctorKnowsTheFacilitiesThatAreExpected(t *testing.T) {
	w := fresh(t, "expect:", "  - {files: n.835, facility: NORTH}", "  - {files: s.835, facility: SUOTH}", "  - any.835")
	WriteFile(w.Path("masters/facilities.csv"), []byte("facility_id,name,entity,tin,npi,from,to\nNORTH,N,E,990000001,1234567893,2020-01-01,\n"))
	var got []string
	for _, c := range w.Doctor(start) {
		if c.Name == "expect" {
			got = append(got, string(c.State)+" "+c.Message)
		}
	}
	if len(got) != 1 || !strings.HasPrefix(got[0], "warn s.835 is the file of SUOTH") {
		t.Errorf("got %q", got)
	}
}

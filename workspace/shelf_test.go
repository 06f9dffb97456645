package workspace

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"revcycle/claim"
)

func TestTheInboxIsTheSameEverywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, k keeper) {
		w := k.open(t, "settle: 10m")
		for _, name := range []string{"b.835", "b.835.done", "acme/x/c.835", ".hidden", ".dir/z.835", "d.835.tmp", "gone.done", `back\slash`, "line\nbreak"} {
			k.drop(t, name, "x")
		}
		look := func(now time.Time) string {
			var out []string
			for _, a := range list(t, w, now) {
				out = append(out, fmt.Sprint(a.Name, " ", a.Complete))
			}
			return strings.Join(out, ", ")
		}
		const odd = `"back\\slash" false, "line\nbreak" false, `
		if got, want := look(time.Now()), odd+"acme/x/c.835 false, b.835 true"; got != want {
			t.Errorf("at once\n got  %s\n want %s", got, want)
		}
		if got, want := look(time.Now().Add(11*time.Minute)), odd+"acme/x/c.835 true, b.835 true"; got != want {
			t.Errorf("settled\n got  %s\n want %s", got, want)
		}
		// The clock was set back by a day: nobody knows how long a file has rested, only its mark tells.
		if got, want := look(time.Now().Add(-24*time.Hour)), odd+"acme/x/c.835 false, b.835 true"; got != want {
			t.Errorf("clock set back\n got  %s\n want %s", got, want)
		}
		for _, a := range list(t, w, time.Now().Add(-24*time.Hour)) {
			if a.Name == "acme/x/c.835" && !strings.Contains(a.Why, "set the clock, or put c.835.done beside it") {
				t.Errorf("why: %s", a.Why)
			}
			if !a.Complete {
				if _, err := w.Archive(a); err == nil {
					t.Errorf("%s was archived", a.Name)
				}
				continue
			}
			if _, err := w.Archive(a); err != nil {
				t.Error(err)
			}
			if err := errors.Join(w.RemoveFromInbox(a), w.RemoveFromInbox(a)); err != nil {
				t.Error(err)
			}
		}
		if got, want := look(time.Now()), odd+"acme/x/c.835 false"; got != want {
			t.Errorf("after its removal\n got  %s\n want %s", got, want)
		}
	})
}

// A sender with the right to write objects chooses their names; none may lead out of the place.
func TestAnObjectsNameLeadsNowhere(t *testing.T) {
	s := newS3(t, nil)
	w := fresh(t, s.places()...)
	for _, name := range []string{"../up", "/abs", "a/../b", "a//b", "./a", "bell\x07", "good"} {
		body := "x"
		if _, err := s.store.PutObject("house", "night/in/"+name, nil, strings.NewReader(body), 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	dropObject(t, newBucketShelf(s.url("night/in")), "folder/", "")
	for _, a := range list(t, w, time.Now()) {
		if a.Complete != (a.Name == "good") || !a.Complete && a.Why != refusedName {
			t.Errorf("%s: complete %v, %s", a.Name, a.Complete, a.Why)
		}
	}
	for _, sh := range []shelf{w.inbox, w.archived, &folderShelf{dir: t.TempDir()}} {
		for _, name := range []string{"../up", "/abs", "a//b", "", ".", `a\b`, "\xff"} {
			_, oerr := sh.open(t.Context(), name)
			_, serr := sh.stat(t.Context(), name)
			if perr, rerr := sh.put(t.Context(), name, strings.NewReader("x")), sh.remove(t.Context(), name); (oerr == nil || serr == nil || perr == nil || rerr == nil) && name != "" {
				t.Errorf("%s took %q: %v %v %v %v", sh, name, oerr, serr, perr, rerr)
			}
		}
	}
}

func TestTheArchiveIsTheSameEverywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, k keeper) {
		w, other := k.open(t), k.open(t)
		text := strings.Repeat("CLM*1*100~\n", 20_000)
		k.drop(t, "a.837", text)
		a := list(t, w, time.Now())[0]
		var wg sync.WaitGroup
		for _, one := range []*Workspace{w, other, w, other} { // the same file, by two machines, twice each
			wg.Go(func() {
				if arc, err := one.Archive(a); err != nil || arc.Size != int64(len(text)) {
					t.Errorf("%+v %v", arc, err)
				}
			})
			if strings.HasSuffix(t.Name(), "/fileblob") {
				wg.Wait() // its driver keeps attributes in a second file: no workspace lies on it, file:/// is our own folder
			}
		}
		wg.Wait()
		again, err := w.Archive(a)
		if err != nil || !again.Known {
			t.Fatalf("again: %+v %v", again, err)
		}
		third := k.open(t) // a machine that archived nothing
		for _, one := range []*Workspace{w, third} {
			if content(t, one, again.SHA256) != text {
				t.Error("the content read back is another")
			}
			if err := one.CheckArchived(again.SHA256); err != nil {
				t.Error(err)
			}
		}
		o, err := third.OpenArchived(again.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		if err := errors.Join(other.DropSpools(), third.DropSpools()); err != nil {
			t.Fatal(err)
		}
		if left := unfinishedIn(t, w); left != "" {
			t.Errorf("left %s", left)
		}
		var at [4]byte
		if _, err := o.ReadAt(at[:], 11); err != nil || string(at[:]) != "CLM*" {
			t.Errorf("what is open was taken away: %q %v", at, err)
		}
		if content(t, third, again.SHA256) != text {
			t.Error("what is needed again was not made again")
		}
		if _, err := w.OpenArchived(claim.Digest{1}); !errors.Is(err, ErrNotArchived) {
			t.Errorf("an unknown digest: %v", err)
		}
	})
}

func TestWhatIsPutIsWholeOrNotThere(t *testing.T) {
	everywhere(t, func(t *testing.T, k keeper) {
		w := k.open(t)
		torn := errors.New("torn")
		for _, size := range []int{10, 18 << 20} { // in one piece, and in several parts
			r := io.MultiReader(io.LimitReader(noise(1), int64(size)), iotest.ErrReader(torn))
			if err := w.archived.put(t.Context(), "ab/x", r); !errors.Is(err, torn) {
				t.Errorf("%d bytes: %v", size, err)
			}
			if it, err := w.archived.stat(t.Context(), "ab/x"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%d bytes: there is %+v %v", size, it, err)
			}
		}
		for it, err := range w.archived.list(t.Context(), "") {
			t.Errorf("left %+v %v", it, err)
		}
		for _, text := range []string{"old", "new"} {
			if err := w.archived.put(t.Context(), "ab/x", strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
		}
		f, err := w.archived.open(t.Context(), "ab/x")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if b, err := io.ReadAll(f); string(b) != "new" || err != nil {
			t.Errorf("%q %v", b, err)
		}
	})
}

func TestAFileThatChangesIsLeftEverywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, k keeper) {
		w := k.open(t)
		k.drop(t, "a", "first")
		a := list(t, w, time.Now())[0]
		k.drop(t, "a", "first and more")
		if _, err := w.Archive(a); !errors.Is(err, ErrChanged) {
			t.Errorf("changed before: %v", err)
		}
		if err := w.RemoveFromInbox(a); !errors.Is(err, ErrChanged) {
			t.Errorf("removed: %v", err)
		}
		a = list(t, w, time.Now())[0]
		f, seen, err := w.openArrival(a)
		if err != nil {
			t.Fatal(err)
		}
		k.drop(t, "a", "FIRST and more") // the same length, while it is open
		time.Sleep(5 * time.Millisecond)
		if it, err := w.inbox.stat(t.Context(), "a"); err == nil && seen.info == nil && it.version == seen.version {
			t.Errorf("the version does not tell: %+v, %+v", it, seen)
		}
		if _, err := w.archive(seen, f); !errors.Is(err, ErrChanged) {
			t.Errorf("changed while it was open: %v", err)
		}
		f.Close()
		for it, err := range w.archived.list(t.Context(), "") {
			t.Errorf("archived: %+v %v", it, err)
		}
		a = list(t, w, time.Now())[0]
		if err := w.inbox.remove(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Archive(a); !errors.Is(err, ErrChanged) {
			t.Errorf("a file that is gone: %v", err)
		}
	})
}

func TestQuarantineIsTheSameEverywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, k keeper) {
		w := k.open(t)
		if held, err := w.Quarantined(); err != nil || len(held) > 0 {
			t.Fatalf("%v %v", held, err)
		}
		reason := Reason{Batch: "2026-11-22-001", File: "a.835", Unit: "set", Code: "TORN"}
		disk := errors.New("disk")
		if err := w.Quarantine("a-1", reason, io.MultiReader(strings.NewReader("half"), iotest.ErrReader(disk))); !errors.Is(err, disk) {
			t.Errorf("got %v", err)
		}
		for range 2 {
			if err := w.Quarantine("b-2", reason, strings.NewReader("ST*835")); err != nil {
				t.Fatal(err)
			}
		}
		held, err := k.open(t).Quarantined()
		if err != nil || len(held) != 1 || held[0].ID != "b-2" || held[0].Code != "TORN" {
			t.Fatalf("%+v %v", held, err)
		}
		f, err := w.OpenQuarantined("b-2")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if raw, err := io.ReadAll(f); string(raw) != "ST*835" || err != nil {
			t.Errorf("%q %v", raw, err)
		}
		if _, err := w.OpenQuarantined("c-3"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("none of that ID: %v", err)
		}
		if err := errors.Join(w.DropQuarantined("b-2"), w.DropQuarantined("b-2")); err != nil {
			t.Error(err)
		}
		for it, err := range w.held.list(t.Context(), "") {
			t.Errorf("left %+v %v", it, err)
		}
	})
}

// What the storage refuses becomes a sentence, and one unreadable object does not stop the others.
func TestTheStoragesRefusalsAreSentences(t *testing.T) {
	var status int
	var code, part string
	s := newS3(t, func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		return code != "" && strings.Contains(r.URL.Path, part) && r.Method != http.MethodPut && refuse(w, status, code)
	})
	w := fresh(t, s.places()...)
	dropObject(t, newBucketShelf(s.url("night/in")), "a.835", "x")
	dropObject(t, newBucketShelf(s.url("night/in")), "b.835", "x")
	seen := list(t, w, time.Now())
	for _, c := range []struct {
		status int
		code   string
		want   string
		is     error
	}{
		{403, "AccessDenied", "no permission; the credentials in use must be allowed to list", fs.ErrPermission},
		{404, "NoSuchBucket", "there is no such bucket", fs.ErrNotExist},
		{301, "PermanentRedirect", "another region", nil},
		{400, "AuthorizationHeaderMalformed", "another region", nil},
		{403, "SignatureDoesNotMatch", "the credentials are not valid here", fs.ErrPermission},
	} {
		status, code, part = c.status, c.code, "house"
		_, err := w.Inbox(time.Now())
		if err == nil || !strings.Contains(err.Error(), "s3://house/night/in: ") || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s\n got  %v\n want %s", c.code, err, c.want)
		}
	}
	status, code, part = 403, "AccessDenied", "a.835"
	if _, err := w.Archive(seen[0]); !errors.Is(err, ErrUnreadable) {
		t.Errorf("an object that may not be read: %v", err)
	}
	if _, err := w.Archive(seen[1]); err != nil {
		t.Errorf("the other: %v", err)
	}
}

// A storage that keeps other bytes than it was sent is found out, by the MD5 or by reading back, and what it
// kept is taken away; one that gives an MD5 of its own encryption is not accused.
func TestAnUploadIsVerified(t *testing.T) {
	spoil := false
	s := newS3(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) bool {
		switch {
		case r.Method == http.MethodPut && spoil:
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("!"), skip(r.Body)))
			r.Header.Del("Content-Md5")
		case r.Method == http.MethodHead && !spoil:
			next.ServeHTTP(otherETag{w}, r)
			return true
		}
		return false
	})
	store := newBucketShelf(s.url("kept"))
	for _, size := range []int64{1000, 18 << 20} {
		spoil = true
		if err := store.put(t.Context(), "ab/x", io.LimitReader(noise(2), size)); err == nil || !strings.Contains(err.Error(), "other bytes than were sent") {
			t.Errorf("%d spoilt bytes: %v", size, err)
		}
		if got := s.keys(t); len(got) > 0 {
			t.Errorf("left %v", got)
		}
		spoil = false
		if err := store.put(t.Context(), "ab/x", io.LimitReader(noise(2), size)); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		if it, err := store.stat(t.Context(), "ab/x"); err != nil || it.size != size {
			t.Errorf("%d bytes: %+v %v", size, it, err)
		}
		store.remove(t.Context(), "ab/x")
	}
}

func TestPlacesHoldNoSecret(t *testing.T) {
	for text, want := range map[string]string{
		"inbox: s3://AKIA:hush@house/in":                           "credentials do not belong",
		"archive: s3://house/in?secret_key=hush":                   "credentials do not belong",
		"archive: s3://house/in?aws_access_key_id=hush":            "credentials do not belong",
		"archive: s3://house/in?X-Amz-Security-Token=hush":         "credentials do not belong",
		"quarantine: s3://house/in?endpoint=https://hush:hush@x/":  "credentials do not belong",
		"archive: s3:///in":                                        "names no bucket",
		"archive: s3://house/../in":                                "no name",
		"archive: s3://house/in?regoin=x":                          "did you mean region?",
		"archive: s3://house/in?anonymous=true":                    "takes no \"anonymous\"",
		"archive: s3://house/in?endpoint=http://store.example.org": "unencrypted",
		"archive: s3://house/in?endpoint=store":                    "no URL",
		"archive: gs://house/in":                                   "neither a folder nor a URL",
		"archive: file://server/in":                                "no folder of this machine",
		"archive: file:///in?create_dir=1":                         "no folder of this machine",
		"archive: \"s3://hush:%zz@house/\"":                        "is no URL",
		"archive: \"\"":                                            "is empty",
		"archive: [a]":                                             "takes one value",
	} {
		_, err := parseConfig([]byte(text))
		if err == nil || !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s\n got  %v\n want %s", text, err, want)
		}
	}
	c, err := parseConfig([]byte("inbox: file:///srv/in/\narchive: s3://house/a/b?region=us-east-2&ssetype=aws:kms&kmskeyid=1234\n"))
	if err != nil || c.InboxAt != "/srv/in" {
		t.Errorf("%q %v", c.InboxAt, err)
	}
	if got := newBucketShelf(c.ArchiveAt).String(); got != "s3://house/a/b" {
		t.Errorf("for people: %s", got)
	}
	if !slices.Contains(Keys(), "archive") {
		t.Error("archive is no key")
	}
}

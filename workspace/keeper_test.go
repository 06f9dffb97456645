package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
)

// keeper is one kind of place in which files are kept, shared by the workspaces that open makes.
type keeper struct {
	open func(t *testing.T, yaml ...string) *Workspace
	drop func(t *testing.T, name, text string) // puts a file into the inbox
}

// everywhere runs a test over each kind of place: a folder, gocloud's buckets in a folder, and S3.
func everywhere(t *testing.T, f func(*testing.T, keeper)) {
	t.Run("folder", func(t *testing.T) {
		dir := t.TempDir()
		places := []string{"inbox: " + dir + "/in", "archive: file://" + dir + "/kept", "quarantine: " + dir + "/held"}
		for _, part := range []string{"in", "kept", "held"} {
			os.Mkdir(filepath.Join(dir, part), 0o700)
		}
		f(t, keeper{
			open: func(t *testing.T, yaml ...string) *Workspace { return fresh(t, append(yaml, places...)...) },
			drop: func(t *testing.T, name, text string) {
				path := filepath.Join(dir, "in", filepath.FromSlash(name))
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
	t.Run("fileblob", func(t *testing.T) {
		dir := t.TempDir()
		at := func(part string) *bucketShelf {
			return &bucketShelf{place: part, turns: make(chan struct{}, uploads), dial: func(context.Context) (*blob.Bucket, error) {
				return fileblob.OpenBucket(filepath.Join(dir, part), &fileblob.Options{CreateDir: true, NoTempDir: true})
			}}
		}
		f(t, keeper{
			open: func(t *testing.T, yaml ...string) *Workspace {
				w := fresh(t, append(yaml, "profile: operations")...)
				w.inbox, w.archived, w.held = at("in"), at("kept"), at("held")
				return w
			},
			drop: func(t *testing.T, name, text string) { dropObject(t, at("in"), name, text) },
		})
	})
	t.Run("s3", func(t *testing.T) {
		s := newS3(t, nil)
		f(t, keeper{
			open: func(t *testing.T, yaml ...string) *Workspace { return fresh(t, append(yaml, s.places()...)...) },
			drop: func(t *testing.T, name, text string) { dropObject(t, newBucketShelf(s.url("night/in")), name, text) },
		})
	})
}

func dropObject(t *testing.T, s *bucketShelf, name, text string) {
	t.Helper()
	b, err := s.bucket(t.Context())
	if err == nil {
		err = b.WriteAll(t.Context(), name, []byte(text), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// s3 is an S3-compatible server on loopback with one bucket, house.
type s3 struct {
	*httptest.Server
	store gofakes3.Backend
}

// newS3 starts the server. fault may answer a request in the server's place.
func newS3(t *testing.T, fault func(http.ResponseWriter, *http.Request, http.Handler) bool) s3 {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	store := s3mem.New()
	if err := store.CreateBucket("house"); err != nil {
		t.Fatal(err)
	}
	fake := gofakes3.New(store).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault == nil || !fault(w, r, fake) {
			fake.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return s3{server, store}
}

func (s s3) url(prefix string) string { return "s3://house/" + prefix + "?endpoint=" + s.URL }

func (s s3) places() []string {
	return []string{"inbox: " + s.url("night/in"), "archive: " + s.url("night/kept"), "quarantine: " + s.url("night/held")}
}

// keys lists what the bucket holds.
func (s s3) keys(t *testing.T) []string {
	t.Helper()
	page, err := s.store.ListBucket("house", nil, gofakes3.ListBucketPage{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, o := range page.Contents {
		out = append(out, o.Key)
	}
	return out
}

// refuse answers as S3 does.
func refuse(w http.ResponseWriter, status int, code string) bool {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>no</Message></Error>`, code)
	return true
}

// otherETag gives objects the ETag that a storage with its own keys gives: of the form of an MD5, and none.
type otherETag struct{ http.ResponseWriter }

func (w otherETag) WriteHeader(status int) {
	w.Header().Set("ETag", `"00000000000000000000000000000000"`)
	w.ResponseWriter.WriteHeader(status)
}

// skip drops the first byte.
func skip(r io.Reader) io.Reader {
	var b [1]byte
	io.ReadFull(r, b[:])
	return r
}

// noise is bytes that do not compress, the same for a seed.
func noise(seed uint64) io.Reader { return &noiseReader{seed} }

type noiseReader struct{ x uint64 }

func (n *noiseReader) Read(p []byte) (int, error) {
	for i := range p {
		n.x ^= n.x << 13
		n.x ^= n.x >> 7
		n.x ^= n.x << 17
		p[i] = byte(n.x >> 32)
	}
	return len(p), nil
}

package workspace

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"strings"
	"sync"
	"time"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/s3blob" // opens s3:// URLs
	"gocloud.dev/gcerrors"
)

// bucketShelf is a part of a bucket of object storage. An object appears whole or not at all, and so
// does what is put here; what has been put is compared with what the storage says it keeps.
type bucketShelf struct {
	place string // for people: s3://bucket/prefix
	dial  func(ctx context.Context) (*blob.Bucket, error)

	turns chan struct{} // those who put

	mu sync.Mutex
	b  *blob.Bucket // nil until it is first used
}

const (
	// stall is how long a transfer may move no byte before it is given up.
	stall = 5 * time.Minute
	// An upload is cut into parts of partSize, S3's least, of which uploadParts are sent at a time. With what the
	// library reads ahead it holds some 45 MB at any size of file, so that few go on at once.
	partSize    = 5 << 20
	uploadParts = 2
	uploads     = 2
)

// newBucketShelf is the shelf of a URL that checkBucket took. It asks nothing of the network.
func newBucketShelf(place string) *bucketShelf {
	u, err := url.Parse(place)
	if err != nil {
		panic(err) // parsePlace took it
	}
	prefix := strings.Trim(u.Path, "/")
	query := u.Query()
	preset := func(key, value string) {
		if !query.Has(key) {
			query.Set(key, value)
		}
	}
	if query.Has("endpoint") {
		// Servers that speak S3 know buckets as folders, one region, and not every checksum.
		preset("use_path_style", "true")
		preset("region", "us-east-1")
		preset("request_checksum_calculation", "when_required")
	}
	preset("response_checksum_validation", "when_required") // the archive holds every byte to its digest itself
	if prefix != "" {
		query.Set("prefix", prefix+"/")
	}
	open := (&url.URL{Scheme: u.Scheme, Host: u.Host, RawQuery: query.Encode()}).String()
	return &bucketShelf{
		place: strings.TrimSuffix(scheme+u.Host+"/"+prefix, "/"),
		turns: make(chan struct{}, uploads),
		dial:  func(ctx context.Context) (*blob.Bucket, error) { return blob.OpenBucket(ctx, open) },
	}
}

func (s *bucketShelf) String() string { return s.place }

// bucket opens the bucket when it is first used.
func (s *bucketShelf) bucket(ctx context.Context) (*blob.Bucket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.b == nil {
		b, err := s.dial(ctx)
		if err != nil {
			return nil, s.explain(err)
		}
		s.b = b
	}
	return s.b, nil
}

// use opens the bucket for one act on a name, with a context that ends when nothing moves any more.
func (s *bucketShelf) use(ctx context.Context, name string) (*blob.Bucket, *watch, error) {
	if name != "" && !openable(name) {
		return nil, nil, fmt.Errorf("%q: %s", name, refusedName)
	}
	w := newWatch(ctx)
	b, err := s.bucket(w.ctx)
	if err != nil {
		w.end()
		return nil, nil, err
	}
	return b, w, nil
}

// watch ends a context when nothing has moved for the time of stall.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

func newWatch(ctx context.Context) *watch {
	w := &watch{}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.timer = time.AfterFunc(stall, func() { w.cancel(fmt.Errorf("the storage moved no byte for %s", stall)) })
	return w
}

func (w *watch) moved() { w.timer.Reset(stall) }

func (w *watch) end() {
	w.timer.Stop()
	w.cancel(nil)
}

func (s *bucketShelf) list(ctx context.Context, under string) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		b, w, err := s.use(ctx, "")
		if err != nil {
			yield(item{}, err)
			return
		}
		defer w.end()
		if under != "" {
			under += "/"
		}
		objects := b.List(&blob.ListOptions{Prefix: under})
		for {
			o, err := objects.Next(w.ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(item{}, s.explain(err))
				return
			}
			w.moved()
			if strings.HasSuffix(o.Key, "/") && o.Size == 0 {
				continue // what consoles put in the place of a folder
			}
			it := item{name: o.Key, size: o.Size, touched: o.ModTime, hidden: isHidden(o.Key), version: fmt.Sprintf("%x", o.MD5)}
			if !openable(o.Key) {
				it.refused, it.hidden = refusedName, false
			}
			if !yield(it, nil) {
				return
			}
		}
	}
}

func (s *bucketShelf) stat(ctx context.Context, name string) (item, error) {
	b, w, err := s.use(ctx, name)
	if err != nil {
		return item{}, err
	}
	defer w.end()
	return s.look(w.ctx, b, name)
}

func (s *bucketShelf) look(ctx context.Context, b *blob.Bucket, name string) (item, error) {
	a, err := b.Attributes(ctx, name)
	if err != nil {
		return item{}, s.explain(err)
	}
	it := item{name: name, size: a.Size, touched: a.ModTime, version: fmt.Sprintf("%x", a.MD5)}
	if len(a.MD5) == 0 {
		it.version = a.ETag // an object of several parts has no MD5; a listing tells neither
	}
	return it, nil
}

// openObject is an object that is read once, from its beginning.
type openObject struct {
	s    *bucketShelf
	r    *blob.Reader
	w    *watch
	name string
}

func (s *bucketShelf) open(ctx context.Context, name string) (opened, error) {
	b, w, err := s.use(ctx, name)
	if err != nil {
		return nil, err
	}
	r, err := b.NewReader(w.ctx, name, nil)
	if err != nil {
		w.end()
		return nil, s.explain(err)
	}
	return &openObject{s, r, w, name}, nil
}

func (o *openObject) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	o.w.moved()
	if err != nil && !errors.Is(err, io.EOF) {
		err = o.s.explain(errors.Join(err, context.Cause(o.w.ctx)))
	}
	return n, err
}

func (o *openObject) Close() error {
	defer o.w.end()
	return o.r.Close()
}

func (o *openObject) now() (item, error) { return o.s.stat(o.w.ctx, o.name) }

func (s *bucketShelf) put(ctx context.Context, name string, r io.Reader) error {
	s.turns <- struct{}{}
	defer func() { <-s.turns }()
	b, w, err := s.use(ctx, name)
	if err != nil {
		return err
	}
	defer w.end()
	sum, whole := md5.New(), sha256.New()
	out, err := b.NewWriter(w.ctx, name, &blob.WriterOptions{BufferSize: partSize, MaxConcurrency: uploadParts,
		ContentType: "application/octet-stream", DisableContentTypeDetection: true})
	if err != nil {
		return s.explain(err)
	}
	size, err := io.CopyBuffer(struct{ io.Writer }{out}, io.TeeReader(moving{r, w}, io.MultiWriter(sum, whole)), make([]byte, copyBuffer))
	if err != nil {
		w.cancel(err) // what has been sent is thrown away
		return s.explain(errors.Join(err, out.Close()))
	}
	if err := out.Close(); err != nil {
		return s.explain(errors.Join(err, context.Cause(w.ctx)))
	}
	w.moved()
	if err := s.verify(w, b, name, size, sum.Sum(nil), whole.Sum(nil)); err != nil {
		return errors.Join(err, s.explain(b.Delete(w.ctx, name)))
	}
	return nil
}

// moving tells the watch of each byte that is read.
type moving struct {
	io.Reader
	w *watch
}

func (m moving) Read(p []byte) (int, error) {
	m.w.moved()
	return m.Reader.Read(p)
}

// verify holds an object that has just been put to what was sent: by its size and MD5, or, where the storage
// tells no MD5 (several parts, its own encryption), by reading it back.
func (s *bucketShelf) verify(w *watch, b *blob.Bucket, name string, size int64, sum, whole []byte) error {
	a, err := b.Attributes(w.ctx, name)
	if err != nil {
		return s.explain(err)
	}
	if a.Size == size && bytes.Equal(a.MD5, sum) {
		return nil
	}
	h := sha256.New()
	if a.Size == size {
		r, err := b.NewReader(w.ctx, name, nil)
		if err != nil {
			return s.explain(err)
		}
		_, err = io.CopyBuffer(h, moving{r, w}, make([]byte, copyBuffer))
		if err = errors.Join(err, r.Close()); err != nil {
			return s.explain(err)
		}
	}
	if !bytes.Equal(h.Sum(nil), whole) {
		return fmt.Errorf("%s: %s came to the storage with other bytes than were sent; it was taken away again; run again", s.place, name)
	}
	return nil
}

func (s *bucketShelf) remove(ctx context.Context, name string) error {
	b, w, err := s.use(ctx, name)
	if err != nil {
		return err
	}
	defer w.end()
	if err := b.Delete(w.ctx, name); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return s.explain(err)
	}
	return nil
}

// storageError is an error of object storage with a sentence for people.
type storageError struct {
	why  string
	kind error // fs.ErrNotExist, fs.ErrPermission, or nil
	err  error
}

func (e *storageError) Error() string { return e.why }

func (e *storageError) Unwrap() []error {
	if e.kind == nil {
		return []error{e.err}
	}
	return []error{e.err, e.kind}
}

// explain gives an error of the storage a sentence that says what to do.
func (s *bucketShelf) explain(err error) error {
	if err == nil {
		return nil
	}
	if _, done := errors.AsType[*storageError](err); done {
		return err
	}
	e := &storageError{err: err, kind: kindOf(err)}
	code := ""
	if api, ok := errors.AsType[interface {
		error
		ErrorCode() string
	}](err); ok {
		code = api.ErrorCode()
	}
	switch text := err.Error(); {
	case code == "NoSuchBucket":
		e.why, e.kind = "there is no such bucket; make it, or write another in "+File, fs.ErrNotExist
	case code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch" || code == "ExpiredToken" || code == "InvalidToken":
		e.why, e.kind = "the credentials are not valid here ("+code+"); renew them", fs.ErrPermission
	case code == "AuthorizationHeaderMalformed" || code == "PermanentRedirect" || code == "MovedPermanently" || code == "IllegalLocationConstraintException":
		e.why = "the bucket lies in another region; write its own behind the question mark: ?region=…"
	case strings.Contains(text, "Invalid region") || strings.Contains(text, "region is not a valid") || strings.Contains(text, "resolve service endpoint"):
		e.why = "no region is known; write one behind the question mark, ?region=us-east-1, or set AWS_REGION"
	case strings.Contains(text, "get credentials") || strings.Contains(text, "get identity"):
		e.why, e.kind = "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile in ~/.aws, or give the machine a role", fs.ErrPermission
	case e.kind == fs.ErrPermission:
		e.why = "no permission; the credentials in use must be allowed to list the bucket and to get, put and delete its objects"
	case e.kind == fs.ErrNotExist:
		e.why = "there is no such object or bucket"
	default:
		e.why = text
	}
	e.why = s.place + ": " + e.why
	return e
}

func kindOf(err error) error {
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return fs.ErrNotExist
	case gcerrors.PermissionDenied:
		return fs.ErrPermission
	}
	return nil
}

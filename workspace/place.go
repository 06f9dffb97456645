package workspace

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"revcycle/spelling"
)

// scheme begins the URL of a bucket.
const scheme = "s3://"

// bucketOptions are the words that may stand behind the ? of a bucket's URL. What they mean is the
// business of gocloud.dev (blob/s3blob, aws); none of them is a secret.
var bucketOptions = []string{"region", "endpoint", "profile", "role", "use_path_style", "ssetype", "kmskeyid", "dualstack", "fips",
	"request_checksum_calculation", "response_checksum_validation"}

// errSecret refuses what must not stand in a file that others read.
var errSecret = errors.New("credentials do not belong in " + File + ": take them away and give them as the AWS tools take them: the environment " +
	"(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), ~/.aws, or the role of the machine")

// parsePlace reads where something is kept: a folder, file:///folder, or s3://bucket/prefix?region=…&endpoint=….
// Its errors repeat nothing of the text, which may hold a secret.
func parsePlace(s string) (string, error) {
	if !strings.Contains(s, "://") {
		return s, filled(s)
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "", errors.New("is no URL; write s3://bucket/prefix?region=us-east-1, file:///folder, or a folder")
	case u.User != nil:
		return "", errSecret
	case u.Scheme == "file":
		if u.Host != "" && u.Host != "localhost" || !path.IsAbs(u.Path) || u.RawQuery != "" {
			return "", errors.New("is no folder of this machine; write file:///folder, or the folder alone")
		}
		return filepath.FromSlash(path.Clean(u.Path)), nil
	case u.Scheme != "s3":
		return "", errors.New("is neither a folder nor a URL that begins with s3:// or file://")
	}
	return s, checkBucket(u)
}

// checkBucket holds a bucket's URL to what may stand in it.
func checkBucket(u *url.URL) error {
	if u.Host == "" {
		return errors.New("names no bucket; write s3://bucket/prefix")
	}
	if prefix := strings.Trim(u.Path, "/"); prefix != "" && !openable(prefix) {
		return errors.New("holds a prefix that is no name; write s3://bucket/prefix")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("is no URL behind the question mark")
	}
	for key := range query {
		if slices.Contains(bucketOptions, key) {
			continue
		}
		low := strings.ToLower(key)
		for _, word := range []string{"key", "secret", "token", "pass", "credential", "signature", "user"} {
			if strings.Contains(low, word) {
				return errSecret
			}
		}
		if n := spelling.Nearest(key, bucketOptions); n != "" {
			return fmt.Errorf("takes no %q behind the question mark; did you mean %s?", key, n)
		}
		return fmt.Errorf("takes no %q behind the question mark; it takes %s", key, strings.Join(bucketOptions, ", "))
	}
	return checkEndpoint(query.Get("endpoint"))
}

// checkEndpoint refuses to send patients' data unencrypted beyond this machine.
func checkEndpoint(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("has an endpoint that is no URL; write endpoint=https://host:port")
	case u.User != nil:
		return errSecret
	case u.Scheme == "http" && !thisMachine(u.Hostname()):
		return errors.New("has an endpoint that sends patients' data unencrypted; write endpoint=https://…")
	}
	return nil
}

// isBucket tells a bucket from a folder.
func isBucket(place string) bool { return strings.HasPrefix(place, scheme) }

// shelfAt is the shelf of a place of this workspace. It touches nothing yet.
func (w *Workspace) shelfAt(place string, prune bool) shelf {
	if isBucket(place) {
		return newBucketShelf(place)
	}
	return &folderShelf{dir: place, ours: w.inside(place), prune: prune, desk: desk{parent: filepath.Join(place, ".work")}}
}

// inside reports whether a folder lies in the workspace.
func (w *Workspace) inside(dir string) bool {
	return strings.HasPrefix(dir, w.dir+string(filepath.Separator))
}

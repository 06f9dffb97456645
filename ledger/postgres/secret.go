package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"revcycle/workspace"
)

// secretsOf names the files from which a connection may have its password, as libpq looks for them, and says who names each.
type secretsOf struct {
	inURL              bool   // the URL holds the password
	service, inService string // the service file, and the password in it; "" = none
	passfile, from     string
}

func whereSecrets(address string) (s secretsOf) {
	u, err := url.Parse(address)
	if err != nil {
		return s
	}
	asked := u.Query()
	_, s.inURL = u.User.Password()
	s.inURL = s.inURL || asked.Has("password")
	home, _ := os.UserHomeDir() // without a home there are no files in it
	var named map[string]string
	if name := firstOf(asked.Get("service"), os.Getenv("PGSERVICE")); name != "" {
		s.service = firstOf(asked.Get("servicefile"), os.Getenv("PGSERVICEFILE"), filepath.Join(home, ".pg_service.conf"))
		named = sectionOf(s.service, name)
		s.inService = named["password"]
	}
	for _, c := range []struct{ file, from string }{
		{asked.Get("passfile"), "passfile="}, {named["passfile"], "of the service file"}, {os.Getenv("PGPASSFILE"), "PGPASSFILE"},
		{filepath.Join(home, ".pgpass"), "the default: passfile= and PGPASSFILE name none"},
	} {
		if c.file != "" {
			s.passfile, s.from = c.file, c.from
			return s
		}
	}
	return s
}

func firstOf(some ...string) string {
	for _, s := range some {
		if s != "" {
			return s
		}
	}
	return ""
}

// sectionOf reads a section of a service file; nothing where it cannot be read, which whoever connects finds out.
func sectionOf(file, name string) map[string]string {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	out, in := map[string]string{}, false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			in = line == "["+name+"]"
		}
		if key, value, ok := strings.Cut(line, "="); ok && in && !strings.HasPrefix(line, "#") {
			out[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return out
}

// privateSecrets refuses a password out of a file that others may read; libpq would not send one from such a passfile.
func privateSecrets(address string, c *pgconn.Config) error {
	s := whereSecrets(address)
	file := s.passfile
	switch {
	case c.Password == "" || s.inURL:
		return nil
	case s.inService != "":
		file = s.service
	}
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("ledger: %w: the file of its password: %w", ErrAddress, err)
	}
	if !workspace.Private(file, info) {
		return fmt.Errorf("ledger: %w: others may read %s, which holds its password: chmod 0600 %s", ErrAddress, file, file)
	}
	return nil
}

// withPassfile adds to a refusal of the user where its password came from, and why there was none.
func withPassfile(address string, c *pgconn.Config, err error) error {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || pe.Code != "28P01" {
		return err
	}
	return &oursError{"the server refuses the password: " + passwordOf(address, c) + " (SQLSTATE 28P01)", err}
}

// passwordOf says where the password of a connection came from; no password.
func passwordOf(address string, c *pgconn.Config) string {
	s := whereSecrets(address)
	switch {
	case s.inURL:
		return "it stands in the URL"
	case s.inService != "":
		return "it is that of service file " + s.service
	}
	host := c.Host
	if strings.HasPrefix(host, "/") {
		host = "localhost"
	}
	text, err := os.ReadFile(s.passfile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("no password was sent, for passfile %s (%s) is not there", s.passfile, s.from)
	case err != nil:
		return fmt.Sprintf("no password was sent, for passfile %s (%s) cannot be read by this user", s.passfile, s.from)
	case c.Password != "":
		return fmt.Sprintf("it is that of passfile %s (%s)", s.passfile, s.from)
	case len(strings.TrimSpace(string(text))) == 0:
		return fmt.Sprintf("no password was sent, for passfile %s (%s) is empty", s.passfile, s.from)
	}
	return fmt.Sprintf("no password was sent, for passfile %s (%s) has no line for %s:%d:%s:%s", s.passfile, s.from, host, c.Port, c.Database, c.User)
}

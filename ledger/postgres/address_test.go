package postgres_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"revcycle/ledger/postgres"
)

func TestAURLThatWouldShowAPasswordOrPatientsIsRefused(t *testing.T) {
	t.Setenv("PGSERVICEFILE", filepath.Join(t.TempDir(), "services"))
	if err := os.WriteFile(os.Getenv("PGSERVICEFILE"), []byte("[night]\nhost=db.example.org\nuser=rc\nsslmode=verify-full\n[open]\nhost=db.example.org\nsslmode=require\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const secret = "postgres://rc:hunter2@localhost/revcycle"
	for _, c := range []struct {
		url      string
		fromFile bool
		wants    string // "" = taken
	}{
		{"postgres://rc@localhost/revcycle", false, ""},
		{"postgresql://rc@127.0.0.1:5433/revcycle?sslmode=disable", false, ""},
		{"postgres://rc@[::1]/revcycle", false, ""},
		{"postgres:///revcycle?host=/var/run/postgresql", false, ""},
		{"postgres://rc@db.example.org/revcycle?sslmode=verify-full", false, ""},
		{"postgres://rc@db.example.org/revcycle?sslmode=verify-ca", false, ""},
		{"postgres:///revcycle?service=night", false, ""},
		{secret, true, ""},
		{secret, false, "holds a password"},
		{"postgres:///revcycle?host=localhost&password=hunter2", false, "passfile="},
		{"postgres://rc@db.example.org/revcycle", false, "sslmode=verify-full"},
		{"postgres://rc@db.example.org/revcycle?sslmode=require", false, "host db.example.org is another machine"},
		{"postgres://rc@db.example.org/revcycle?sslmode=prefer", true, "sslmode=verify-full"},
		{"postgres://rc@localhost,db.example.org/revcycle?sslmode=disable", false, "host db.example.org"},
		{"postgres://rc@10.0.0.5/revcycle?sslmode=disable", false, "host 10.0.0.5"},
		{"postgres:///revcycle?service=open", false, "sslmode=verify-full"},
		{"mysql://rc@localhost/revcycle", false, "postgres://user@host/name"},
		{"ledger.db", false, "postgres://user@host/name"},
		{"postgres://rc:hunter2@localhost/revcycle?sslmode=nonsense", true, "cannot be read"},
		{"postgres:///revcycle?service=absent", false, "service"},
	} {
		err := postgres.CheckURL(c.url, c.fromFile)
		if c.wants == "" {
			if err != nil {
				t.Errorf("%s: got %v", c.url, err)
			}
			continue
		}
		if !errors.Is(err, postgres.ErrAddress) || !strings.Contains(err.Error(), c.wants) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v; want a refusal that says %q and shows no password", c.url, err, c.wants)
		}
		if c.fromFile || !strings.Contains(c.wants, "password") && !strings.Contains(c.wants, "passfile") {
			if _, err := postgres.Open(context.Background(), c.url, postgres.Options{}); !errors.Is(err, postgres.ErrAddress) {
				t.Errorf("open %s: got %v", c.url, err)
			}
		}
	}
	t.Setenv("PGPASSWORD", "hunter2")
	if err := postgres.CheckURL("postgres://rc@localhost/revcycle", false); !errors.Is(err, postgres.ErrAddress) || !strings.Contains(err.Error(), "PGPASSWORD") {
		t.Errorf("a password in the environment: got %v", err)
	}
}

// A password that others can read is no secret: libpq passes over a passfile of such a mode, and the sentence says what to do.
// systemd's credentials are private by their folder, whatever their mode shows.
func TestAPasswordThatOthersMayReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	pass := write("pass", "*:*:*:rc:hunter2\n")
	services := write("services", "[by-pass]\nhost=localhost\nuser=rc\npassfile="+pass+"\n[whole]\nhost=localhost\nuser=rc\npassword=hunter2\n[none]\nhost=localhost\nuser=other\n")
	t.Setenv("HOME", write("home", "")+"less")
	for _, c := range []struct{ url, env, file string }{
		{"postgres://rc@localhost/x?passfile=" + pass, "", pass},
		{"postgres://rc@localhost/x", "PGPASSFILE", pass},
		{"postgres:///x?service=by-pass&servicefile=" + services, "", pass},
		{"postgres:///x?service=whole&servicefile=" + services, "", services},
	} {
		if c.env != "" {
			t.Setenv(c.env, c.file)
		}
		for mode, taken := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: false, 0o604: false, 0o440: false} {
			if err := os.Chmod(c.file, mode); err != nil {
				t.Fatal(err)
			}
			err := postgres.CheckURL(c.url, false)
			if taken != (err == nil) || !taken && (!errors.Is(err, postgres.ErrAddress) || !strings.Contains(err.Error(), "chmod 0600 "+c.file) || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("%s, %s of mode %04o: got %v", c.url, filepath.Base(c.file), mode, err)
			}
			if !taken {
				t.Setenv("CREDENTIALS_DIRECTORY", dir)
				if err := postgres.CheckURL(c.url, false); err != nil {
					t.Errorf("%s, a credential of mode %04o: got %v", c.url, mode, err)
				}
				os.Unsetenv("CREDENTIALS_DIRECTORY")
			}
		}
		if err := os.Chmod(c.file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// What gave no password is nobody's secret.
	if err := os.Chmod(pass, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"postgres://other@localhost/x?passfile=" + pass, "postgres:///x?service=none&servicefile=" + services} {
		if err := postgres.CheckURL(url, false); err != nil {
			t.Errorf("%s: got %v", url, err)
		}
	}
}

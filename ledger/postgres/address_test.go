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

package postgres_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"revcycle/fixtures/pgserver"
	"revcycle/ledger/postgres"
)

// tlsServer answers each connection as PostgreSQL answers one that asks for TLS, with a certificate for a name; without
// one it refuses. It gives its port and the certificate's file.
func tlsServer(t *testing.T, name string) (port int, file string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var config *tls.Config
	if name != "" {
		config, file = certificate(t, name)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			var asked [8]byte // the SSLRequest message
			if _, err := io.ReadFull(c, asked[:]); err != nil || binary.BigEndian.Uint32(asked[4:]) != 80877103 {
				c.Close()
				continue
			}
			if config == nil {
				c.Write([]byte("N"))
			} else if _, err := c.Write([]byte("S")); err == nil {
				tls.Server(c, config).Handshake()
			}
			c.Close()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port, file
}

func certificate(t *testing.T, name string) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, file
}

// Would catch an error that says no more than that there is no connection: each cause is named, and no password.
func TestWhyThereIsNoConnectionIsSaid(t *testing.T) {
	plain, _ := tlsServer(t, "")
	other, authority := tlsServer(t, "db.example.org")
	mine, _ := tlsServer(t, "localhost")
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := gone.Addr().(*net.TCPAddr).Port
	gone.Close()
	for _, c := range []struct{ url, wants string }{
		{fmt.Sprintf("postgres://u:hunter2@localhost:%d/x?sslmode=require", plain), "the server speaks no TLS"},
		{fmt.Sprintf("postgres://u:hunter2@localhost:%d/x?sslmode=verify-full&sslrootcert=%s", mine, authority), "signed by an authority that is not known here"},
		{fmt.Sprintf("postgres://u:hunter2@localhost:%d/x?sslmode=verify-full&sslrootcert=%s", other, authority), "not for localhost"},
		{fmt.Sprintf("postgres://u:hunter2@localhost:%d/x?sslmode=disable", closed), "nobody listens there"},
		{"postgres://u:hunter2@db.invalid/x?sslmode=verify-full", "the name db.invalid is not known"},
		{"postgres://u:hunter2@/x?host=/nowhere", "there is no such socket"},
		{"postgres://u:hunter2@localhost/x?sslmode=verify-full&sslrootcert=/nowhere.pem", "/nowhere.pem"},
	} {
		_, err := postgres.Open(context.Background(), c.url, postgres.Options{})
		if err == nil || !strings.Contains(err.Error(), c.wants) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v; want %q in it", strings.ReplaceAll(c.url, "hunter2", "…"), err, c.wants)
		}
	}
}

// A password that is refused says where it came from, or why there was none; that, a database that is not there and a
// right that is missing are matters of configuration.
func TestARefusalSaysWhichPassfileWasLookedAt(t *testing.T) {
	s, err := pgserver.Start(pgserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	hba, err := s.SQL("postgres", "CREATE ROLE secret LOGIN PASSWORD 'right'; SHOW hba_file")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(hba)
	name := lines[len(lines)-1]
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append([]byte("host all secret 127.0.0.1/32 scram-sha-256\n"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SQL("postgres", "SELECT pg_reload_conf()"); err != nil {
		t.Fatal(err)
	}
	url := s.URLOf("secret", "postgres")
	dir := t.TempDir()
	for i, c := range []struct{ text, wants string }{
		{"", "0 (PGPASSFILE) is empty"},
		{"db.example.org:5432:*:secret:right\n", fmt.Sprintf("has no line for 127.0.0.1:%d:postgres:secret", s.Port())},
		{"*:*:*:secret:wrong\n", "it is that of passfile " + filepath.Join(dir, "2")},
		{"absent", "3 (PGPASSFILE) is not there"},
	} {
		file := filepath.Join(dir, fmt.Sprint(i))
		if c.text != "absent" {
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("PGPASSFILE", file)
		_, err := postgres.Open(context.Background(), url, postgres.Options{})
		if !errors.Is(err, postgres.ErrRefused) || !strings.Contains(err.Error(), c.wants) || strings.Contains(err.Error(), "wrong") {
			t.Errorf("passfile %q: got %v; want %q in it", c.text, err, c.wants)
		}
	}
	if _, err := postgres.Open(context.Background(), s.URL("absent"), postgres.Options{}); !errors.Is(err, postgres.ErrRefused) {
		t.Errorf("a database that is not there: got %v", err)
	}
	if _, err := s.SQL("postgres", "CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.Migrate(context.Background(), s.URL("ascii")); !errors.Is(err, postgres.ErrSchema) || !strings.Contains(err.Error(), "UTF8") {
		t.Errorf("a database in SQL_ASCII: got %v", err)
	}
}

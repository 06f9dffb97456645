package postgres

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrAddress is wrapped by every refusal of a database's URL: a matter of configuration, not of the server.
var ErrAddress = errors.New("database URL")

const whereSecretsGo = "put it into a file and name that with passfile=, PGPASSFILE or service=, or keep the whole URL in the file that REVCYCLE_DATABASE_FILE names"

// CheckURL says what is wrong with a database's URL, before anything is connected to. A password is accepted only
// where the URL itself comes from a file that is kept secret (fromFile), never from a flag or revcycle.yaml, nor from
// the environment (PGPASSWORD), nor from a passfile or service file that others may read. Beyond this machine the connection must be encrypted and the server's certificate
// checked: sslmode=verify-full, or verify-ca. No message shows the URL.
func CheckURL(address string, fromFile bool) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return fmt.Errorf("ledger: %w: write postgres://user@host/name", ErrAddress)
	}
	_, secret := u.User.Password()
	if (secret || u.Query().Has("password")) && !fromFile {
		return fmt.Errorf("ledger: %w: it holds a password, which others can read there: %s", ErrAddress, whereSecretsGo)
	}
	_, err = parse(address)
	return err
}

// Where says which database a URL leads to, as far as it and what it names tell: host, port, database, user; no password.
// Its error wraps ErrAddress.
func Where(address string) (string, error) {
	cfg, err := parse(address)
	if err != nil {
		return "", err
	}
	c := cfg.ConnConfig
	return fmt.Sprintf("host %s, port %d, database %s, user %s", c.Host, c.Port, c.Database, c.User), nil
}

// parse reads a URL as libpq would, with service files and PG… variables, and holds it to what CheckURL promises of
// the connection.
func parse(address string) (*pgxpool.Config, error) {
	if os.Getenv("PGPASSWORD") != "" {
		return nil, fmt.Errorf("ledger: %w: PGPASSWORD is set, and others can read the environment: %s", ErrAddress, whereSecretsGo)
	}
	cfg, err := pgxpool.ParseConfig(address)
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, fmt.Errorf("ledger: %w: it names %s (certificates: sslrootcert, sslcert, sslkey), which cannot be read: %w", ErrAddress, file.Path, file.Err)
	}
	if err != nil {
		// The library's error may show what it could not read.
		return nil, fmt.Errorf("ledger: %w: it cannot be read, or a file that it names (service, passfile, certificates) cannot: "+
			"write postgres://user@host/name?sslmode=verify-full", ErrAddress)
	}
	c := cfg.ConnConfig
	if err := encrypted(c.Host, c.TLSConfig); err != nil {
		return nil, err
	}
	for _, f := range c.Fallbacks {
		if err := encrypted(f.Host, f.TLSConfig); err != nil {
			return nil, err
		}
	}
	return cfg, privateSecrets(address, &c.Config)
}

// encrypted refuses a connection that leaves the machine in the clear, or to a server that anyone may play.
func encrypted(host string, t *tls.Config) error {
	verified := t != nil && (!t.InsecureSkipVerify || t.VerifyPeerCertificate != nil || t.VerifyConnection != nil)
	if verified || local(host) {
		return nil
	}
	return fmt.Errorf("ledger: %w: host %s is another machine, and patients' data would go there without proof of whose it is: "+
		"add sslmode=verify-full (and sslrootcert= where the certificate is not a public one)", ErrAddress, host)
}

// local reports whether a host is a unix socket or the loopback.
func local(host string) bool {
	if host == "" || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

package workspace

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"revcycle/money"
	"revcycle/spelling"
)

// Profile is what the extracts show of people.
type Profile string

// The profiles of CONTRACT.
const (
	Operations Profile = "operations"  // account and record numbers; no names, addresses or member IDs
	Limited    Profile = "limited"     // pseudonyms
	SafeHarbor Profile = "safe-harbor" // 45 CFR 164.514(b)(2)
	Full       Profile = "full"
)

var profiles = []Profile{Operations, Limited, SafeHarbor, Full}

func profileNames() []string {
	out := make([]string, len(profiles))
	for i, p := range profiles {
		out[i] = string(p)
	}
	return out
}

func (p Profile) known() bool {
	for _, k := range profiles {
		if p == k {
			return true
		}
	}
	return false
}

// Config is revcycle.yaml. Paths are absolute once a workspace is open.
type Config struct {
	Database     string // "" = embedded
	Profile      Profile
	InboxAt      string // a folder, or s3://bucket/prefix
	ArchiveAt    string // likewise
	QuarantineAt string // likewise
	SpoolDir     string // plain copies of archived files while they are read, on this machine's own disk
	ExtractsDir  string
	Workers      int // 0 = one per processor
	Expect       []Expectation
	Deadline     Deadline
	ErrorBudget  Budget
	Tolerance    money.Cents // between allowed and expected
	KeyFile      string      // "" = none
	Timezone     *time.Location
	Cutoff       time.Duration // after midnight; a run before it belongs to the day before
	BillHoldDays int
	Settle       time.Duration // how long a file's size must have rested
	Notify       []Notice      // who is told how a run ended
	Keep         Keep          // what purge leaves
}

func defaults() Config {
	return Config{Profile: Operations, InboxAt: "inbox", ArchiveAt: "archive", QuarantineAt: "quarantine", ExtractsDir: "extracts", Tolerance: 100, Timezone: time.UTC,
		Cutoff: 6 * time.Hour, BillHoldDays: 5}
}

// setting is one key of revcycle.yaml.
type setting struct {
	key string
	set func(*Config, *yaml.Node) error
}

// settings is every key there is.
var settings = []setting{
	{"database", word(func(c *Config, s string) error { c.Database = s; return checkDatabase(s) })},
	{"profile", word(func(c *Config, s string) error {
		if c.Profile = Profile(s); c.Profile.known() {
			return nil
		}
		return fmt.Errorf("%q is none of %s", s, strings.Join(profileNames(), ", "))
	})},
	{"inbox", word(func(c *Config, s string) (err error) { c.InboxAt, err = parsePlace(s); return err })},
	{"archive", word(func(c *Config, s string) (err error) { c.ArchiveAt, err = parsePlace(s); return err })},
	{"quarantine", word(func(c *Config, s string) (err error) { c.QuarantineAt, err = parsePlace(s); return err })},
	{"spool", word(func(c *Config, s string) error { c.SpoolDir = s; return nil })},
	{"extracts", word(func(c *Config, s string) error { c.ExtractsDir = s; return filled(s) })},
	{"workers", word(func(c *Config, s string) (err error) { c.Workers, err = whole(s, 0, 1024); return err })},
	{"expect", func(c *Config, n *yaml.Node) (err error) { c.Expect, err = parseExpect(n); return err }},
	{"deadline", word(func(c *Config, s string) (err error) { c.Deadline, err = parseDeadline(s); return err })},
	{"error_budget", word(func(c *Config, s string) (err error) { c.ErrorBudget, err = parseBudget(s); return err })},
	{"tolerance", word(func(c *Config, s string) (err error) {
		if c.Tolerance, err = money.Parse([]byte(s)); err != nil || c.Tolerance < 0 {
			return errors.New(`is no amount; write dollars and cents, such as "1.00"`)
		}
		return nil
	})},
	{"key_file", word(func(c *Config, s string) error { c.KeyFile = s; return nil })},
	{"timezone", word(func(c *Config, s string) (err error) {
		if c.Timezone, err = time.LoadLocation(s); err != nil || s == "" || s == "Local" {
			return errors.New("is no time zone; write an IANA name such as America/Chicago")
		}
		return nil
	})},
	{"business_day_cutoff", word(func(c *Config, s string) (err error) {
		if c.Cutoff, err = clock(s); err == nil && c.Cutoff > 12*time.Hour {
			return errors.New("is after noon; write the hour of the morning until which a run belongs to the day before")
		}
		return err
	})},
	{"bill_hold_days", word(func(c *Config, s string) (err error) { c.BillHoldDays, err = whole(s, 0, 365); return err })},
	{"notify", func(c *Config, n *yaml.Node) (err error) { c.Notify, err = parseNotify(n); return err }},
	{"keep", func(c *Config, n *yaml.Node) (err error) { c.Keep, err = parseKeep(n); return err }},
	{"settle", word(func(c *Config, s string) (err error) { c.Settle, err = duration(s); return err })},
}

// Keys lists the keys of revcycle.yaml.
func Keys() []string {
	out := make([]string, len(settings))
	for i, s := range settings {
		out[i] = s.key
	}
	return out
}

// parseConfig reads revcycle.yaml strictly. Its errors wrap ErrConfig and name the line.
func parseConfig(text []byte) (Config, error) {
	c := defaults()
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return c, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if len(doc.Content) == 0 {
		return c, nil
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return c, at(top, errors.New("keys and values are wanted, such as timezone: UTC"))
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		if before, twice := seen[key.Value]; twice {
			return c, at(key, fmt.Errorf("%s stands in line %d already; take one of them away", key.Value, before))
		}
		seen[key.Value] = key.Line
		s, ok := settingOf(key.Value)
		if !ok {
			return c, at(key, unknownKey(key.Value, Keys()))
		}
		if value.Tag == "!!null" {
			continue // a key without a value: the default
		}
		if err := s.set(&c, value); err != nil {
			return c, at(value, fmt.Errorf("%s: %w", key.Value, err))
		}
	}
	return c, nil
}

func settingOf(key string) (setting, bool) {
	for _, s := range settings {
		if s.key == key {
			return s, true
		}
	}
	return setting{}, false
}

func at(n *yaml.Node, err error) error {
	return fmt.Errorf("line %d: %w (%w)", n.Line, err, ErrConfig)
}

func unknownKey(key string, known []string) error {
	if n := spelling.Nearest(key, known); n != "" {
		return fmt.Errorf("%q is no key here; did you mean %s?", key, n)
	}
	return fmt.Errorf("%q is no key here; the keys are %s", key, strings.Join(known, ", "))
}

// word makes a setter of a plain value.
func word(set func(*Config, string) error) func(*Config, *yaml.Node) error {
	return func(c *Config, n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode {
			return errors.New("takes one value, not a list or a table")
		}
		return set(c, strings.TrimSpace(n.Value))
	}
}

func filled(s string) error {
	if s == "" {
		return errors.New("is empty; name a folder")
	}
	return nil
}

func whole(s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%q is no whole number from %d to %d", s, least, most)
	}
	return n, nil
}

func duration(s string) (time.Duration, error) {
	if s == "" || s == "0" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration; write 90s, 15m or 4h", s)
	}
	return d, nil
}

// clock reads a time of day, 15:04.
func clock(s string) (time.Duration, error) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of day; write \"06:00\", in quotes", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

// checkDatabase takes nothing or a PostgreSQL URL. Beyond this machine the connection must be encrypted.
func checkDatabase(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return errors.New("is no database; leave it empty for the embedded one, or write postgres://user@host/name")
	}
	host := u.Hostname()
	if u.Query().Get("sslmode") == "disable" && host != "" && host != "localhost" && host != "127.0.0.1" && host != "::1" && host[0] != '/' {
		return errors.New("sends patients' data unencrypted; write sslmode=verify-full")
	}
	return nil
}

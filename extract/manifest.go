package extract

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"revcycle/civil"
	"revcycle/money"
)

// Manifest lists every file that makes up the view of one batch, those of earlier batches included.
type Manifest struct {
	Format   int        `json:"format"` // 1
	Batch    string     `json:"batch"`
	Number   int64      `json:"number"`
	AsOf     civil.Date `json:"as_of"`
	Edition  string     `json:"edition"`
	Previous string     `json:"previous,omitempty"` // the batch published before
	Profile  string     `json:"profile"`
	KeyID    string     `json:"key_id,omitempty"` // of the pseudonyms' key
	Masters  string     `json:"masters"`          // of the masters that mapped the IDs
	Schema   string     `json:"schema"`           // of all tables' columns
	BillHold int        `json:"bill_hold_days"`
	Inputs   []Input    `json:"inputs"`
	Files    []File     `json:"files"`
	Controls []Control  `json:"controls"`
}

// Input is one file that the batch took in.
type Input struct {
	Name   string      `json:"name"`
	SHA256 string      `json:"sha256"`
	Kind   string      `json:"kind"`
	State  string      `json:"state"`
	Claims int64       `json:"claims"`
	Remits int64       `json:"remits"`
	Charge money.Cents `json:"charge"`
	Paid   money.Cents `json:"paid"`
}

// File is one Parquet file of the view.
type File struct {
	Table     string                 `json:"table"`
	Partition string                 `json:"partition"` // service_month=2026-11; all for a dimension; empty where the table has no row yet
	Path      string                 `json:"path"`      // below the extracts folder, with /
	SHA256    string                 `json:"sha256"`
	Rows      int64                  `json:"rows"`
	Sums      map[string]money.Cents `json:"sums"` // of every money column; nulls count as nothing
}

// Control is one pair of totals that must be equal: dollars, or where Unit says so what is counted, a whole one as 1.00.
type Control struct {
	Name       string      `json:"name"`
	Unit       string      `json:"unit,omitempty"` // "count", or "" for dollars
	Left       money.Cents `json:"left"`
	Right      money.Cents `json:"right"`
	Difference money.Cents `json:"difference"` // left − right
	OK         bool        `json:"ok"`
}

// Tie compares two totals.
func Tie(name string, left, right money.Cents) Control {
	return Control{Name: name, Left: left, Right: right, Difference: left - right, OK: left == right}
}

// TieCounts compares two counts.
func TieCounts(name string, left, right int64) Control {
	c := Tie(name, money.Cents(left)*100, money.Cents(right)*100)
	c.Unit = unitCount
	return c
}

// unitCount is the Unit of controls that count.
const unitCount = "count"

// Text gives one of the control's amounts for people: dollars with their cents, a count without.
func (c Control) Text(amount money.Cents) string {
	if c.Unit == unitCount {
		return strings.TrimSuffix(amount.String(), ".00")
	}
	return amount.String()
}

// Sum adds a money column of a table over the view's files.
func (m *Manifest) Sum(table, column string) money.Cents {
	var sum money.Cents
	for i := range m.Files {
		if m.Files[i].Table == table {
			sum += m.Files[i].Sums[column]
		}
	}
	return sum
}

// Rows counts a table's rows over the view's files.
func (m *Manifest) Rows(table string) int64 {
	var n int64
	for i := range m.Files {
		if m.Files[i].Table == table {
			n += m.Files[i].Rows
		}
	}
	return n
}

func (m *Manifest) marshal() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", " ")
	return append(b, '\n'), err
}

const (
	batchesDir   = "_batches"
	manifestName = "manifest.json"
	successName  = "_SUCCESS"
)

// ErrNoManifest is given where no batch was published yet.
var ErrNoManifest = errors.New("no batch is published")

// Latest reads the manifest of the last published batch of an extracts folder; ErrNoManifest where there is none.
func Latest(dir string) (Manifest, error) { return latestBefore(dir, 1<<62) }

// latestBefore is the last published manifest with a number below one given.
func latestBefore(dir string, number int64) (Manifest, error) {
	entries, err := os.ReadDir(filepath.Join(dir, batchesDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, fmt.Errorf("list published batches: %w", err)
	}
	best, at := int64(-1), ""
	for _, e := range entries {
		n, err := published(filepath.Join(dir, batchesDir, e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Manifest{}, fmt.Errorf("read the mark of batch %s: %w", e.Name(), err)
		}
		if n < number && n > best {
			best, at = n, e.Name()
		}
	}
	if at == "" {
		return Manifest{}, ErrNoManifest
	}
	return ReadManifest(dir, at)
}

// published reads a batch's _SUCCESS: its number and the SHA-256 of its manifest.
func published(folder string) (number int64, err error) {
	b, err := os.ReadFile(filepath.Join(folder, successName))
	if err != nil {
		return 0, err
	}
	var sum string
	if _, err := fmt.Sscanf(string(b), "%d %s", &number, &sum); err != nil {
		return 0, fmt.Errorf("want a number and a SHA-256: %w", err)
	}
	return number, nil
}

// ReadManifest reads the manifest of one published batch; ErrNoManifest where it was not published.
func ReadManifest(dir, batch string) (Manifest, error) {
	var m Manifest
	folder := filepath.Join(dir, batchesDir, batch)
	if _, err := os.Stat(filepath.Join(folder, successName)); errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("batch %s: %w", batch, ErrNoManifest)
	}
	b, err := os.ReadFile(filepath.Join(folder, manifestName))
	if err != nil {
		return m, fmt.Errorf("read the manifest of batch %s: %w", batch, err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("read the manifest of batch %s: %w", batch, err)
	}
	return m, nil
}

// ErrControls is wrapped by a ControlsError.
var ErrControls = errors.New("control totals do not tie")

// ControlsError lists the control totals that do not tie; nothing was published.
type ControlsError struct{ Failed []Control }

// Error names the first of them and counts the rest.
func (e *ControlsError) Error() string {
	c := e.Failed[0]
	s := fmt.Sprintf("publish: %v: %s: %s against %s, a difference of %s", ErrControls, c.Name, c.Text(c.Left), c.Text(c.Right), c.Text(c.Difference))
	if n := len(e.Failed) - 1; n > 0 {
		s += fmt.Sprintf(", and %d more", n)
	}
	return s
}

// Unwrap gives ErrControls.
func (e *ControlsError) Unwrap() error { return ErrControls }

// refuse gives a ControlsError where a control does not tie.
func refuse(cs []Control) error {
	var failed []Control
	for _, c := range cs {
		if !c.OK {
			failed = append(failed, c)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return &ControlsError{failed}
}

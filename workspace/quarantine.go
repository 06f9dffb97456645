package workspace

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"revcycle/claim"
	"revcycle/money"
)

// Reason is why a unit is held. It shows no patient's name, member number or control number.
type Reason struct {
	ID      string       `json:"id"`
	Batch   string       `json:"batch"`
	File    string       `json:"file"`   // name in the inbox
	SHA256  claim.Digest `json:"sha256"` // of the file the unit lay in
	Unit    string       `json:"unit"`   // file, interchange, group, set, claim, row
	Set     int          `json:"set"`    // ordinal of the set, 0 for none
	Ordinal int          `json:"ordinal"`
	Byte    int64        `json:"byte"`
	Code    string       `json:"code"`    // stable: TORN, NOT_X12, SE01_COUNT …
	Message string       `json:"message"` // what was found and what was wanted
	Advice  string       `json:"advice"`  // what to do
	Claims  int          `json:"claims"`
	Charge  *money.Cents `json:"charge"` // null where it could not be read
	Paid    *money.Cents `json:"paid"`
	// Document is the ordinal of the CLM or CLP in its set, 0 where the unit is no claim.
	Document int    `json:"document"`
	Was      string `json:"was"` // the unit that was released and could not be read again; "" for none
}

// Quarantine holds a unit: quarantine/<id>/reason.json and raw. The reason comes last: a unit without one
// is none. A unit that is held already stays as it is. The ID is a name of letters, digits, dot, dash and
// underscore.
func (w *Workspace) Quarantine(id string, reason Reason, raw io.Reader) error {
	if err := w.quarantine(id, reason, raw); err != nil {
		return fmt.Errorf("workspace: quarantine: %w", err)
	}
	return nil
}

const (
	reasonName = "reason.json"
	rawName    = "raw"
)

func (w *Workspace) quarantine(id string, reason Reason, raw io.Reader) error {
	if !safeName(id) {
		return errBadID
	}
	ctx := context.Background()
	if _, err := w.held.stat(ctx, path.Join(id, reasonName)); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	reason.ID = id
	text, err := json.MarshalIndent(reason, "", "  ")
	if err != nil {
		return err
	}
	if err := w.held.put(ctx, path.Join(id, rawName), raw); err != nil {
		return err
	}
	return w.held.put(ctx, path.Join(id, reasonName), bytes.NewReader(append(text, '\n')))
}

var errBadID = errors.New("an ID holds letters, digits, dot, dash and underscore only")

// Quarantined lists the reasons of all held units, by ID.
func (w *Workspace) Quarantined() ([]Reason, error) {
	ctx := context.Background()
	var out []Reason
	for it, err := range w.held.list(ctx, "") {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("workspace: quarantine: %w", err)
		}
		id, file, _ := strings.Cut(it.name, "/")
		if it.hidden || file != reasonName || !safeName(id) {
			continue
		}
		r, err := w.reason(ctx, it.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // dropped since
		}
		if err != nil {
			return nil, fmt.Errorf("workspace: quarantine: %s: %w", it.name, err)
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Reason) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func (w *Workspace) reason(ctx context.Context, name string) (r Reason, err error) {
	f, err := w.held.open(ctx, name)
	if err != nil {
		return r, err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

// OpenQuarantined opens the bytes of a held unit; fs.ErrNotExist where there is none of that ID.
func (w *Workspace) OpenQuarantined(id string) (io.ReadCloser, error) {
	if !safeName(id) {
		return nil, fmt.Errorf("workspace: quarantine: %w", errBadID)
	}
	f, err := w.held.open(context.Background(), path.Join(id, rawName))
	if err != nil {
		return nil, fmt.Errorf("workspace: quarantine: %w", err)
	}
	return f, nil
}

// DropQuarantined removes a held unit, released or refused for good. One that is gone is fine.
func (w *Workspace) DropQuarantined(id string) error {
	if !safeName(id) {
		return fmt.Errorf("workspace: quarantine: %w", errBadID)
	}
	for _, name := range []string{reasonName, rawName} {
		if err := w.held.remove(context.Background(), path.Join(id, name)); err != nil {
			return fmt.Errorf("workspace: quarantine: %w", err)
		}
	}
	return nil
}

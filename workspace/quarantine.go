package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"revcycle/claim"
	"revcycle/money"
)

// quarantineWork is where a unit is put together before it appears whole.
const quarantineWork = "quarantine/.work"

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
}

// Quarantine holds a unit: quarantine/<id>/reason.json and raw. Both appear together. A unit that is
// held already stays as it is. The ID is a name of letters, digits, dot, dash and underscore.
func (w *Workspace) Quarantine(id string, reason Reason, raw io.Reader) error {
	if err := w.quarantine(id, reason, raw); err != nil {
		return fmt.Errorf("workspace: quarantine: %w", err)
	}
	return nil
}

func (w *Workspace) quarantine(id string, reason Reason, raw io.Reader) error {
	target, err := w.unit(id)
	if err != nil {
		return err
	}
	if _, err := os.Stat(target); err == nil {
		return nil
	}
	work := w.Path(quarantineWork)
	if err := mkdir(work); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(work, "unit-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // nothing is left of it once it is renamed
	if err := os.Chmod(dir, dirMode); err != nil {
		return err
	}
	reason.ID = id
	text, err := json.MarshalIndent(reason, "", "  ")
	if err != nil {
		return err
	}
	if err := WriteFile(filepath.Join(dir, "reason.json"), append(text, '\n')); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return err
	}
	if _, err := io.CopyBuffer(f, onlyReader{raw}, make([]byte, copyBuffer)); err != nil {
		discard(f)
		return err
	}
	if err := commit(f, filepath.Join(dir, "raw")); err != nil {
		return err
	}
	if err := os.Rename(dir, target); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(target))
}

func (w *Workspace) unit(id string) (string, error) {
	if !safeName(id) {
		return "", errors.New("an ID holds letters, digits, dot, dash and underscore only")
	}
	return w.Path("quarantine/" + id), nil
}

// Quarantined lists the reasons of all held units, by ID.
func (w *Workspace) Quarantined() ([]Reason, error) {
	entries, err := os.ReadDir(w.Path("quarantine"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("workspace: quarantine: %w", err)
	}
	var out []Reason
	for _, e := range entries {
		if !e.IsDir() || !safeName(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(w.Path("quarantine"), e.Name(), "reason.json"))
		if err != nil {
			return nil, fmt.Errorf("workspace: quarantine: %w", err)
		}
		var r Reason
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("workspace: quarantine: %s: reason.json: %w", e.Name(), err)
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Reason) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return out, nil
}

// OpenQuarantined opens the bytes of a held unit; fs.ErrNotExist where there is none of that ID.
func (w *Workspace) OpenQuarantined(id string) (*os.File, error) {
	dir, err := w.unit(id)
	if err != nil {
		return nil, fmt.Errorf("workspace: quarantine: %w", err)
	}
	return os.Open(filepath.Join(dir, "raw"))
}

// DropQuarantined removes a held unit, released or refused for good. One that is gone is fine.
func (w *Workspace) DropQuarantined(id string) error {
	dir, err := w.unit(id)
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err == nil {
		err = syncDir(filepath.Dir(dir))
	}
	if err != nil {
		return fmt.Errorf("workspace: quarantine: %w", err)
	}
	return nil
}

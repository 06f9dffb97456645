package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"revcycle/claim"
)

// The folders of outbox/, in the order in which a file goes through them.
const (
	OutWaiting  = "waiting"  // until somebody releases it
	OutReleased = "released" // to be taken by whatever sends it
	OutSent     = "sent"     // somebody has said that it is gone
)

// OutAnswers holds the TA1, 999 and 277CA for partners who want them, until whatever sends them takes them away.
const OutAnswers = "answers"

var outFolders = []string{OutWaiting, OutReleased, OutSent}

func (w *Workspace) outPath(folder, name string) string {
	return w.Path("outbox/" + folder + "/" + name)
}

// Out is where a file of the outbox lies, "" where it does not.
func (w *Workspace) Out(name string) (folder string, err error) {
	for _, f := range outFolders {
		switch _, err := os.Lstat(w.outPath(f, name)); {
		case err == nil:
			return f, nil
		case !errors.Is(err, os.ErrNotExist):
			return "", fmt.Errorf("outbox: %w", err)
		}
	}
	return "", nil
}

// Answered reports whether an answer lies in the outbox.
func (w *Workspace) Answered(name string) (bool, error) {
	switch _, err := os.Lstat(w.outPath(OutAnswers, name)); {
	case err == nil:
		return true, nil
	case errors.Is(err, os.ErrNotExist):
		return false, nil
	default:
		return false, fmt.Errorf("outbox: %w", err)
	}
}

// PutOut lays a file into a folder of the outbox, whole and durable.
func (w *Workspace) PutOut(folder, name string, data []byte) error {
	if !safeName(name) {
		return fmt.Errorf("outbox: %q is no name of a file here", name)
	}
	if err := MakeFolder(filepath.Dir(w.outPath(folder, name))); err != nil {
		return err
	}
	if err := WriteFile(w.outPath(folder, name), data); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return nil
}

// MoveOut moves a file to another folder of the outbox.
func (w *Workspace) MoveOut(name, from, to string) error {
	if err := MakeFolder(filepath.Dir(w.outPath(to, name))); err != nil {
		return err
	}
	if err := os.Rename(w.outPath(from, name), w.outPath(to, name)); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return errors.Join(syncDir(w.Path("outbox/"+to)), syncDir(w.Path("outbox/"+from)))
}

// DropOut removes a file of the outbox; one that is not there is no error.
func (w *Workspace) DropOut(name, folder string) error {
	if err := os.Remove(w.outPath(folder, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("outbox: %w", err)
	}
	return nil
}

// PutIn lays a file of our own into the inbox, unless the archive has its bytes already: the next run takes it up like any other.
func (w *Workspace) PutIn(name string, sha claim.Digest, data []byte) error {
	if err := w.CheckArchived(sha); err == nil || !errors.Is(err, ErrNotArchived) {
		return err
	}
	if err := w.inbox.put(context.Background(), name, bytes.NewReader(data)); err != nil {
		return fmt.Errorf("inbox: %s: %w", name, err)
	}
	return nil
}

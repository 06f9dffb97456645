package pipeline_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"revcycle/fixtures/synth"
	"revcycle/ledger"
	"revcycle/ledger/mem"
	"revcycle/pipeline"
	"revcycle/workspace"
)

var update = flag.Bool("update", false, "write the expected files of the cases anew")

const soundFile = "837p-east-20250111-1.837" // 14 claims of the demo

// held lists the units in quarantine: the sentence of each and how many bytes it holds.
func (n *night) held() string {
	n.t.Helper()
	folders, err := filepath.Glob(filepath.Join(n.dir, "quarantine", "[^.]*"))
	if err != nil {
		n.t.Fatal(err)
	}
	var out []string
	for _, dir := range folders {
		text, err := os.ReadFile(filepath.Join(dir, "reason.json"))
		if err != nil {
			n.t.Fatal(err)
		}
		var r workspace.Reason
		if err := json.Unmarshal(text, &r); err != nil {
			n.t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(dir, "raw"))
		if err != nil {
			n.t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("held     %s, %s: %s\n         %d bytes: %s\n", r.Unit, r.Code, r.Message, len(raw), edges(raw)))
	}
	slices.Sort(out)
	return strings.Join(out, "")
}

// edges shows how a unit begins and ends.
func edges(raw []byte) string {
	if len(raw) < 40 {
		return fmt.Sprintf("%q", raw)
	}
	return fmt.Sprintf("%q … %q", raw[:16], raw[len(raw)-16:])
}

// Each file that must be refused says so in a sentence with a place, holds the smallest unit, and lets
// the rest of the night post. The sentences stand in fixtures/refusals/*.want.
func TestARefusalIsASentenceWithItsPlace(t *testing.T) {
	files, err := filepath.Glob("../fixtures/refusals/*.837")
	if err != nil || len(files) < 7 {
		t.Fatalf("refusals: %d, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			n := newNight(t, sample, mem.New())
			n.drop("../fixtures/demo/inbox/"+soundFile, file)
			sum := n.run(simulatedEnd)
			if sum.Exit != 3 {
				t.Errorf("exit: got %d want 3", sum.Exit)
			}
			n.controlsHold(sum)
			var got strings.Builder
			for _, f := range sum.Files {
				if f.Name == soundFile {
					if f.State != "ingested" || f.Claims != 14 {
						t.Errorf("the sound file beside it: %s, %d claims", f.State, f.Claims)
					}
					continue
				}
				fmt.Fprintf(&got, "state    %s\nreason   %s\nposted   %d of %d claims\n%s", f.State, f.Reason, sum.Counts.Claims-14, f.Claims, n.held())
			}
			want := strings.TrimSuffix(file, ".837") + ".want"
			if *update {
				if err := os.WriteFile(want, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(text) {
				t.Errorf("got\n%swant\n%s", got.String(), text)
			}
		})
	}
}

func (n *night) controlsHold(sum pipeline.Summary) {
	n.t.Helper()
	for _, c := range sum.Controls {
		if !c.OK {
			n.t.Errorf("control %s: %s against %s", c.Name, c.Left, c.Right)
		}
	}
}

// A file that broke off anywhere is either held or whole: as long as the SE is not there, nothing of
// its set posts, be it claim, remit, payment or entry; once it is, everything does.
func TestNothingOfATornSetPosts(t *testing.T) {
	for _, c := range []struct {
		name           string
		file           []byte
		claims, remits int
	}{
		{"837", soundRefusal(t), 2, 0},
		{"835", fileOf(t, golden+"/in/g01_paid.835"), 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			end := bytes.LastIndex(c.file, []byte("SE*")) + 3
			end += bytes.IndexByte(c.file[end:], '~') // the set is whole from this byte on
			torn, whole := newNight(t, sample, mem.New()), newNight(t, sample, mem.New())
			for cut := range len(c.file) {
				near := cut > 0 && (c.file[cut-1] == '~' || c.file[min(cut+1, len(c.file)-1)] == '~')
				switch name := fmt.Sprintf("cut-%05d.x12", cut); {
				case cut%11 != 0 && !near && cut < end-4:
				case cut <= end:
					torn.put(name, c.file[:cut])
				default:
					whole.put(name, c.file[:cut])
				}
			}
			sum := torn.run(simulatedEnd)
			torn.controlsHold(sum)
			if sum.Exit != 3 || sum.Counts.Claims+sum.Counts.Remits+sum.Counts.Payments != 0 {
				t.Errorf("torn: exit %d, %d claims, %d remits, %d payments, want 3 and none", sum.Exit, sum.Counts.Claims, sum.Counts.Remits, sum.Counts.Payments)
			}
			if entries := torn.rows(ledger.Postings); entries != 0 {
				t.Errorf("torn: %d entries posted, want none", entries)
			}
			for _, f := range sum.Files {
				if f.State != "quarantined" && f.State != "duplicate" || f.Reason == "" {
					t.Errorf("%s: %s %q", f.Name, f.State, f.Reason)
				}
			}
			if len(sum.Files) < 100 {
				t.Errorf("only %d cuts were made", len(sum.Files))
			}
			sum = whole.run(simulatedEnd)
			whole.controlsHold(sum)
			if sum.Counts.Claims != c.claims || sum.Counts.Remits != c.remits {
				t.Errorf("whole: %d claims, %d remits, want %d and %d", sum.Counts.Claims, sum.Counts.Remits, c.claims, c.remits)
			}
			for _, f := range sum.Files {
				// A cut in the IEA's control number is told from a wrong one by nothing: the interchange is held.
				held := f.State == "quarantined" && !strings.Contains(f.Reason, "IEA02_CONTROL")
				if f.Claims != c.claims || f.Remits != c.remits || held {
					t.Errorf("%s: %s %q, %d claims, %d remits", f.Name, f.State, f.Reason, f.Claims, f.Remits)
				}
			}
		})
	}
}

// soundRefusal is the sound file of two claims that the refusals were made from.
func soundRefusal(t *testing.T) []byte {
	all, err := synth.Refusals()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Name == "hl-self.837" {
			return bytes.Replace(r.Bytes, []byte("HL*3*3*22*0"), []byte("HL*3*1*22*0"), 1)
		}
	}
	t.Fatal("the refusals lack hl-self.837")
	return nil
}

func fileOf(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// rows counts a table.
func (n *night) rows(table *ledger.Table) int {
	n.t.Helper()
	count := 0
	for _, err := range n.store.Rows(n.t.Context(), ledger.Query{Table: table}) {
		if err != nil {
			n.t.Fatal(err)
		}
		count++
	}
	return count
}

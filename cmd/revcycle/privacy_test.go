package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"revcycle/fixtures/synth"
)

// canaries are what of a simulated inbox must not be shown: the last names of its invented patients,
// the member IDs and the control numbers (CLM01, CLP01) that its files hold.
type canaries struct{ names, members, controls []string }

// canariesOf looks for them in the files as they were sent, not in what was read of them.
func canariesOf(t *testing.T, inbox string) canaries {
	t.Helper()
	var c canaries
	files, err := filepath.Glob(filepath.Join(inbox, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		for seg := range strings.SplitSeq(string(place{TB: t}.read(f)), "~") {
			e := strings.Split(strings.Trim(seg, "\r\n"), "*")
			switch {
			case e[0] == "NM1" && len(e) > 9 && e[8] == "MI":
				c.members = append(c.members, e[9])
			case e[0] == "CLM" && len(e) > 1 && e[1] != "", e[0] == "CLP":
				c.controls = append(c.controls, e[1])
			}
		}
	}
	c.names = synth.LastNames()
	for _, list := range []*[]string{&c.members, &c.controls} {
		slices.Sort(*list)
		*list = slices.DeleteFunc(slices.Compact(*list), func(s string) bool { return len(s) < 6 })
		if len(*list) < 50 {
			t.Fatalf("only %d canaries were found in %s", len(*list), inbox)
		}
	}
	return c
}

// silent wants that a text shows none of some canaries.
func silent(t *testing.T, where string, text []byte, lists ...[]string) {
	t.Helper()
	for _, list := range lists {
		for _, word := range list {
			if holdsWord(text, word) {
				t.Errorf("%s shows %s", where, word)
				return
			}
		}
	}
}

// holdsWord looks for a name anywhere, and for any other word where no letter or digit touches it: a
// member ID may be part of an NPI.
func holdsWord(text []byte, word string) bool {
	if strings.HasPrefix(word, "TEST") {
		return bytes.Contains(text, []byte(word))
	}
	touches := func(b []byte, i int) bool {
		return i >= 0 && i < len(b) && (b[i] >= '0' && b[i] <= '9' || b[i] >= 'A' && b[i] <= 'Z')
	}
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(word))
		if i < 0 {
			return false
		}
		if at += i; !touches(text, at-1) && !touches(text, at+len(word)) {
			return true
		}
		at++
	}
}

// Nothing that people other than the biller see shows a patient: neither messages and logs of any
// verb, nor errors, metrics, the report, the reasons in quarantine, the audit; nor, in the default
// profile, any cell of the extracts. Every last name in the simulation begins with TEST.
func TestNobodySeesAPatient(t *testing.T) {
	p := newPlace(t, "operations")
	o := synth.Defaults()
	o.Seed, o.Claims = 31, 200
	if _, err := synth.WriteAll(p.dir, o); err != nil {
		t.Fatal(err)
	}
	inbox := filepath.Join(p.dir, "inbox")
	p.spoil(inbox)
	c := canariesOf(t, inbox)
	run := revcycle(t, "run", "-C", p.dir, "--as-of", simulatedAsOf, "--json", "--log-format", "json")
	if run.code != 3 {
		t.Fatalf("exit %d: %s", run.code, run.err)
	}
	silent(t, "stderr of run", []byte(run.err), c.names, c.members, c.controls)
	silent(t, "run --json", []byte(run.out), c.names, c.members, c.controls)
	p.verbsAreSilent(c)
	for _, pattern := range []string{"metrics/*", "reports/*", "quarantine/[^.]*/reason.json", "audit.jsonl", "extracts/*.sql", "extracts/_batches/*/*", "extracts/_schema/*"} {
		files, err := filepath.Glob(filepath.Join(p.dir, pattern))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, f := range files {
			silent(t, f, p.read(f), c.names, c.members, c.controls)
		}
	}
	tables, err := os.ReadDir(filepath.Join(p.dir, "extracts", "current"))
	if err != nil || len(tables) < 15 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, table := range tables {
		for _, row := range p.table(table.Name()) {
			for column, cell := range row {
				silent(t, table.Name()+"."+column, []byte(cell), c.names, c.members)
			}
		}
	}
}

// spoil puts names, member IDs and control numbers where a careless message would print them.
func (p place) spoil(inbox string) {
	p.Helper()
	files, err := filepath.Glob(filepath.Join(inbox, "837p-*"))
	if err != nil || len(files) < 8 {
		p.Fatalf("%d files, %v", len(files), err)
	}
	for i, change := range []struct{ old, with string }{
		{"CLM*", "CLM*N999991*TESTADAMS***"},                           // a name in an amount
		{"DTP*472*D8*", "DTP*472*D8*TESTBAKER"},                        // a name in a date
		{"SV1*HC:", "SV1*HC:TESTCLARK*TESTDAVIS*UN*X~SV1*HC:"},         // in a code, and in an amount
		{"HL*2*1*22*", "HL*TESTEVANS*TESTFOSTER*22*"},                  // in a level
		{"SE*", "TESTGREEN*N999992*AL9999999~SE*"},                     // in the ID of a segment
		{"IEA*1*", "IEA*TESTHALL*"},                                    // in an envelope
		{"NM1*IL*1*", "NM1*IL*1*" + strings.Repeat("TESTIRWIN", 9000)}, // in a segment that is too long
	} {
		text := string(p.read(files[i]))
		if !strings.Contains(text, change.old) {
			p.Fatalf("%s holds no %s", files[i], change.old)
		}
		p.put(filepath.Base(files[i]), []byte(strings.Replace(text, change.old, change.with, 1)))
	}
	p.put("letter.txt", []byte("Dear Ms TESTADAMS, your member number is AL9999999.\n"))
	visits := strings.Replace(string(p.read(filepath.Join(inbox, "visits.csv"))), ".00\n", ".TESTJONES\n", 1)
	p.put("visits.csv", []byte(visits))
}

// verbsAreSilent runs the verbs that tell of a night and looks at what they say. Work lists are for the
// biller and show control numbers on stdout; messages never do.
func (p place) verbsAreSilent(c canaries) {
	p.Helper()
	t := p.TB.(*testing.T)
	for _, args := range [][]string{
		{"run"}, {"plan"}, {"status"}, {"status", "--json"}, {"batches"}, {"batches", "--json"}, {"denials"}, {"gaps"}, {"verify"}, {"verify", "--digest"},
		{"doctor"}, {"quarantine", "ls"}, {"export", "JOURNAL"}, {"explain", c.controls[0]}, {"explain", "N0NSENSE"}, {"report"},
	} {
		e := revcycle(t, append(args, "-C", p.dir, "--as-of", simulatedAsOf)...)
		name := strings.Join(args[:1], " ")
		silent(t, "stderr of "+name, []byte(e.err), c.names, c.members, c.controls)
		silent(t, name, []byte(e.out), c.names, c.members)
	}
	files, err := filepath.Glob(filepath.Join(demoInbox, "*"))
	if err != nil {
		t.Fatal(err)
	}
	held, err := filepath.Glob(filepath.Join(p.dir, "quarantine", "[^.]*", "raw"))
	if err != nil || len(held) < 5 {
		t.Fatalf("%d units held, %v", len(held), err)
	}
	for _, args := range [][]string{append([]string{"inspect", "--json"}, held...), append([]string{"inspect"}, files[:10]...)} {
		e := revcycle(t, args...)
		silent(t, "inspect", []byte(e.out+e.err), c.names, c.members, c.controls)
	}
}

package parsers

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"revcycle/claim"
	"revcycle/money"
	"revcycle/parsers/csv"
	"revcycle/parsers/x12"
)

// Report is what inspect tells of a file; its JSON is the contract's.
type Report struct {
	File         string      `json:"file"`
	Bytes        int64       `json:"bytes"`
	Kind         Kind        `json:"kind"`
	Interchanges int         `json:"interchanges"`
	Groups       int         `json:"groups"`
	Transactions int         `json:"transactions"`
	Segments     int         `json:"segments"`
	Claims       int         `json:"claims"` // CLM segments
	Remits       int         `json:"remits"` // CLP segments
	Charge       money.Cents `json:"charge"` // Σ CLM02 and Σ CLP03 that can be read
	Paid         money.Cents `json:"paid"`   // Σ CLP04 that can be read
	Delimiters   Delimiters  `json:"delimiters"`
	Faults       []x12.Fault `json:"faults"`    // never nil; at most MaxFaults, then a FAULTS_CUT
	Unchecked    []string    `json:"unchecked"` // external code sets that stand in the file and were not loaded
}

// Delimiters are those of the first interchange, each one character; repetition is empty where there is none.
type Delimiters struct {
	Element    string `json:"element"`
	Component  string `json:"component"`
	Repetition string `json:"repetition"`
	Segment    string `json:"segment"`
}

// Inspect reads a file to its end and tells what it is, its counts and totals, and every fault with its place. Any file is told of: one
// that is no X12 has its kind, its length and a fault that says so unless it is a CSV table that is known. Memory does not
// depend on the length of the file. The name is shown and helps to tell CSV tables apart; nil profiles are the built-in ones.
// Policies judge the faults as Scan has them judged; nil leaves them as they were found. An error is a source that failed.
func Inspect(name string, r io.Reader, profiles *csv.Profiles, policies Policies) (Report, error) {
	src := bufio.NewReaderSize(r, SniffBytes)
	head, err := src.Peek(SniffBytes)
	if err != nil && err != io.EOF {
		return Report{}, err
	}
	out := Report{File: name, Kind: Sniff(head, name, profiles), Faults: []x12.Fault{}, Unchecked: []string{}}
	if !isX12(head) {
		if t := tableOf(out.Kind, profiles); t != nil && t.Lines == "" && t.Refusal() == "" {
			return out, inspectTable(&out, t, src)
		}
		out.Bytes, err = io.Copy(io.Discard, src)
		if f := FormatOf(out.Kind, profiles); !f.Run {
			out.Faults = append(out.Faults, x12.Fault{SNIP: 1, Code: x12.CodeNotX12, Severity: x12.Reject, Message: "not X12, but " + f.Description + ": " + f.Refusal})
		}
		return out, err
	}
	s := newScanner(src, true)
	s.policies = policies
	if err := s.run(); err != nil {
		return Report{}, err
	}
	l := &s.layout
	out.Bytes, out.Kind, out.Segments, out.Groups = l.Bytes, l.Kind, l.Segments, l.Groups
	out.Interchanges, _, out.Transactions, _ = s.env.Counts()
	out.Claims, out.Remits, out.Charge, out.Paid = l.Claims, l.Remits, l.Charge, l.Paid
	out.Faults = append(out.Faults, l.Faults...)
	slices.Sort(s.unchecked)
	out.Unchecked = append(out.Unchecked, s.unchecked...)
	d := l.Delims
	if out.Interchanges == 0 {
		d = s.r.Delims()
	}
	out.Delimiters = Delimiters{Element: one(d.Element), Component: one(d.Component), Repetition: one(d.Repetition), Segment: one(d.Segment)}
	return out, nil
}

// tableOf is the CSV table of a kind, nil for other kinds.
func tableOf(k Kind, profiles *csv.Profiles) *csv.Table {
	name, ok := strings.CutPrefix(string(k), "csv:")
	if !ok {
		return nil
	}
	if profiles == nil {
		profiles = csv.Builtin()
	}
	profile, table, _ := strings.Cut(name, "/")
	t, ok := profiles.Table(profile, table)
	if !ok {
		return nil
	}
	return t
}

// inspectTable reads a CSV table to its end and lists the rows that cannot be read.
func inspectTable(out *Report, t *csv.Table, r io.Reader) error {
	src := &counter{r: r}
	var items iter.Seq2[csv.Item, error]
	switch t.Noun {
	case csv.EncounterNoun:
		items = csv.ReadEncounters(t, src, nil)
	case csv.ChargeNoun:
		items = csv.ReadCharges(t, src, nil)
	case csv.ClaimNoun:
		items = csv.ReadClaims(t, nil, src, nil, "", nil)
	default:
		var err error
		out.Bytes, err = io.Copy(io.Discard, r)
		return err
	}
	for it, err := range items {
		var header *csv.HeaderError
		if errors.As(err, &header) {
			out.Faults = append(out.Faults, x12.Fault{SNIP: 1, Code: "HEADER", Severity: x12.Reject, Message: header.Error()})
			continue
		}
		if err != nil {
			return err
		}
		switch d := it.Doc.(type) {
		case claim.Claim:
			out.Claims++
			out.Charge += d.Charge
		case claim.Reject:
			out.fault(x12.Fault{SNIP: 1, Code: d.Code, Severity: x12.Reject, Ordinal: it.Row, Element: d.Element, Byte: it.Byte, Message: d.Message})
		}
	}
	rest, err := io.Copy(io.Discard, r)
	out.Bytes = src.n + rest
	return err
}

// fault lists a fault, up to MaxFaults and a word that there are more.
func (out *Report) fault(f x12.Fault) {
	switch {
	case len(out.Faults) < MaxFaults:
		out.Faults = append(out.Faults, f)
	case len(out.Faults) == MaxFaults:
		out.Faults = append(out.Faults, x12.Fault{SNIP: 1, Code: CodeFaultsCut, Severity: x12.Warn, Message: "there are more faults than are listed"})
	}
}

// isX12 reports whether a scan can make anything of a file that begins so: the reader alone decides.
func isX12(head []byte) bool {
	_, err := x12.NewReader(bytes.NewReader(head)).Read()
	bad, ok := err.(*x12.SyntaxError)
	return err == nil || ok && bad.Code != x12.CodeNotX12
}

// one is a delimiter as text.
func one(c byte) string {
	if c == 0 {
		return ""
	}
	return string(rune(c))
}

package claim

import (
	"encoding/binary"
	"errors"
	"log/slog"
	"strings"

	"revcycle/civil"
)

// Person is a patient or an insured. It cannot be printed, logged or marshalled as text by accident:
// String, LogValue and MarshalText all give "[person]". Its fields are reached only by name, through
// methods, where a field is really needed (matching, an identified extract).
type Person struct{ p person }

type person struct {
	Last, First, Middle, Suffix string
	MemberID                    string
	Birth, Death                civil.Date
	Sex                         string
	Address, City, State, ZIP   string
	Organization                bool
}

// PersonFields is how a parser fills a Person and how an identified extract reads one.
type PersonFields = person

// NewPerson makes a person of its fields.
func NewPerson(f PersonFields) Person { return Person{f} }

// Fields opens the person. Whoever calls it answers for where the fields go.
func (p Person) Fields() PersonFields { return p.p }

// Known reports whether anything is known of the person.
func (p Person) Known() bool { return p.p != person{} }

// MemberID is the insurer's number of the person; identifying.
func (p Person) MemberID() string { return p.p.MemberID }

// Birth is the person's birth date; zero where unknown.
func (p Person) Birth() civil.Date { return p.p.Birth }

// Sex is F, M, U or "".
func (p Person) Sex() string { return p.p.Sex }

// Key is a hash of who the person is to a payer: the member ID, else name and birth date. It joins
// claims of one patient; it is a pseudonym without a key and never leaves the ledger.
func (p Person) Key() ID {
	if !p.Known() {
		return ID{}
	}
	if p.p.MemberID != "" {
		return IDOf("member", strings.ToUpper(strings.TrimSpace(p.p.MemberID)))
	}
	return IDOf("person", strings.ToUpper(p.p.Last), strings.ToUpper(p.p.First), p.p.Birth.X12())
}

// SameName compares the first five letters of the surname (the VistA check); true where either is unknown.
func (p Person) SameName(o Person) bool {
	a, b := letters5(p.p.Last), letters5(o.p.Last)
	return a == "" || b == "" || a == b
}

func letters5(s string) string {
	out := make([]byte, 0, 5)
	for _, ch := range []byte(strings.ToUpper(s)) {
		if ch >= 'A' && ch <= 'Z' && len(out) < 5 {
			out = append(out, ch)
		}
	}
	return string(out)
}

const hidden = "[person]"

// String never shows the person.
func (Person) String() string { return hidden }

// GoString never shows the person.
func (Person) GoString() string { return hidden }

// LogValue never shows the person.
func (Person) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText never shows the person.
func (Person) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalBinary writes the person for the ledger's own documents, and nothing else.
func (p Person) MarshalBinary() ([]byte, error) {
	if !p.Known() {
		return []byte{}, nil
	}
	f := &p.p
	b := make([]byte, 0, 96)
	for _, s := range []string{f.Last, f.First, f.Middle, f.Suffix, f.MemberID, f.Sex, f.Address, f.City, f.State, f.ZIP} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = binary.AppendUvarint(b, uint64(f.Birth))
	b = binary.AppendUvarint(b, uint64(f.Death))
	if f.Organization {
		return append(b, 1), nil
	}
	return append(b, 0), nil
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (p *Person) UnmarshalBinary(b []byte) error {
	*p = Person{}
	if len(b) == 0 {
		return nil
	}
	f, all, at := &p.p, string(b), 0 // the texts share one copy
	number := func() (uint64, bool) {
		v, n := binary.Uvarint(b[at:])
		at += max(n, 0)
		return v, n > 0
	}
	for _, s := range [...]*string{&f.Last, &f.First, &f.Middle, &f.Suffix, &f.MemberID, &f.Sex, &f.Address, &f.City, &f.State, &f.ZIP} {
		n, ok := number()
		if !ok || n > uint64(len(b)-at) {
			return errPerson
		}
		*s = all[at : at+int(n)]
		at += int(n)
	}
	birth, ok1 := number()
	death, ok2 := number()
	if !ok1 || !ok2 || at >= len(b) {
		return errPerson
	}
	f.Birth, f.Death, f.Organization = civil.Date(birth), civil.Date(death), b[at] == 1
	return nil
}

var errPerson = errors.New("claim: a stored person is cut short")

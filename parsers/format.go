package parsers

import (
	"bytes"
	"path"
	"strings"

	"revcycle/claim"
	"revcycle/parsers/csv"
	"revcycle/parsers/x12"
	"revcycle/parsers/x837"
)

// Kind names what a file or a transaction set is: "837P", "835", "277CA", "csv:synthea/claims" …
type Kind string

// The kinds that code asks for by name. Other X12 sets bear the number of their set: "270", "834".
const (
	Professional  Kind = "837P"
	Institutional Kind = "837I"
	Dental        Kind = "837D"
	Claims        Kind = "837" // of a guide that we do not read
	Remittance    Kind = "835"
	ClaimAck      Kind = "277CA"
	KindTA1       Kind = "TA1"
	Mixed         Kind = "mixed" // sets of several kinds
	X12           Kind = "X12"   // envelopes without sets
	Empty         Kind = "empty"
	Unknown       Kind = "unknown"
)

// Format is a row of the table of formats.
type Format struct {
	Kind        Kind
	Description string
	Run         bool   // run takes it
	Refusal     string // why run does not; "" where it does
	Ack         bool   // it acknowledges what was sent
}

const noReader = "revcycle does not read this kind of file"

// formats is what we know by name. A kind that is not here is refused.
var formats = []Format{
	{Professional, "professional claims (837, X222)", true, "", false},
	{Institutional, "institutional claims (837, X223)", true, "", false},
	{Dental, "dental claims (837, X224)", true, "", false},
	{Claims, "claims of a guide that is not read", false, "the set names no guide that is read: wanted X222, X223 or X224", false},
	{Remittance, "remittance advice (835, X221)", true, "", false},
	{Mixed, "sets of several kinds, each taken by itself", true, "", false},
	{ClaimAck, "claim acknowledgement (277CA, X214)", true, "", true},
	{"999", "implementation acknowledgement", true, "", true},
	{"997", "functional acknowledgement", true, "", true},
	{KindTA1, "interchange acknowledgement", true, "", true},
	{"270", "eligibility inquiry", false, noReader + ": eligibility is no part of the revenue cycle here", false},
	{"271", "eligibility response", false, noReader + ": eligibility is no part of the revenue cycle here", false},
	{"276", "claim status inquiry", false, noReader + ": it is a question, not an answer", false},
	{"277", "claim status response", false, noReader + ": only the 277CA (X214) tells of received claims", false},
	{"278", "services review", false, noReader + ": authorizations come from the host system", false},
	{"820", "premium payment", false, noReader + ": premiums are the payer's business", false},
	{"834", "benefit enrollment", false, noReader + ": enrollment is the payer's business", false},
	{X12, "X12 envelopes without sets", false, "there is no transaction set in the file", false},
	{Empty, "an empty file", false, "the file is empty: ask its sender for it again", false},
	{"gzip", "a gzip archive", false, "the file is compressed: unpack it first", false},
	{"zip", "a zip archive", false, "the file is compressed: unpack it first", false},
	{"zstd", "a zstandard archive", false, "the file is compressed: unpack it first", false},
	{"PDF", "a PDF document", false, "a PDF holds no data that can be read safely: ask for the 835 or 837 itself", false},
	{"XLSX or DOCX", "an office document", false, "save the sheet as CSV with a header line", false},
	{"BAI2", "bank statement (BAI2)", false, noReader + " yet: bank statements", false},
	{"ACH", "bank payment file (NACHA)", false, noReader + " yet: bank payment files", false},
	{"HL7", "HL7 version 2 messages", false, noReader + " yet: HL7 messages", false},
	{"JSON", "JSON (perhaps FHIR)", false, noReader + " yet: FHIR resources", false},
	{"XML", "XML", false, noReader, false},
	{Unknown, "a file that nothing here knows", false, "the file begins like none that is read: neither ISA nor a known CSV header", false},
}

// FormatOf gives the row of a kind. A CSV table that a profile knows is taken, one that the profile leaves unread is refused with
// its reason; a kind without a row is refused.
func FormatOf(k Kind, profiles *csv.Profiles) Format {
	for _, f := range formats {
		if f.Kind == k {
			return f
		}
	}
	if name, ok := strings.CutPrefix(string(k), "csv:"); ok {
		f := Format{Kind: k, Description: "CSV " + name, Run: true}
		if profile, table, found := strings.Cut(name, "/"); found && profiles != nil {
			if t, known := profiles.Table(profile, table); known && t.Refusal() != "" {
				f.Run, f.Refusal = false, t.Refusal()
			}
		}
		return f
	}
	return Format{Kind: k, Description: "X12 " + string(k), Refusal: noReader}
}

// Formats gives every row of the table, in its order.
func Formats() []Format { return append([]Format(nil), formats...) }

// SniffBytes is how much of a file Sniff wants to see; it makes do with less.
const SniffBytes = 64 << 10

// magic is what begins the files that are known by their first bytes.
var magic = []struct {
	prefix string
	kind   Kind
}{
	{"\x1f\x8b", "gzip"}, {"PK\x03\x04", "zip"}, {"PK\x05\x06", "zip"}, {"\x28\xb5\x2f\xfd", "zstd"}, {"%PDF-", "PDF"},
	{"MSH|", "HL7"}, {"FHS|", "HL7"}, {"BHS|", "HL7"}, {"01,", "BAI2"}, {"101 ", "ACH"}, {"<?xml", "XML"}, {"{", "JSON"}, {"[", "JSON"},
}

// Sniff says what a file is by its first bytes; the name helps only to tell CSV tables apart. It is a guess that Scan confirms: a
// file of sets of several kinds sniffs as its first. Nil profiles are the built-in ones.
func Sniff(head []byte, name string, profiles *csv.Profiles) Kind {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(text) == 0 {
		return Empty
	}
	if k := sniffX12(head); k != "" {
		return k
	}
	for _, m := range magic {
		if bytes.HasPrefix(text, []byte(m.prefix)) {
			if m.kind == "zip" && (strings.EqualFold(path.Ext(name), ".xlsx") || strings.EqualFold(path.Ext(name), ".docx")) {
				return "XLSX or DOCX"
			}
			return m.kind
		}
	}
	if profiles == nil {
		profiles = csv.Builtin()
	}
	if t, ok := profiles.Sniff(head, name); ok {
		return Kind("csv:" + t.String())
	}
	return Unknown
}

// sniffX12 gives the kind of the first set, "" for what is no X12.
func sniffX12(head []byte) Kind {
	r := x12.NewReader(bytes.NewReader(head))
	var group string
	var kind Kind
	for {
		s, err := r.Read()
		if err != nil {
			if bad, ok := err.(*x12.SyntaxError); ok && !bad.Fatal {
				kind = or(kind, X12)
				continue
			}
			return kind
		}
		switch string(s.ID()) {
		case "GS":
			group = string(s.Elem(8))
		case "TA1":
			kind = KindTA1
		case "ST":
			guide := string(s.Elem(3))
			if guide == "" {
				guide = group
			}
			return kindOf(string(s.Elem(1)), guide)
		}
		kind = or(kind, X12)
	}
}

func or(k, otherwise Kind) Kind {
	if k == "" {
		return otherwise
	}
	return k
}

// kindOf names a set by ST01 and its guide.
func kindOf(st01, guide string) Kind {
	switch st01 {
	case "837":
		switch _, k := x837.Guide(guide); k {
		case claim.Professional:
			return Professional
		case claim.Institutional:
			return Institutional
		case claim.Dental:
			return Dental
		}
		return Claims
	case "277":
		if strings.Contains(guide, "X214") {
			return ClaimAck
		}
	case "":
		return Unknown
	}
	return Kind(st01)
}

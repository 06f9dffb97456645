package parsers

import (
	"revcycle/claim"
	"revcycle/money"
	"revcycle/parsers/set"
	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
)

// Layout is what a scan found: the file before anything of it is believed.
type Layout struct {
	Kind         Kind
	Bytes        int64
	Segments     int // all, envelopes included
	Groups       int
	Claims       int            // CLM segments
	Remits       int            // CLP segments
	Charge       money.Cents    // Σ CLM02 and Σ CLP03 that can be read
	Paid         money.Cents    // Σ CLP04 that can be read
	Delims       x12.Delimiters // of the first interchange
	Interchanges []Interchange
	Sets         []Set
	TA1s         []TA1       `json:",omitempty"` // acknowledgements of interchanges, the first MaxTA1
	Faults       []x12.Fault // the first MaxFaults, then one FAULTS_CUT
	// Held says why the file as a whole is not sound where that is the fault of no set in it: an interchange without its IEA
	// that breaks off between two sets, text that is no segment. "" = sound. Sets that are sound may be taken all the same.
	Held string
}

// Interchange is an ISA of the file, with the place where it ends.
type Interchange struct {
	x12.Interchange
	To int64 // offset behind its IEA, or of the next ISA or the end of the file where it has none
}

// Set is one transaction set of a file.
type Set struct {
	Ordinal      int // in the file, from 1
	Interchange  int // ordinal of its ISA, 0 for none
	Group        int // ordinal of its GS, 0 for none
	Kind         Kind
	Guide        string // ST03, else GS08
	Control      string // ST02
	GroupKind    string // GS01
	GroupSender  string // GS02
	GroupControl string // GS06
	Usage        string // ISA15: P, T or ""
	Sender       string // ISA06
	Receiver     string // ISA08
	From, To     int64  // bytes, ST to SE
	Segments     int    // ST and SE included
	Claims       int
	Remits       int
	Charge       money.Cents // Σ CLM02 or Σ CLP03 that can be read
	Paid         money.Cents
	// Held says why nothing of the set may post: its envelope is not sound. It begins with the code of the fault.
	Held string
	// Refused says why run takes no such set at all; "" where it does.
	Refused string
	// Untied says why an 835 does not tie, or why its partner's policy refuses its payment. The payment comes with the same words in
	// its Held, and is to be posted unapplied.
	Untied  string
	Payment claim.ID    // of an 835 that has one
	Chunks  []set.Chunk // what ReadChunk takes; none for a set that is refused
	// Verdicts say which documents of the set the partner's policy refuses, or lets through in spite of a fault. In the order of First.
	Verdicts  []Verdict      `json:",omitempty"`
	Partner   string         `json:",omitempty"` // whose policy it was; "" where nothing was agreed
	Tolerated []string       `json:",omitempty"` // what was let through for the whole set, as in Item
	Readings  []snip.Reading `json:",omitempty"` // how the partner's deviations are read
}

// MaxFaults bounds the faults that a scan lists.
const MaxFaults = 1000

// CodeFaultsCut is the last fault of a list that was cut at MaxFaults.
const CodeFaultsCut = "FAULTS_CUT"

package x277ca

import (
	"strconv"

	"revcycle/civil"
	"revcycle/money"
	"revcycle/parsers/x12"
)

// Guide is the guide that answers are written by.
const Guide = "005010X214"

// Party is a name as it stands in an NM1: NM102 to NM109. The zero Party has none.
type Party struct {
	Type, Last, First, Middle, Suffix, Qualifier, ID string
}

// PartyOf reads an NM1.
func PartyOf(s *x12.Segment) Party {
	text := func(i int) string { return string(s.Elem(i)) }
	return Party{text(2), text(3), text(4), text(5), text(7), text(8), text(9)}
}

// Set is what is said of a set of claims as a whole.
type Set struct {
	Source    Party  // who answers: 2100A
	Submitter Party  // who asked: 2100B, the set's 1000A
	Reference string // BHT03 of the set that is answered
	Number    string // BHT03 of the answer
	Time      string // HHMM
	Received  civil.Date
	Answered  civil.Date

	Accepted, Refused             int
	AcceptedAmount, RefusedAmount money.Cents
}

// Writer writes the answer to one set, claim by claim. Errors stick and are given by End.
type Writer struct {
	w        *x12.Writer
	set      Set
	hl       int
	provider int // its HL, 0 for none
	patient  int
	last     Party // the patient at hand
}

// Begin opens an answer: ST to the totals. The caller has opened the group (GS01 HN).
func Begin(w *x12.Writer, control string, s Set) *Writer {
	a := &Writer{w: w, set: s}
	if w.ST("277", control, Guide) != nil {
		return a
	}
	day := s.Answered.X12()
	a.put("BHT", "0085", "08", s.Number, day, s.Time, "TH")
	a.level("", "20", true)
	a.name("PR", s.Source)
	a.put("TRN", "1", s.Number)
	a.put("DTP", "050", "D8", s.Received.X12())
	a.put("DTP", "009", "D8", day)
	a.level("1", "21", s.Accepted+s.Refused > 0)
	a.name("41", s.Submitter)
	a.put("TRN", "2", s.Reference)
	verdict := "WQ"
	if s.Accepted == 0 && s.Refused > 0 {
		verdict = "U"
	}
	a.put("STC", statusElement(Received), day, verdict, amount(s.AcceptedAmount+s.RefusedAmount))
	if s.Accepted > 0 {
		a.put("QTY", "90", strconv.Itoa(s.Accepted))
	}
	if s.Refused > 0 {
		a.put("QTY", "AA", strconv.Itoa(s.Refused))
	}
	if s.Accepted > 0 {
		a.put("AMT", "YU", amount(s.AcceptedAmount))
	}
	if s.Refused > 0 {
		a.put("AMT", "YY", amount(s.RefusedAmount))
	}
	return a
}

// Provider opens the level of a billing provider. It is written with its first claim.
func (a *Writer) Provider(p Party) {
	a.level("2", "19", true)
	a.provider, a.patient, a.last = a.hl, 0, Party{}
	a.name("85", p)
}

// Claim writes the answer to a claim of a patient, below the provider opened last.
func (a *Writer) Claim(patient Party, c Claim) {
	if a.patient == 0 || patient != a.last {
		a.hl++
		a.put("HL", strconv.Itoa(a.hl), strconv.Itoa(a.provider), "PT")
		a.patient, a.last = a.hl, patient
		a.name("QC", patient)
	}
	a.put("TRN", "2", c.Control)
	verdict := "WQ"
	if c.Refused() {
		verdict = "U"
	}
	for i, s := range c.Statuses {
		if i%3 == 0 {
			more := c.Statuses[i+1 : min(i+3, len(c.Statuses))]
			elems := []string{statusElement(s), a.set.Answered.X12(), verdict, amount(c.Amount), "", "", "", "", "", "", ""}
			for k, x := range more {
				elems[9+k] = statusElement(x)
			}
			a.put("STC", elems...)
		}
	}
	a.reference("1K", c.PayerControl)
	a.reference("D9", c.Clearinghouse)
	a.reference("BLT", c.BillType)
	switch {
	case !c.From.Known():
	case c.To.Known() && c.To != c.From:
		a.put("DTP", "472", "RD8", c.From.X12()+"-"+c.To.X12())
	default:
		a.put("DTP", "472", "D8", c.From.X12())
	}
}

// End closes the answer.
func (a *Writer) End() error { return a.w.SE() }

func (a *Writer) put(id string, elems ...string) { _ = a.w.Write(id, elems...) }

// level writes an HL.
func (a *Writer) level(parent, code string, children bool) {
	a.hl++
	more := "0"
	if children {
		more = "1"
	}
	a.put("HL", strconv.Itoa(a.hl), parent, code, more)
}

// name writes an NM1.
func (a *Writer) name(code string, p Party) {
	a.put("NM1", code, p.Type, p.Last, p.First, p.Middle, "", p.Suffix, p.Qualifier, p.ID)
}

func (a *Writer) reference(qualifier, value string) {
	if value != "" {
		a.put("REF", qualifier, value)
	}
}

// statusElement is STC01.
func statusElement(s Status) string { return x12.Comp(s.Category, s.Code, s.Entity) }

func amount(c money.Cents) string { return string(c.X12(nil)) }

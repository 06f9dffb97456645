package parsers

import (
	"bytes"
	"fmt"
	"io"

	"revcycle/civil"
	"revcycle/parsers/x12"
	"revcycle/parsers/x277ca"
	"revcycle/parsers/x999"
)

// Answering says how answers are written. Control numbers must never have been used before.
type Answering struct {
	Date    civil.Date // of the answer
	Time    string     // HHMM
	Arrived civil.Date // when the file came; that of the answer where unknown

	Interchange func() (string, error) // the next ISA13, nine digits
	Group       func() (string, error) // the next GS06
	Always      bool                   // a TA1 also where ISA14 does not ask for one and nothing is wrong
	Source      x277ca.Party           // who answers claims; the receiver of the interchange where it has no name
}

// Answers is what WriteAnswers wrote.
type Answers struct {
	TA1, Sets, Claims int // interchanges, sets and claims that were answered
	Refused           int // claims that a 277CA refused
	Rejected          int // sets that a 999 or 997 rejected
	Torn              int // interchanges that a TA1 rejected, with all that is in them
}

// WriteAnswers writes the answers to a file that Receive has read: for each interchange one of ours, with a TA1 where it is asked for or
// something is wrong with the interchange, a 999 for each group (a 997 for those of version 4010) and a 277CA for each set of claims
// that its 999 did not reject. Acknowledgements are never answered. R is the file. It writes nothing for a file without an
// interchange that wants an answer.
func WriteAnswers(w io.Writer, r io.ReaderAt, in Received, how Answering) (Answers, error) {
	a := answering{Answering: how, r: r}
	for _, i := range in.Interchanges {
		if err := a.interchange(w, i); err != nil {
			return a.done, fmt.Errorf("answer interchange %d: %w", i.Ordinal, err)
		}
	}
	return a.done, nil
}

type answering struct {
	Answering
	r    io.ReaderAt
	w    *x12.Writer
	done Answers
	sets int // of the group that is being written
}

// isAck reports whether a group holds acknowledgements, which nobody answers: 997 and 999 (FA), 277CA (HN).
func isAck(kind string) bool { return kind == "FA" || kind == "HN" }

// interchange answers one interchange.
func (a *answering) interchange(w io.Writer, i ReceivedInterchange) error {
	var groups []ReceivedGroup
	for _, g := range i.Groups {
		if !isAck(g.Kind) {
			groups = append(groups, g)
		}
	}
	note, rejected := x999.Note(i.Faults)
	if len(groups) == 0 && (len(i.Groups) > 0 || !rejected) {
		return nil
	}
	a.w = x12.NewWriter(w, delimiters(i.Delims))
	a.w.Replace = ' '
	control, err := a.Interchange()
	if err != nil {
		return err
	}
	day, usage := a.Date.X12(), "T" // what does not say that it is production is answered as a test
	if i.Usage == "P" {
		usage = "P"
	}
	_ = a.w.ISA(x12.Interchange{SenderQualifier: clip(i.ReceiverQualifier, 2, a.w.Delims()), Sender: clip(i.Receiver, 15, a.w.Delims()), ReceiverQualifier: clip(i.SenderQualifier, 2, a.w.Delims()), Receiver: clip(i.Sender, 15, a.w.Delims()),
		Date: day[2:], Time: a.Time, Control: control, Usage: usage})
	if i.AckRequested || a.Always || note != "000" {
		verdict := x999.Accepted
		if rejected {
			verdict = x999.Rejected
			a.done.Torn++
		} else if note != "000" {
			verdict = x999.WithErrors
		}
		_ = x999.WriteTA1(a.w, x999.TA1{Control: i.Control, Date: i.Date, Time: i.Time, Verdict: verdict, Note: note})
		a.done.TA1++
	}
	if !rejected {
		if err := a.groups(groups); err != nil {
			return err
		}
	}
	_ = a.w.IEA()
	return a.w.Flush()
}

// delimiters are those of the interchange that is answered, so that what it said can be said again; the usual ones where they are
// none.
func delimiters(d x12.Delimiters) x12.Delimiters {
	all := []byte{d.Element, d.Component, d.Segment}
	for _, c := range []byte("^!|>") {
		if d.Repetition == 0 && bytes.IndexByte(all, c) < 0 {
			d.Repetition = c
		}
	}
	if x12.NewWriter(io.Discard, d).Flush() != nil {
		return x12.Standard
	}
	return d
}

// clip is as much of a text as an element of the ISA holds, with blanks for what it cannot.
func clip(s string, n int, d x12.Delimiters) string {
	b := []byte(s[:min(len(s), n)])
	for i, c := range b {
		if c < 0x20 || c >= 0x7f || c == d.Element || c == d.Component || c == d.Segment || c == d.Repetition {
			b[i] = ' '
		}
	}
	return string(b)
}

// groups answers the groups of an interchange: their sets first, then the claims of those that were taken.
func (a *answering) groups(groups []ReceivedGroup) error {
	var claims []ReceivedSet
	var of []ReceivedGroup
	for n, g := range groups {
		if n == 0 || x999.Old(g.Version) != x999.Old(groups[n-1].Version) || g.Sender != groups[n-1].Sender || g.Receiver != groups[n-1].Receiver {
			if n > 0 {
				_ = a.w.GE()
			}
			version := x999.Guide
			if x999.Old(g.Version) {
				version = "004010"
			}
			if err := a.open("FA", g.Group, version); err != nil {
				return err
			}
			a.sets = 0
		}
		var sets []x999.Received
		for _, s := range g.Sets {
			sets = append(sets, s.Received)
		}
		answer := x999.Judge(g.Group, g.Included, sets, g.Faults)
		if err := x999.Write(a.w, a.control(), answer); err != nil {
			return err
		}
		a.done.Sets += len(sets)
		for k, s := range answer.Sets {
			switch {
			case s.Verdict == x999.Rejected:
				a.done.Rejected++
			case isClaims(g.Sets[k].Kind) && !x999.Old(g.Version) && g.Sets[k].Claims > 0:
				claims, of = append(claims, g.Sets[k]), append(of, g)
			}
		}
	}
	if len(groups) > 0 {
		_ = a.w.GE()
	}
	for n, s := range claims {
		if n == 0 || of[n].Ordinal != of[n-1].Ordinal {
			if n > 0 {
				_ = a.w.GE()
			}
			if err := a.open("HN", of[n].Group, x277ca.Guide); err != nil {
				return err
			}
			a.sets = 0
		}
		if err := a.claims(s, of[n].Group); err != nil {
			return err
		}
	}
	if len(claims) > 0 {
		_ = a.w.GE()
	}
	return nil
}

func isClaims(k Kind) bool { return k == Professional || k == Institutional || k == Dental }

// open opens a group that answers one of ours.
func (a *answering) open(kind string, g x12.Group, version string) error {
	control, err := a.Group()
	if err != nil {
		return err
	}
	return a.w.GS(x12.Group{Kind: kind, Sender: g.Receiver, Receiver: g.Sender, Date: a.Date.X12(), Time: a.Time, Control: control, Version: version})
}

// control is the next ST02 of the group at hand.
func (a *answering) control() string {
	a.sets++
	return fmt.Sprintf("%04d", a.sets)
}

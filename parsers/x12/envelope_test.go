package x12

import (
	"slices"
	"strings"
	"testing"
)

// Each edit of a sound file must give exactly the codes it deserves.
func TestEnvelopeNamesWhatIsWrong(t *testing.T) {
	set := "ST*837*0001*005010X222A1~BHT*0019*00*1*20261122*0130*CH~"
	end := "SE*7*0001~GE*1*1~IEA*1*000000001~"
	for _, c := range []struct {
		old, new string
		want     []string
	}{
		{"SE*7*", "SE*8*", []string{CodeSE01Count}},
		{"SE*7*", "SE*seven*", []string{CodeSE01Count}},
		{"SE*7*0001", "SE*7*1", []string{CodeSE02Control}},
		{"GE*1*1", "GE*2*1", []string{CodeGE01Count}},
		{"GE*1*1", "GE*1*2", []string{CodeGE02Control}},
		{"GE*1*1", "GE*1*0001", nil}, // group control numbers are compared as numbers
		{"IEA*1*000000001", "IEA*2*000000001", []string{CodeIEA01Count}},
		{"IEA*1*000000001", "IEA*1*1", []string{CodeIEA02Control}},
		{"SE*7*0001~", "", []string{CodeMissingSE}},
		{"GE*1*1~", "", []string{CodeMissingGE}},
		{"IEA*1*000000001~", "", []string{CodeMissingIEA}},
		{end, "", []string{CodeMissingSE, CodeMissingGE, CodeMissingIEA}},
		{end, "SE*7*0001~" + set + "SE*3*0001~GE*2*1~IEA*1*000000001~", []string{CodeST02Duplicate}},
		{end, "SE*7*0001~" + set + "SE*3*0002~GE*2*1~IEA*1*000000001~", []string{CodeST02Duplicate, CodeSE02Control}},
		{end, "SE*7*0001~GE*1*1~GS*HC*S*R*20261122*0130*01*X*005010X222A1~" + set + "SE*3*0001~GE*1*1~IEA*2*000000001~", []string{CodeGS06Duplicate}},
		{"SE*7*0001~", "SE*7*0001~SE*7*0001~", []string{CodeSEOutside}},
		{"GE*1*1~", "GE*1*1~GE*1*1~", []string{CodeGEOutside}},
		{"ST*837*0001*005010X222A1~", "", slices.Concat(slices.Repeat([]string{CodeSegmentOutside}, 5), []string{CodeSEOutside, CodeGE01Count})},
		{"GS*HC*S*R*20261122*0130*1*X*005010X222A1~", "", []string{CodeSTOutside, CodeGEOutside, CodeIEA01Count}},
		{"GS*HC*", "TA1*000000001*261122*0130*A*000~GS*HC*", nil},
		{"005010X222A1~BHT", "005010X223A2~BHT", []string{CodeST03Guide}},
		{"0130*1*X", "0130*A*X", []string{CodeGS06Format, CodeGE02Control}},
		{"*0*P*:", "*0*Q*:", []string{CodeISA15Usage}},
		{"*000000001*0*P", "*ABC000001*0*P", []string{CodeISA13Format, CodeIEA02Control}},
		{end, end + sample, []string{CodeISA13Duplicate}},
		{end, end + "GS*HC*S*R*20261122*0130*1*X*005010X222A1~" + set + "SE*3*0001~GE*1*1~", []string{CodeGSOutside, CodeGS06Duplicate}},
	} {
		if got := faultsOf(strings.Replace(sample, c.old, c.new, 1)); !slices.Equal(got, c.want) {
			t.Errorf("%s -> %s: got %v, want %v", c.old, c.new, got, c.want)
		}
	}
}

// What the envelope says of where we are comes from the ISA, GS and ST in front.
func TestEnvelopeKnowsWhereItIs(t *testing.T) {
	segs, _ := read(t, sample)
	var e Envelope
	var events []Event
	for _, s := range segs {
		events = append(events, e.Feed(s))
		if s.Is("CLM") {
			f := e.Stamp(Fault{})
			if !e.InSet() || f.Interchange != 1 || f.Group != 1 || f.Set != 1 {
				t.Errorf("in a set: got %+v", f)
			}
		}
	}
	if want := []Event{OpenInterchange, OpenGroup, OpenSet, Body, Body, Body, Body, Body, CloseSet, CloseGroup, CloseInterchange}; !slices.Equal(events, want) {
		t.Errorf("got %v, want %v", events, want)
	}
	i, g, s := e.Interchange, e.Group, e.Set
	if i.Sender != "SENDER" || i.Receiver != "RECEIVER" || i.Date != "261122" || i.Time != "0130" || i.Control != "000000001" || i.Usage != "P" || i.Version != "00501" || i.Groups != 1 {
		t.Errorf("interchange: got %+v", i)
	}
	if g.Kind != "HC" || g.Control != "1" || g.Version != "005010X222A1" || g.Sets != 1 || s.Kind != "837" || s.Control != "0001" || s.Guide != "005010X222A1" || s.Segment != 3 {
		t.Errorf("group %+v, set %+v", g, s)
	}
}

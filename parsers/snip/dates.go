package snip

import (
	"revcycle/civil"
	"revcycle/parsers/x12"
)

// Codes of the faults of dates that contradict each other.
const (
	CodeDateOrder        = "DATE_ORDER"             // a span that ends before it begins, a discharge before the admission
	CodeServiceFuture    = "SERVICE_AFTER_CREATION" // a service later than the day on which the set was made (BHT04)
	CodeServiceBirth     = "SERVICE_BEFORE_BIRTH"   // a service before the patient's birth (DMG02)
	CodeOutsideStatement = "OUTSIDE_STATEMENT"      // a line outside the statement's span (DTP*434)
	CodeLineDate         = "LINE_DATE"              // a line of an outpatient claim of several days without a date (2400 DTP*472)
)

// days reads a DTP: D8, RD8 or DT. Both days are unknown where it cannot be read.
func days(s seg) (from, to civil.Date) {
	e := s.elem(3)
	if s.is(2, 0, "RD8") && len(e) == 17 && e[8] == '-' {
		f, err := civil.Parse8(e[:8])
		if err != nil {
			return 0, 0
		}
		t, err := civil.Parse8(e[9:])
		if err != nil {
			return 0, 0
		}
		return f, t
	}
	if len(e) < 8 {
		return 0, 0
	}
	d, err := civil.Parse8(e[:8])
	if err != nil {
		return 0, 0
	}
	return d, d
}

// dated gives the days of the DTP with a qualifier, unknown where there is none.
func (v view) dated(qualifier string) (s seg, from, to civil.Date) {
	s, ok := v.date(qualifier)
	if !ok {
		return s, 0, 0
	}
	from, to = days(s)
	return s, from, to
}

// lastDay is the last day of service of a claim, unknown where it names none.
func lastDay(v view) civil.Date {
	_, _, last := v.dated("434")
	if _, _, d := v.dated("472"); d > last {
		last = d
	}
	for line, ok := v.child(v.i, "2400"); ok; line, ok = v.child(line.i, "2400") {
		if _, _, d := line.dated("472"); d > last {
			last = d
		}
	}
	return last
}

// claimDates checks the order of a claim's own dates, and its services against birth and the day the set was made.
func claimDates(v view, report func(x12.Fault)) {
	statement, from, to := v.dated("434")
	if to < from {
		fault(v, statement, 3, 0, report, x12.Fault{SNIP: 4, Code: CodeDateOrder, Severity: x12.Warn, Message: "the statement ends before it begins"})
	}
	admission, admitted, _ := v.dated("435")
	discharge, discharged, _ := v.dated("096")
	switch {
	case !admitted.Known():
	case discharged.Known() && discharged < admitted:
		fault(v, discharge, 3, 0, report, x12.Fault{SNIP: 4, Code: CodeDateOrder, Severity: x12.Warn, Message: "the discharge lies before the admission"})
	case to.Known() && to < admitted:
		fault(v, admission, 3, 0, report, x12.Fault{SNIP: 4, Code: CodeDateOrder, Severity: x12.Warn, Message: "the admission lies behind the end of the statement"})
	}
	made, born := v.made(), v.born()
	for line, ok := v.child(v.i, "2400"); ok; line, ok = v.child(line.i, "2400") {
		s, first, last := line.dated("472")
		switch {
		case !first.Known():
		case last < first:
			fault(line, s, 3, 0, report, x12.Fault{SNIP: 4, Code: CodeDateOrder, Severity: x12.Warn, Message: "the service ends before it begins"})
		case made.Known() && last > made:
			fault(line, s, 3, 0, report, x12.Fault{SNIP: 4, Code: CodeServiceFuture, Severity: x12.Warn, Message: "the service lies behind the day on which the set was made (BHT04)"})
		case born.Known() && first < born:
			fault(line, s, 3, 0, report, x12.Fault{SNIP: 4, Code: CodeServiceBirth, Severity: x12.Warn, Message: "the service lies before the patient's birth (DMG02)"})
		case from.Known() && to >= from && (first < from || last > to):
			fault(line, s, 3, 0, report, x12.Fault{SNIP: 4, Code: CodeOutsideStatement, Severity: x12.Warn, Message: "the service lies outside the span of the statement (DTP*434)"})
		}
	}
}

// made is the day on which the set was made: BHT04, or BPR16 of a remittance.
func (v view) made() civil.Date {
	root, at := view{v.r, 0}, 4
	s, ok := root.firstOf(bht)
	if !ok {
		if s, ok = root.firstOf(bpr); !ok {
			return 0
		}
		at = 16
	}
	d, err := civil.Parse8(s.elem(at))
	if err != nil {
		return 0
	}
	return d
}

var bht, bpr, dmg = pack("BHT"), pack("BPR"), pack("DMG")

// born is the day of the patient's birth: of the patient's own level, else the subscriber's.
func (v view) born() civil.Date {
	for u, ok := v.up(); ok; u, ok = u.up() {
		for name, ok := u.child(u.i, "2010CA", "2010BA"); ok; name, ok = u.child(name.i, "2010CA", "2010BA") {
			if s, ok := name.firstOf(dmg); ok {
				if d, err := civil.Parse8(s.elem(2)); err == nil {
					return d
				}
				return 0
			}
		}
		if u.id() == "2000C" {
			return 0
		}
	}
	return 0
}

// outpatientDates checks that the lines of a hospital's outpatient claim of several days say when they were served.
func outpatientDates(v view, report func(x12.Fault)) {
	s, ok := v.firstOf(clm)
	if !ok || !s.is(5, 1, "13", "14", "85") {
		return
	}
	if _, from, to := v.dated("434"); !from.Known() || from == to {
		return
	}
	for line, ok := v.child(v.i, "2400"); ok; line, ok = v.child(line.i, "2400") {
		if _, ok := line.date("472"); ok {
			continue
		}
		if t, ok := line.trigger(); ok {
			fault(line, t, 0, 0, report, x12.Fault{SNIP: 4, Code: CodeLineDate, Severity: x12.Warn, Message: "the claim spans several days, so that each line says when it was served (DTP*472)"})
		}
	}
}

package bai2

import (
	"fmt"
	"strings"

	"revcycle/money"
	"revcycle/parsers/bank"
)

// sums are what a trailer states: a control total and a count of records.
type sums struct{ control, records int64 }

// level is a part of the file that is open.
type level struct {
	open    bool
	from    bank.Line
	counted sums       // of its records, and of its parts as they were counted
	stated  sums       // the same with its parts as their trailers state them: what is wrong in a part is wrong there alone
	parts   int64      // accounts of a group, groups of a file
	fault   *bank.Held // the first in it: all of it is held
}

// add adds to a level what stands in it.
func (v *level) add(counted, stated sums) {
	v.counted.control, v.counted.records = v.counted.control+counted.control, v.counted.records+counted.records
	v.stated.control, v.stated.records = v.stated.control+stated.control, v.stated.records+stated.records
}

// begin opens a level with its own record.
func (w *walker) begin(at bank.Line, control int64) level {
	own := sums{control, int64(len(w.record))}
	return level{open: true, from: at, counted: own, stated: own}
}

// fault holds the smallest part that is open, once it ends: the whole file where none is.
func (w *walker) fault(code string, at bank.Line, message string) {
	h := bank.Held{Unit: "file", Code: code, Segment: recordOf(at), Record: at.Record, Byte: at.Byte, To: w.size, Message: message}
	switch {
	case w.account.open:
		w.account.note(h)
	case w.group.open:
		w.group.note(h)
	default:
		w.holds.Add(h)
	}
}

// note keeps the first fault of a level.
func (v *level) note(h bank.Held) {
	if v.fault == nil {
		v.fault = &h
	}
}

// close holds a level that has a fault, from its header to an end.
func (v *level) close(holds *bank.Holds, unit string, end int64) {
	if v.fault != nil {
		v.fault.Unit, v.fault.From, v.fault.To = unit, v.from.Byte, end
		holds.Add(*v.fault)
	}
	*v = level{}
}

// recordOf is the code of a record, "" where it has none.
func recordOf(l bank.Line) string {
	if code, _, ok := strings.Cut(l.Text, ","); ok && len(code) == 2 {
		return code
	}
	return ""
}

// closeOpen ends what should have ended before at.
func (w *walker) closeOpen(at bank.Line, what string) {
	if w.account.open {
		w.endAccount(at, at.Byte, w.account.counted, what+" comes before the trailer (49) of the account")
	}
	if w.group.open {
		w.endGroup(at, at.Byte, w.group.counted, what+" comes before the trailer (98) of the group")
	}
}

// tie says what a trailer states, and in what that differs from what was counted, "" for nothing. Parts names and counts what a group
// or a file has.
func (w *walker) tie(v *level, parts string) (stated sums, why string) {
	f := w.fields()
	amount, total := bank.Amount(field(f, 1))
	at := 2
	if parts != "" {
		at++
	}
	records, counts := bank.Count(field(f, at))
	stated = v.counted
	if total {
		stated.control = int64(amount)
	}
	if counts {
		stated.records = records
	}
	n, named := bank.Count(field(f, 2))
	switch {
	case !total:
		why = "its control total is not a whole number of cents"
	case stated.control != v.counted.control && stated.control != v.stated.control:
		why = fmt.Sprintf("its control total is %s, and its amounts sum to %s", amount, money.Cents(v.counted.control))
	case parts != "" && (!named || n != v.parts):
		why = fmt.Sprintf("it counts %q %s, and %d came", short(field(f, 2)), parts, v.parts)
	case !counts || records != v.counted.records && records != v.stated.records:
		why = fmt.Sprintf("it counts %q records, and %d came", short(field(f, at)), v.counted.records)
	}
	return stated, why
}

func (w *walker) closeAccount(at bank.Line) {
	if !w.account.open {
		w.fault("NESTING", at, "an account trailer (49) without its account (03)")
		return
	}
	stated, why := w.tie(&w.account, "")
	w.endAccount(at, w.recordEnd(), stated, why)
}

// recordEnd is where the record at hand ends, with its continuations.
func (w *walker) recordEnd() int64 { return w.record[len(w.record)-1].End }

// endAccount ends the account; why says what is wrong with its end, "" where nothing is.
func (w *walker) endAccount(at bank.Line, end int64, stated sums, why string) {
	w.flush()
	if why != "" {
		w.account.note(bank.Held{Code: "ACCOUNT_TOTAL", Segment: recordOf(at), Record: at.Record, Byte: at.Byte, Message: "the account does not tie: " + why})
	}
	w.group.add(w.account.counted, stated)
	w.account.close(&w.holds, "account", end)
}

func (w *walker) closeGroup(at bank.Line) {
	if w.account.open {
		w.endAccount(at, at.Byte, w.account.counted, "a group trailer (98) comes before the trailer (49) of the account")
	}
	if !w.group.open {
		w.fault("NESTING", at, "a group trailer (98) without its group (02)")
		return
	}
	stated, why := w.tie(&w.group, "accounts")
	w.endGroup(at, w.recordEnd(), stated, why)
}

func (w *walker) endGroup(at bank.Line, end int64, stated sums, why string) {
	if why != "" {
		w.group.note(bank.Held{Code: "GROUP_TOTAL", Segment: recordOf(at), Record: at.Record, Byte: at.Byte, Message: "the group does not tie: " + why})
	}
	w.file.add(w.group.counted, stated)
	w.group.close(&w.holds, "group", end)
}

func (w *walker) closeFile(at bank.Line) {
	w.closeOpen(at, "a file trailer (99)")
	if !w.file.open {
		w.fault("NESTING", at, "a file trailer (99) without its file header (01)")
		return
	}
	if _, why := w.tie(&w.file, "groups"); why != "" {
		w.fault("FILE_TOTAL", at, "the file does not tie: "+why)
	}
	w.file = level{}
}

// finish is the end of the text.
func (w *walker) finish() {
	w.closeOpen(bank.Line{Record: w.end.Record, Byte: w.size, End: w.size}, "the end of the file")
	if w.file.open || w.end.Record == 0 {
		w.fault("TORN", bank.Line{Record: w.end.Record, Byte: w.size}, "the file ends without its trailer (99): it was cut off, ask the bank for it again")
	}
}

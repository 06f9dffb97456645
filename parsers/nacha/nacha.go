// Package nacha reads ACH files (NACHA format, 94 characters a record) as deposits: the entries by which payers pay, with the
// reassociation trace of their addenda (CCD+, CTX).
//
// A file is read twice: first its control records (8, 9: counts, entry hash, totals) and every record are looked through, then the entries
// become claim.Deposit. A batch that does not tie is held whole, with the record and what was wanted; the others are taken. A file that
// does not tie is held. Memory does not grow with the file.
package nacha

import (
	"fmt"
	"io"
	"iter"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
	"revcycle/parsers/bank"
)

// width is the length of a record.
const width = 94

// Read gives the deposits of an ACH file, then what of it is held. The error is a source that failed.
func Read(r io.ReaderAt, size int64) iter.Seq2[bank.Item, error] {
	return func(yield func(bank.Item, error) bool) {
		check := &walker{size: size}
		if err := check.run(io.NewSectionReader(r, 0, size)); err != nil {
			yield(bank.Item{}, err)
			return
		}
		held := check.holds.End(size)
		stopped := false
		take := &walker{size: size, use: func(d *claim.Deposit, at bank.Line) bool {
			if bank.Covers(held, at.Byte) {
				return true
			}
			stopped = !yield(bank.Item{Deposit: d, Record: at.Record}, nil)
			return !stopped
		}}
		if err := take.run(io.NewSectionReader(r, 0, size)); err != nil && !stopped {
			yield(bank.Item{}, err)
			return
		}
		for i := range held {
			if stopped || !yield(held[i].Item(), nil) {
				return
			}
		}
	}
}

// totals are what a control record states.
type totals struct{ entries, hash, debit, credit int64 }

// hashModulus: an entry hash keeps ten digits.
const hashModulus = 10_000_000_000

func (t *totals) add(o totals) {
	t.entries += o.entries
	t.hash = (t.hash + o.hash) % hashModulus
	t.debit += o.debit
	t.credit += o.credit
}

// walker goes through a file once. use, where it is not nil, takes each deposit, and says whether more are wanted; holds is what
// is not sound.
type walker struct {
	size  int64
	use   func(*claim.Deposit, bank.Line) bool
	holds bank.Holds

	header, trailer bool
	sum, stated     totals // of the file's batches as they were counted, and as their control records state them
	batches         int64
	batch           batch
	entry           *claim.Deposit // the one that addenda may follow
	entryAt         bank.Line
	addenda         []string
	end             bank.Line
	stop            bool
}

// batch is what is open between a 5 and its 8.
type batch struct {
	open              bool
	from              bank.Line
	sum               totals
	class             string // CCD, CTX, PPD …
	company, name     string
	number, operation string
	date              civil.Date
	fault             *bank.Held
}

func (w *walker) run(r io.Reader) error {
	lines := bank.NewLines(r, width)
	for !w.stop {
		l, err := lines.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if n := len(l.Text); n < width {
			l.Text += strings.Repeat(" ", width-n)
		}
		w.end = l
		w.record(l)
	}
	if !w.stop {
		w.finish()
	}
	return nil
}

func (w *walker) record(l bank.Line) {
	if l.Text[0] != '7' {
		w.flush()
	}
	switch l.Text[0] {
	case '1':
		if w.header {
			w.fault("NESTED", l, "a second file header (1)")
		}
		w.header = true
	case '5':
		w.openBatch(l)
	case '6':
		w.openEntry(l)
	case '7':
		w.addendum(l)
	case '8':
		w.closeBatch(l)
	case '9':
		if !w.trailer { // behind the file control, nines fill the last block
			w.closeFile(l)
		}
	default:
		w.fault("RECORD", l, "a record begins with its type: wanted 1, 5, 6, 7, 8 or 9")
	}
}

// cut gives the characters from one position to another, both counted from 1, without the blanks around them.
func cut(l bank.Line, from, to int) string { return strings.TrimSpace(l.Text[from-1 : to]) }

// number reads digits; ok is false where they are none.
func number(l bank.Line, from, to int) (int64, bool) { return bank.Count(cut(l, from, to)) }

// fault holds the batch that is open, once it ends: the whole file where none is.
func (w *walker) fault(code string, at bank.Line, message string) {
	h := bank.Held{Unit: "file", Code: code, Record: at.Record, Byte: at.Byte, To: w.size, Message: message}
	if len(at.Text) > 0 {
		h.Segment = at.Text[:1]
	}
	if !w.batch.open {
		w.holds.Add(h)
	} else if w.batch.fault == nil {
		w.batch.fault = &h
	}
}

func (w *walker) openBatch(l bank.Line) {
	if !w.header {
		w.fault("NESTING", l, "a batch (5) before the file header (1)")
	}
	if w.batch.open {
		w.endBatch(l, l.Byte, "the next batch (5) comes before its control record (8)")
	}
	w.batches++
	w.batch = batch{open: true, from: l, name: cut(l, 5, 20), company: cut(l, 41, 50), class: cut(l, 51, 53), operation: cut(l, 54, 63), number: cut(l, 88, 94)}
	d, err := civil.Parse8([]byte("20" + cut(l, 70, 75)))
	if w.batch.date = d; err != nil || !d.Known() {
		w.fault("DATE", l, "the effective entry date of the batch (positions 70 to 75) is no date: wanted YYMMDD")
	}
}

// Transaction codes by their last digit: 2 credit, 7 debit; 1 and 6 are returns of them, 3 and 8 prenotes, 4 and 9 remittance
// advice without money.
func (w *walker) openEntry(l bank.Line) {
	if !w.batch.open {
		w.fault("NESTING", l, "an entry (6) outside a batch: there is no batch header (5)")
		return
	}
	routing, ok := number(l, 4, 11)
	amount, paid := number(l, 30, 39)
	code := cut(l, 2, 3)
	switch {
	case !ok:
		w.fault("ROUTING", l, "the receiving bank's routing number (positions 4 to 11) is not of digits")
	case !paid:
		w.fault("AMOUNT", l, "the amount of the entry (positions 30 to 39) is not a whole number of cents")
	case len(code) != 2 || code < "20" || code > "59":
		w.fault("TRANSACTION_CODE", l, "the transaction code of the entry (positions 2 and 3) is none of those of an account")
	}
	if w.batch.fault != nil {
		return
	}
	t := totals{entries: 1, hash: routing}
	sign := money.Cents(0)
	switch code[1] {
	case '2':
		t.credit, sign = amount, 1
	case '7':
		t.debit, sign = amount, -1
	case '1', '3', '4':
		t.credit = amount
	default:
		t.debit = amount
	}
	w.batch.sum.add(t)
	if sign != 0 && amount > 0 {
		w.entry, w.entryAt = &claim.Deposit{Source: claim.FromACH, Class: claim.ByACH, Account: cut(l, 13, 29), Date: w.batch.date,
			Amount: sign * money.Cents(amount), Type: w.batch.class, Company: w.batch.company, CompanyName: w.batch.name,
			References: []string{cut(l, 80, 94)}}, l
	}
}

// maxAddenda bounds the addenda of an entry, as the format does.
const maxAddenda = 9_999

func (w *walker) addendum(l bank.Line) {
	if !w.batch.open {
		w.fault("NESTING", l, "an addenda record (7) outside a batch")
		return
	}
	w.batch.sum.entries++
	if cut(l, 2, 3) == "05" && len(w.addenda) < maxAddenda {
		w.addenda = append(w.addenda, l.Text[3:83])
	}
}

// remittance classes carry business payments; an entry of another class is a payer's where it has a trace or is called so.
var remittance = map[string]bool{"CCD": true, "CTX": true}

// claimPayment is the company entry description that health plans must use.
const claimPayment = "HCCLAIMPMT"

// flush hands on the entry that waited for its addenda.
func (w *walker) flush() {
	d := w.entry
	if d == nil {
		w.addenda = w.addenda[:0]
		return
	}
	traces := bank.FindTraces(trimmed(w.addenda))
	if len(traces) == 0 {
		traces = bank.FindTraces([]string{strings.Join(w.addenda, "")}) // an addendum may end in the middle of a segment
	}
	w.entry, w.addenda = nil, w.addenda[:0]
	if len(traces) == 0 && !remittance[w.batch.class] && w.batch.operation != claimPayment || w.use == nil || w.stop {
		return
	}
	for _, t := range traces {
		d.Traces = append(d.Traces, t.Number)
		if t.Company != "" {
			d.Company = t.Company
		}
	}
	d.Text = w.batch.operation
	d.ID = claim.DepositID(d, 1)
	w.stop = !w.use(d, w.entryAt)
}

// trimmed gives addenda without the blanks behind them.
func trimmed(addenda []string) []string {
	out := make([]string, len(addenda))
	for i, a := range addenda {
		out[i] = strings.TrimRight(a, " ")
	}
	return out
}

// control reads what an 8 or a 9 states: counts, hash, totals, from their positions.
func control(l bank.Line, entries, hash, debit, credit [2]int) (t totals, ok bool) {
	ok = true
	for _, f := range []struct {
		into *int64
		at   [2]int
	}{{&t.entries, entries}, {&t.hash, hash}, {&t.debit, debit}, {&t.credit, credit}} {
		n, read := number(l, f.at[0], f.at[1])
		*f.into, ok = n, ok && read
	}
	return t, ok
}

// against says in what stated totals differ from what was counted, "" for nothing.
func (t totals) against(counted totals) string {
	switch {
	case t.entries != counted.entries:
		return fmt.Sprintf("it counts %d entries and addenda, and %d came", t.entries, counted.entries)
	case t.hash != counted.hash:
		return "its entry hash is not the sum of the routing numbers"
	case t.debit != counted.debit:
		return fmt.Sprintf("its debits are %s, and the entries sum to %s", money.Cents(t.debit), money.Cents(counted.debit))
	case t.credit != counted.credit:
		return fmt.Sprintf("its credits are %s, and the entries sum to %s", money.Cents(t.credit), money.Cents(counted.credit))
	}
	return ""
}

func (w *walker) closeBatch(l bank.Line) {
	if !w.batch.open {
		w.fault("NESTING", l, "a batch control record (8) without its batch (5)")
		return
	}
	stated, ok := control(l, [2]int{5, 10}, [2]int{11, 20}, [2]int{21, 32}, [2]int{33, 44})
	why := "its counts, hash and totals are not of digits"
	if ok {
		why = stated.against(w.batch.sum)
		w.stated.add(stated)
	} else {
		w.stated.add(w.batch.sum)
	}
	w.sum.add(w.batch.sum)
	if n := cut(l, 88, 94); why == "" && n != w.batch.number {
		why = "its batch number is not that of its header"
	}
	w.endBatch(l, l.End, why)
}

// endBatch ends the batch; why says what is wrong with its end, "" where nothing is.
func (w *walker) endBatch(l bank.Line, end int64, why string) {
	if why != "" {
		w.fault("BATCH_CONTROL", l, "the batch does not tie: "+why)
	}
	if h := w.batch.fault; h != nil {
		h.Unit, h.From, h.To = "batch", w.batch.from.Byte, end
		w.holds.Add(*h)
	}
	w.batch = batch{}
}

func (w *walker) closeFile(l bank.Line) {
	w.trailer = true
	if w.batch.open {
		w.endBatch(l, l.Byte, "the file control record (9) comes before its control record (8)")
	}
	if !w.header {
		w.fault("NESTING", l, "a file control record (9) without the file header (1)")
		return
	}
	stated, ok := control(l, [2]int{14, 21}, [2]int{22, 31}, [2]int{32, 43}, [2]int{44, 55})
	batches, counted := number(l, 2, 7)
	why := "its counts, hash and totals are not of digits"
	if ok && counted {
		if why = stated.against(w.sum); stated == w.stated {
			why = "" // what is wrong in a batch is wrong there alone
		}
		if why == "" && batches != w.batches {
			why = fmt.Sprintf("it counts %d batches, and %d came", batches, w.batches)
		}
	}
	if why != "" {
		w.fault("FILE_CONTROL", l, "the file does not tie: "+why)
	}
}

// finish is the end of the text.
func (w *walker) finish() {
	w.flush()
	end := bank.Line{Record: w.end.Record, Byte: w.size, End: w.size}
	if w.batch.open {
		w.endBatch(end, w.size, "the file ends before its control record (8)")
	}
	if !w.trailer {
		w.fault("TORN", end, "the file ends without its control record (9): it was cut off, ask the bank for it again")
	}
}

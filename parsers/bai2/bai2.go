// Package bai2 reads bank statements in the BAI2 format (Cash Management Balance Reporting, version 2) as deposits.
//
// A file is read twice: first its control totals (49, 98, 99) and every record are looked through, then the lines that bring a payer's
// money become claim.Deposit. What does not tie is held at the smallest part that holds the fault (account, group, file), with the record
// and what was wanted; the rest is taken. Memory does not grow with the file.
//
// To extend: a type code that brings a payer's money is a row of classes.
package bai2

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/parsers/bank"
)

// classes are the type codes of lines that may bring a payer's money. Interest, transfers between own accounts, securities and loans
// bring none.
var classes = map[string]claim.DepositClass{
	"115": claim.ByLockbox, "116": claim.ByLockbox, "118": claim.ByLockbox,
	"121": claim.ByACH, "122": claim.ByACH, "142": claim.ByACH, "143": claim.ByACH, "145": claim.ByACH, "164": claim.ByACH, "165": claim.ByACH,
	"166": claim.ByACH, "169": claim.ByACH,
	"147": claim.ByCard,
	"172": claim.ByCheck, "173": claim.ByCheck, "174": claim.ByCheck, "175": claim.ByCheck, "184": claim.ByCheck, "301": claim.ByCheck,
	"191": claim.ByWire, "195": claim.ByWire, "208": claim.ByWire,
}

// items are the type codes of lines that detail the deposit before them: its amount holds theirs.
var items = map[string]bool{"116": true, "143": true}

// Read gives the deposits of a statement, then what of it is held. The error is a source that failed.
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

// walker goes through a file once. use, where it is not nil, takes each deposit, and says whether more are wanted; holds is what
// is not sound.
type walker struct {
	size  int64
	use   func(*claim.Deposit, bank.Line) bool
	holds bank.Holds

	file, group, account level
	record               []bank.Line // the logical record at hand with its continuations
	number               string      // of the account
	currency             string      // of the group
	date                 civil.Date
	seen                 map[claim.ID]int // lines of the group that say the same
	last                 *claim.Deposit   // the deposit that items may follow
	lastAt               bank.Line
	left                 int64 // of its amount, without its items
	end                  bank.Line
	stop                 bool
}

func (w *walker) run(r io.Reader) error {
	lines := bank.NewLines(r, 0)
	for !w.stop {
		l, err := lines.Next()
		if err == io.EOF {
			break
		}
		if err == bank.ErrLongLine {
			w.holds.Add(bank.Held{Unit: "file", Code: "LINE_LENGTH", To: w.size, Message: err.Error() + ": it is no BAI2 statement"})
			return nil
		}
		if err != nil {
			return err
		}
		l.Text = strings.TrimRight(strings.TrimPrefix(l.Text, "\ufeff"), " ")
		w.end = l
		if strings.HasPrefix(l.Text, "88,") && len(w.record) > 0 {
			w.continued(l)
			continue
		}
		w.logical()
		w.record = append(w.record[:0], l)
	}
	if w.stop {
		return nil
	}
	w.logical()
	w.finish()
	return nil
}

// maxContinued bounds the continuations of one record.
const maxContinued = 1_000

func (w *walker) continued(l bank.Line) {
	if len(w.record) > maxContinued {
		w.fault("CONTINUATION", l, fmt.Sprintf("the record has more than %d continuations (88)", maxContinued))
		return
	}
	w.record = append(w.record, l)
}

// logical takes the record that is complete now.
func (w *walker) logical() {
	if len(w.record) == 0 {
		return
	}
	first := w.record[0]
	code, _, _ := strings.Cut(first.Text, ",")
	n := sums{records: int64(len(w.record))}
	switch {
	case code == "01" || code == "02" || code == "03": // counted in what they open
	case w.account.open && code != "98" && code != "99":
		w.account.add(n, n)
	case w.group.open && code != "99":
		w.group.add(n, n)
	default:
		w.file.add(n, n)
	}
	switch code {
	case "01":
		w.openFile(first)
	case "02":
		w.openGroup(first)
	case "03":
		w.openAccount(first)
	case "16":
		w.detail(first)
	case "49":
		w.closeAccount(first)
	case "98":
		w.closeGroup(first)
	case "99":
		w.closeFile(first)
	case "88":
		w.fault("RECORD", first, "a continuation (88) continues nothing")
	default:
		w.fault("RECORD", first, "a record begins with its code: wanted 01, 02, 03, 16, 49, 88, 98 or 99")
	}
	w.record = w.record[:0]
}

// fields are the fields of the record at hand and its continuations.
func (w *walker) fields() []string {
	var out []string
	for i, l := range w.record {
		text := strings.TrimSuffix(l.Text, "/")
		if i > 0 {
			text = strings.TrimPrefix(text, "88,")
		}
		out = append(out, strings.Split(text, ",")...)
	}
	return out
}

// field gives the n-th field, "" for none.
func field(fields []string, n int) string {
	if n >= len(fields) {
		return ""
	}
	return strings.TrimSpace(fields[n])
}

func (w *walker) openFile(at bank.Line) {
	if w.file.open {
		w.fault("NESTED", at, "a second file header (01) before the file trailer (99)")
		return
	}
	w.closeOpen(at, "a file header (01)")
	f := w.fields()
	w.file = w.begin(at, 0)
	if v := field(f, 8); v != "2" {
		w.fault("VERSION", at, fmt.Sprintf("the file header names version %q: version 2 is read", short(v)))
	}
}

// short cuts what is quoted of a file in a message.
func short(s string) string { return s[:min(len(s), 12)] }

// groupStatus are the statuses of a group that are no update.
var groupStatus = map[string]string{"2": "a deletion", "3": "a correction", "4": "a test"}

func (w *walker) openGroup(at bank.Line) {
	w.closeOpen(at, "a group header (02)")
	f := w.fields()
	w.group = w.begin(at, 0)
	w.file.parts++
	w.currency, w.seen = field(f, 6), map[claim.ID]int{}
	var ok bool
	if w.date, ok = day(field(f, 4)); !ok {
		w.fault("DATE", at, "the as-of date of the group is no date: wanted YYMMDD")
	}
	if what, special := groupStatus[field(f, 3)]; special {
		w.fault("GROUP_STATUS", at, "the bank marks the group as "+what+" and not as an update: look at it, and ask the bank")
	}
	if !w.file.open {
		w.fault("NESTING", at, "a group (02) outside a file: there is no file header (01)")
	}
}

// day reads YYMMDD.
func day(s string) (civil.Date, bool) {
	if len(s) == 6 {
		s = "20" + s
	}
	d, err := civil.Parse8([]byte(s))
	return d, err == nil && d.Known()
}

func (w *walker) openAccount(at bank.Line) {
	if w.account.open {
		w.endAccount(at, at.Byte, w.account.counted, "the next account (03) comes before its trailer (49)")
	}
	f := w.fields()
	sum, ok := summaries(f)
	w.account = w.begin(at, sum)
	w.group.parts++
	w.number = field(f, 1)
	if !w.group.open {
		w.fault("NESTING", at, "an account (03) outside a group: there is no group header (02)")
	}
	if w.number == "" {
		w.fault("ACCOUNT", at, "the account record (03) has no account number")
	}
	if c := field(f, 2); c != "" && c != "USD" || c == "" && w.currency != "" && w.currency != "USD" {
		w.fault("CURRENCY", at, "the account is not in USD")
	}
	if !ok {
		w.fault("AMOUNT", at, "an amount of the account's summary is not a whole number of cents")
	}
}

// summaries adds the amounts of an account record: type, amount, item count and funds type, again and again.
func summaries(f []string) (sum int64, ok bool) {
	for i := 3; i+1 < len(f); i += 4 + availability(f, i+3) {
		if amount := field(f, i+1); amount != "" {
			c, good := bank.Amount(amount)
			if !good {
				return 0, false
			}
			sum += int64(c)
		}
	}
	return sum, true
}

// availability is how many fields the funds type at n has behind it: S three amounts, V date and time, D a count of days with amounts.
func availability(f []string, n int) int {
	switch field(f, n) {
	case "S":
		return 3
	case "V":
		return 2
	case "D":
		days, ok := bank.Count(field(f, n+1))
		if !ok || days > int64(len(f)) {
			return 1
		}
		return 1 + 2*int(days)
	}
	return 0
}

// nth counts the lines of the group that say the same as a deposit, itself included.
func (w *walker) nth(d *claim.Deposit) int {
	if w.seen == nil {
		w.seen = map[claim.ID]int{}
	}
	key := claim.DepositID(d, 0)
	w.seen[key]++
	return w.seen[key]
}

// flush hands on the deposit that waited for its items.
func (w *walker) flush() {
	if w.last == nil {
		return
	}
	d := w.last
	w.last = nil
	d.ID = claim.DepositID(d, w.nth(d))
	if w.use != nil && !w.stop {
		w.stop = !w.use(d, w.lastAt)
	}
}

// most bounds the numbers of a lockbox line that may be those of checks.
const most = 200

// addReference keeps a number by which a payment may be known.
func addReference(d *claim.Deposit, numbers ...string) {
	for _, n := range numbers {
		if n != "" && len(d.References) < most && !slices.Contains(d.References, n) && !slices.Contains(d.Traces, n) {
			d.References = append(d.References, n)
		}
	}
}

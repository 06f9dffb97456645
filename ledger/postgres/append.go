package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
)

const (
	// fewRows go to the server as arrays in one statement; more are copied to a temporary table first. Measured: 100 rows
	// take half the time as arrays, 1,000 the same, 5,000 half as long again.
	fewRows = 300
	// stagedRows is how many wait in the temporary table at once, so that they stay in memory there.
	stagedRows = 5_000
)

// Append is ledger.Tx's.
func (x *Tx) Append(t *ledger.Table, rows ...ledger.Row) (fresh int, err error) {
	told, err := x.append(t, rows, t == ledger.Batches)
	return told.count, err
}

// AppendEach is ledger.Tx's.
func (x *Tx) AppendEach(t *ledger.Table, rows []ledger.Row, tell func(i int, fresh bool)) error {
	told, err := x.append(t, rows, true)
	if err != nil {
		return err
	}
	for i, fresh := range told.each {
		tell(i, fresh)
	}
	return nil
}

// told is which rows of a call were new.
type told struct {
	count int
	each  []bool // nil where only the count is wanted
}

func (n *told) all(c *chosen) {
	n.count += len(c.rows)
	if n.each != nil {
		for _, i := range c.at {
			n.each[i] = true
		}
	}
}

func (x *Tx) append(t *ledger.Table, rows []ledger.Row, each bool) (told, error) {
	if x.over {
		return told{}, fmt.Errorf("ledger: %s: append to %s: the unit is over", x.doing, t.Name)
	}
	if x.err != nil {
		return told{}, x.err
	}
	n, err := x.place(t, rows, each)
	if err != nil {
		x.err = err
		return told{}, err
	}
	return n, nil
}

// place checks the rows, finds the month of each, and puts them.
func (x *Tx) place(t *ledger.Table, rows []ledger.Row, each bool) (n told, err error) {
	k := tables[t]
	if k == nil {
		return n, fmt.Errorf("ledger: %s: there is no table %s", x.doing, t.Name)
	}
	for _, r := range rows {
		if err := t.Check(r); err != nil {
			return n, err
		}
	}
	if each {
		n.each = make([]bool, len(rows))
	}
	if len(rows) == 0 {
		return n, nil
	}
	known, sure := &chosen{}, &chosen{} // rows that may be there already, and rows that cannot be
	switch k.place {
	case whole:
		known = &chosen{rows: rows, at: upTo(len(rows)), months: make([]civil.Date, len(rows))}
	case byBatch:
		err = x.byBatch(k, rows, known)
	case byHome:
		err = x.byHome(k, rows, known, sure)
	}
	if err == nil && len(sure.rows) > 0 {
		err = copyTo(x.ctx, x.conn, named(k.Name), k, sure)
		n.all(sure)
	}
	if err == nil && len(known.rows) > 0 {
		err = x.merge(k, known, &n)
	}
	if err == nil && t == ledger.Batches {
		err = x.makeMonths(rows, n.each)
	}
	if t == ledger.Units && slices.ContainsFunc(rows, func(r ledger.Row) bool { return t.CompareKeys(r, x.unit.Row(nil)) == 0 }) {
		x.ownRow = true
	}
	if err != nil {
		return n, faultIn(x.ctx, x.doing+": append to "+t.Name, err)
	}
	return n, nil
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// byBatch puts each row into the month of the batch that its key names.
func (x *Tx) byBatch(k *kept, rows []ledger.Row, known *chosen) error {
	for i, r := range rows {
		m, err := x.monthOf(r[k.batchAt].Int())
		if err != nil {
			return err
		}
		if !x.purged[m] {
			known.add(r, i, m)
		}
	}
	return nil
}

// byHome puts each row into the month of its document. Rows of a document that this unit brought first cannot be there
// already: they need no merge.
func (x *Tx) byHome(k *kept, rows []ledger.Row, known, sure *chosen) error {
	if err := x.findHomes(rows); err != nil {
		return err
	}
	first := !x.touched[k] && rising(k.Table, rows)
	x.touched[k] = true
	for i, r := range rows {
		h := x.homes[r[0].ID()]
		switch {
		case x.purged[h.month]: // it was here once
		case first && h.ours:
			sure.add(r, i, h.month)
		default:
			known.add(r, i, h.month)
		}
	}
	return nil
}

// rising reports whether each row's key is greater than the one before, so that none comes twice.
func rising(t *ledger.Table, rows []ledger.Row) bool {
	for i := 1; i < len(rows); i++ {
		if t.CompareKeys(rows[i-1], rows[i]) >= 0 {
			return false
		}
	}
	return true
}

// home is where a document's rows lie.
type home struct {
	month civil.Date
	ours  bool // made by this transaction: nobody else has rows of the document
}

// findHomes sees to it that the documents of rows have homes: the month of the unit's batch for those that are new.
func (x *Tx) findHomes(rows []ledger.Row) error {
	var ask []claim.ID
	for _, r := range rows {
		id := r[0].ID()
		if _, found := x.homes[id]; !found {
			x.homes[id] = home{}
			ask = append(ask, id)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	month, err := x.monthOf(x.unit.Batch)
	if err != nil {
		return err
	}
	if x.purged[month] {
		return ours("the month %s was purged, nothing can be added to it: give the run a later business date", month.Month())
	}
	slices.SortFunc(ask, claim.ID.Compare) // two units wait for each other at the same ID, never crosswise
	made, err := x.homesFrom("INSERT INTO revcycle.home (id, posting_month) SELECT id, $2 FROM unnest($1::uuid[]) AS n (id) ON CONFLICT DO NOTHING RETURNING id, posting_month",
		home{ours: true}, ask, asDate(month))
	if err != nil || made == len(ask) {
		return err
	}
	ask = slices.DeleteFunc(ask, func(id claim.ID) bool { return x.homes[id].ours })
	found, err := x.homesFrom("SELECT id, posting_month FROM revcycle.home WHERE id = ANY($1)", home{}, ask)
	if err == nil && found != len(ask) {
		err = ours("%d documents have no month: the table home was changed by another program", len(ask)-found)
	}
	return err
}

func (x *Tx) homesFrom(query string, as home, ids []claim.ID, more ...any) (n int, err error) {
	list := make([]pgtype.UUID, len(ids))
	for i, id := range ids {
		list[i] = pgtype.UUID{Bytes: id, Valid: true}
	}
	rows, err := x.tx.Query(x.ctx, query, append([]any{list}, more...)...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for ; rows.Next(); n++ {
		raw := rows.RawValues()
		id, err := field(ledger.KindID, raw[0], ledger.Value{})
		if err != nil {
			return n, err
		}
		month, err := field(ledger.KindDate, raw[1], ledger.Value{})
		if err != nil {
			return n, err
		}
		x.homes[id.ID()] = home{month.Date(), as.ours}
	}
	return n, rows.Err()
}

// merge adds the rows whose keys are not there.
func (x *Tx) merge(k *kept, c *chosen, n *told) error {
	if len(c.rows) <= fewRows {
		return x.insert(k, c, n, k.wordInsert(k.unnest(), ""), k.arrays(c)...)
	}
	if err := x.stage(k); err != nil {
		return err
	}
	for from := 0; from < len(c.rows); from += stagedRows {
		part := c.portion(from, min(from+stagedRows, len(c.rows)))
		if err := copyTo(x.ctx, x.conn, k.staging(), k, part); err != nil {
			return err
		}
		if err := x.insert(k, part, n, k.wordInsert(k.staging()+" AS s", " ORDER BY s.nth")); err != nil {
			return err
		}
		if _, err := x.tx.Exec(x.ctx, "TRUNCATE "+k.staging()); err != nil {
			return err
		}
	}
	return nil
}

// insert runs an INSERT of rows and notes which of them were new: PostgreSQL returns those in the order in which they
// were put, and of several with one key the first.
func (x *Tx) insert(k *kept, c *chosen, n *told, query string, args ...any) error {
	if n.each == nil {
		tag, err := x.tx.Exec(x.ctx, query, args...)
		n.count += int(tag.RowsAffected())
		return err
	}
	rows, err := x.tx.Query(x.ctx, query+" RETURNING "+quoteAll(keyNames(k.Table)), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	keys := newScan(k.Table, upTo(k.KeyLen))
	at := 0
	for rows.Next() {
		key, err := keys.read(rows.RawValues())
		if err != nil {
			return err
		}
		for at < len(c.rows) && k.CompareKeys(c.rows[at], key) != 0 {
			at++
		}
		if at == len(c.rows) {
			return ours("the server returned rows of %s in another order", k.Name)
		}
		n.each[c.at[at]] = true
		n.count++
		at++
	}
	return rows.Err()
}

// wordInsert words the INSERT of the rows of a source that is called s, in an order. A row of a month's table may lie among the
// undated ones from before its batch was known.
func (t *kept) wordInsert(source, order string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) SELECT %s FROM %s", named(t.Name), t.columnList(), t.columnList(), source)
	if t.place == byBatch {
		fmt.Fprintf(&b, " WHERE (SELECT count(*) FROM %s AS u WHERE u.%s = '%s'", named(t.Name), monthColumn, undated)
		for _, name := range keyNames(t.Table) {
			fmt.Fprintf(&b, " AND u.%s = s.%s", quote(name), quote(name))
		}
		b.WriteString(") = 0")
	}
	b.WriteString(order + " ON CONFLICT DO NOTHING")
	return b.String()
}

// unnest words a source of rows that come as an array for each column.
func (t *kept) unnest() string {
	list := make([]string, 0, len(t.Columns)+1)
	for i, c := range t.Columns {
		list = append(list, fmt.Sprintf("$%d::%s[]", i+1, strings.TrimSuffix(sqlType(c.Kind), ` COLLATE "C"`)))
	}
	if t.place != whole {
		list = append(list, fmt.Sprintf("$%d::date[]", len(list)+1))
	}
	return "unnest(" + strings.Join(list, ", ") + ") AS s (" + t.columnList() + ")"
}

func (t *kept) arrays(c *chosen) []any {
	args := make([]any, 0, len(t.Columns)+1)
	for i, col := range t.Columns {
		args = append(args, array(col.Kind, len(c.rows), func(r int) ledger.Value { return c.rows[r][i] }, emptyForNull(t.Table, i)))
	}
	if t.place != whole {
		args = append(args, array(ledger.KindDate, len(c.rows), func(r int) ledger.Value { return ledger.Date(c.months[r]) }, false))
	}
	return args
}

func (t *kept) staging() string { return "pg_temp." + quote("staged_"+t.Name) }

// stage sees to it that the temporary table for a table's rows exists on the connection.
func (x *Tx) stage(t *kept) error {
	if x.staged[t] || x.conn.PgConn().CustomData()[t.staging()] != nil {
		return nil
	}
	columns := make([]string, 0, len(t.Columns)+1)
	for _, c := range t.Columns {
		columns = append(columns, quote(c.Name)+" "+sqlType(c.Kind))
	}
	if t.place != whole {
		columns = append(columns, monthColumn+" date")
	}
	// A table that was there before gives short rows room that long ones left: it does not keep the order of its rows.
	columns = append(columns, "nth bigint GENERATED ALWAYS AS IDENTITY")
	_, err := x.tx.Exec(x.ctx, "CREATE TEMPORARY TABLE "+quote("staged_"+t.Name)+" ("+strings.Join(columns, ", ")+")")
	x.staged[t] = err == nil
	return err
}

// keepStaged remembers on the connection which temporary tables it has: they are there for good once the transaction is.
func (x *Tx) keepStaged() {
	for t := range x.staged {
		x.conn.PgConn().CustomData()[t.staging()] = true
	}
}

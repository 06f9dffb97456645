package postgres

import (
	"fmt"
	"slices"
	"strings"

	"revcycle/ledger"
)

// derived lists the statements that make everything which follows from the tables: functions, triggers, comments,
// views. They may run again and again.
func derived() []string {
	out := []string{refuseFunction, monthFunction()}
	for _, t := range ledger.Tables {
		k := tables[t]
		out = append(out, refuseTrigger(t.Name))
		if k.place != whole {
			out = append(out, refuseTrigger(t.Name+"_"+undatedName))
		}
		out = append(out, k.comments()...)
		out = append(out, k.view()...)
	}
	return append(out, refuseTrigger("home"),
		"COMMENT ON TABLE revcycle.home IS 'one row per document: the month in which it was first seen, where its rows lie'",
		"COMMENT ON TABLE revcycle.month IS 'one row per month that has partitions, and whether it was purged'",
		"COMMENT ON TABLE revcycle.run_lock IS 'who runs: one row; the lock itself is an advisory lock of the session pid'",
		"COMMENT ON TABLE revcycle.derived IS 'digest of what Migrate derived from the tables: views, triggers, functions, comments'",
		"COMMENT ON SCHEMA revcycle IS 'ledger of revcycle: facts, dated opinions and the journal; rows are only ever appended'")
}

// refuseFunction keeps rows as they are, also from their owner.
const refuseFunction = `CREATE OR REPLACE FUNCTION revcycle.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'revcycle: % of %.% is refused: rows are only ever appended, a correction is a new row', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$`

func refuseTrigger(table string) string {
	return fmt.Sprintf("CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION revcycle.refuse_change()", named(table))
}

// monthFunction makes the partitions of a day's month with its owner's rights: the role that runs may not make tables.
// A partition is made apart and attached, which waits for no reader and no writer of the table.
func monthFunction() string {
	names := make([]string, len(monthly))
	for i, t := range monthly {
		names[i] = literal(t.Name)
	}
	return fmt.Sprintf(`CREATE OR REPLACE FUNCTION revcycle.make_month(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  first date := date_trunc('month', day)::date;
  parent text;
  part text;
BEGIN
  IF first < date '%s' OR first > date '9999-12-01' OR EXISTS (SELECT FROM revcycle.month WHERE posting_month = first) THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(%d);
  IF EXISTS (SELECT FROM revcycle.month WHERE posting_month = first) THEN
    RETURN;
  END IF;
  FOREACH parent IN ARRAY ARRAY[%s] LOOP
    part := parent || to_char(first, '_YYYY_MM');
    EXECUTE format('CREATE TABLE revcycle.%%I (LIKE revcycle.%%I)', part, parent);
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON revcycle.%%I FOR EACH STATEMENT EXECUTE FUNCTION revcycle.refuse_change()', part);
    EXECUTE format('ALTER TABLE revcycle.%%I ATTACH PARTITION revcycle.%%I FOR VALUES FROM (%%L) TO (%%L)', parent, part, first, (first + interval '1 month')::date);
  END LOOP;
  INSERT INTO revcycle.month (posting_month) VALUES (first);
END $$`, firstMonth, lockKey("month"), strings.Join(names, ", "))
}

func (t *kept) comments() []string {
	out := []string{fmt.Sprintf("COMMENT ON TABLE %s IS %s", named(t.Name), literal(t.Doc))}
	for i, c := range t.Columns {
		doc := c.Doc
		if c.Kind == ledger.KindCents {
			doc = join(doc, "in cents")
		}
		if emptyForNull(t.Table, i) {
			doc = join(doc, "empty where unknown")
		}
		if doc != "" {
			out = append(out, fmt.Sprintf("COMMENT ON COLUMN %s.%s IS %s", named(t.Name), quote(c.Name), literal(doc)))
		}
	}
	if t.place != whole {
		out = append(out, fmt.Sprintf("COMMENT ON COLUMN %s.%s IS 'first day of the month of the batch: the partition'", named(t.Name), monthColumn))
	}
	return out
}

func join(doc, more string) string {
	if doc == "" {
		return more
	}
	return doc + "; " + more
}

// view writes the view for people: IDs and digests in hexadecimal, amounts in cents and, under …_usd, in dollars; no
// documents, and of facts and opinions nothing that tells of a run.
func (t *kept) view() []string {
	name := named("v_" + t.Name)
	var columns, comments []string
	add := func(expression, column, doc string) {
		columns = append(columns, expression+" AS "+quote(column))
		if doc != "" {
			comments = append(comments, fmt.Sprintf("COMMENT ON COLUMN %s.%s IS %s", name, quote(column), literal(doc)))
		}
	}
	for i, c := range t.Columns {
		column := quote(c.Name)
		switch {
		case c.Kind == ledger.KindBytes, c.Run && !t.Run:
		case c.Kind == ledger.KindID:
			add("encode(uuid_send("+column+"), 'hex')", c.Name, c.Doc)
		case c.Kind == ledger.KindDigest:
			add("encode("+column+", 'hex')", c.Name, c.Doc)
		case c.Kind == ledger.KindCents:
			add(column, c.Name, join(c.Doc, "in cents"))
			add("("+column+" / 100.0)::numeric(20,2)", c.Name+"_usd", join(c.Doc, "in dollars"))
		case emptyForNull(t.Table, i):
			add("nullif("+column+", '')", c.Name, c.Doc)
		default:
			add(column, c.Name, c.Doc)
		}
	}
	if t.place != whole {
		add(monthColumn, monthColumn, "first day of the month of the batch")
	}
	return append([]string{
		"DROP VIEW IF EXISTS " + name,
		fmt.Sprintf("CREATE VIEW %s AS SELECT %s FROM %s", name, strings.Join(columns, ", "), named(t.Name)),
		fmt.Sprintf("COMMENT ON VIEW %s IS %s", name, literal(t.Doc)),
	}, comments...)
}

// Role is a group role that Migrate makes where it is missing; give it to the users who log in.
type Role struct {
	Name, Doc string
}

// Roles lists the group roles of a ledger, the least rights first.
var Roles = []Role{
	{"revcycle_analyst", "reads the views of facts and opinions: no documents, nothing of runs, no audit"},
	{"revcycle_auditor", "reads every table, the audit too, but for the documents"},
	{"revcycle_ingest", "appends facts and what tells of their arrival; reads what was done"},
	{"revcycle_engine", "does all that a run does: reads and appends everywhere, changes nothing"},
}

// facts are the tables that the ingest role may append to.
var facts = []*ledger.Table{ledger.Claims, ledger.Lines, ledger.Payments, ledger.Seen, ledger.Remits, ledger.Adjustments,
	ledger.Encounters, ledger.Charges, ledger.Rejects, ledger.Files, ledger.FileResults, ledger.Units}

// grants lists the statements that give a role its rights, and nothing more than those.
func grants(role string) []string {
	out := []string{
		"REVOKE ALL ON ALL TABLES IN SCHEMA revcycle FROM " + role,
		"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA revcycle FROM " + role,
		"GRANT USAGE ON SCHEMA revcycle TO " + role,
	}
	allow := func(what, on string) { out = append(out, fmt.Sprintf("GRANT %s ON %s TO %s", what, on, role)) }
	switch role {
	case "revcycle_analyst":
		for _, t := range ledger.Tables {
			if !t.Run && t != ledger.Audit {
				allow("SELECT", named("v_"+t.Name))
			}
		}
	case "revcycle_auditor":
		for _, t := range ledger.Tables {
			allow("SELECT", named("v_"+t.Name))
			allow("SELECT ("+quoteAll(withoutDoc(tables[t]))+")", named(t.Name))
		}
		allow("SELECT", "revcycle.home, revcycle.month, revcycle.run_lock, revcycle.derived, "+versionTable)
	case "revcycle_ingest":
		for _, t := range facts {
			allow("INSERT, SELECT ("+quoteAll(keyNames(t))+")", named(t.Name))
		}
		allow("SELECT", named("unit")+", "+named("batch")+", "+named("file")+", revcycle.month, revcycle.derived, "+versionTable)
		allow("INSERT, SELECT", "revcycle.home")
	case "revcycle_engine":
		for _, t := range ledger.Tables {
			allow("INSERT, SELECT", named(t.Name))
			allow("SELECT", named("v_"+t.Name))
		}
		allow("INSERT, SELECT", "revcycle.home")
		allow("SELECT", "revcycle.month, revcycle.derived, "+versionTable)
		allow("SELECT, UPDATE", "revcycle.run_lock")
		allow("EXECUTE", "FUNCTION revcycle.make_month(date)")
	}
	return out
}

// withoutDoc names a table's columns but for the document, which tells of patients.
func withoutDoc(t *kept) []string {
	names := slices.DeleteFunc(columnNames(t.Table), func(n string) bool { return n == "doc" })
	if t.place != whole {
		names = append(names, monthColumn)
	}
	return names
}

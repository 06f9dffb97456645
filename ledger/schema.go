package ledger

func key(name string, k Kind, doc string) Column { return Column{Name: name, Kind: k, Doc: doc} }
func col(name string, k Kind, doc string) Column { return Column{Name: name, Kind: k, Doc: doc} }
func run(name string, k Kind, doc string) Column {
	return Column{Name: name, Kind: k, Doc: doc, Run: true}
}

// Units: what was done.
var Units = &Table{Name: "unit", Doc: "one row per unit of work that is done", KeyLen: 3, Run: true, Columns: []Column{
	key("batch", KindInt, "number of the batch"),
	key("stage", KindText, "stage"),
	key("key", KindText, "what the stage worked on"),
	col("tally", KindBytes, "counts, JSON"),
}}

// Batches: runs that made something.
var Batches = &Table{Name: "batch", Doc: "one row per batch", KeyLen: 1, Columns: []Column{
	key("batch", KindInt, "number, rising by one"),
	col("id", KindText, "2026-11-22-001: as-of date and count of that date"),
	col("as_of", KindDate, "business date: what the batch posts to"),
	col("edition", KindDigest, "edition of the rule book"),
	col("parent", KindInt, "the batch it runs again"),
	col("reason", KindText, "why it was run again"),
	col("scope", KindBytes, "what it was asked to do again beside what is new; JSON, null for a run"),
	run("started", KindText, "when, UTC"),
	run("actor", KindText, "who, by the operating system"),
	run("version", KindText, "of the program"),
}}

// BatchEnds: how batches ended.
var BatchEnds = &Table{Name: "batch_end", Doc: "one row per batch that came to its end", KeyLen: 1, Run: true, Columns: []Column{
	key("batch", KindInt, "number"),
	col("exit", KindInt, "exit code"),
	col("summary", KindBytes, "the run's JSON object"),
	col("ended", KindText, "when, UTC"),
}}

// Slices: the editions' slices that batches worked with.
var Slices = &Table{Name: "slice", Doc: "one row per batch and payer whose slice of the rule book it used", KeyLen: 2, Columns: []Column{
	key("batch", KindInt, "number"),
	key("payer", KindText, "payer"),
	col("digest", KindDigest, "digest of the slice"),
}}

// Files: what came in.
var Files = &Table{Name: "file", Doc: "one row per batch and file that it took", KeyLen: 2, Run: true, Indexes: []Index{{[]string{"sha256"}}}, Columns: []Column{
	key("batch", KindInt, "number"),
	key("name", KindText, "path below the inbox"),
	col("sha256", KindDigest, "of its bytes"),
	col("bytes", KindInt, "size"),
	col("kind", KindText, "837P, 835, csv:synthea/encounters …"),
	col("duplicate_of", KindText, "the name under which the same bytes were taken first"),
	col("layout", KindBytes, "what receive found: sets, chunks, faults; JSON"),
}}

// FileResults: what became of files.
var FileResults = &Table{Name: "file_result", Doc: "one row per batch and file: its state at the end of ingest", KeyLen: 2, Run: true, Columns: []Column{
	key("batch", KindInt, "number"),
	key("name", KindText, "path below the inbox"),
	col("state", KindText, "ingested, duplicate, quarantined, partial"),
	col("reason", KindText, "why, a sentence"),
	col("claims", KindInt, "claims seen"),
	col("remits", KindInt, "remits seen"),
	col("charge", KindCents, "Σ CLM02 or CLP03 seen"),
	col("paid", KindCents, "Σ CLP04 seen"),
}}

// Claims: facts.
var Claims = &Table{Name: "claim", Doc: "one row per claim", KeyLen: 1,
	Indexes: []Index{{[]string{"control_norm"}}, {[]string{"patient", "id"}}, {[]string{"encounter"}}, {[]string{"replaces"}}, {[]string{"batch", "id"}}, {[]string{"service_month", "id"}}}, Columns: []Column{
		key("id", KindID, "document ID"),
		col("batch", KindInt, "batch that brought it"),
		col("control", KindText, "CLM01"),
		col("control_norm", KindText, "CLM01 normalised for matching"),
		col("patient", KindID, "hash of the member ID or the person"),
		col("payer", KindText, "payer ID as sent"),
		col("billing_npi", KindText, "billing provider"),
		col("kind", KindText, "P, I, D"),
		col("use", KindText, "CH, RP, 31"),
		col("frequency", KindText, "CLM05-3"),
		col("payer_order", KindText, "SBR01"),
		col("service_from", KindDate, "first day of service"),
		col("service_to", KindDate, "last day of service"),
		col("service_month", KindText, "month of the first day: the extracts' bucket; 0000-00 where unknown"),
		col("created", KindDate, "BHT04"),
		col("charge", KindCents, "CLM02"),
		col("encounter", KindText, "visit it bills, where the source says so"),
		col("replaces", KindText, "control_norm again where the frequency is 7 or 8: it stands in the place of another version"),
		col("doc", KindBytes, "the whole claim"),
		run("file", KindDigest, "where it was seen first"),
		run("set", KindInt, "transaction set in the file"),
		run("ordinal", KindInt, "CLM in the set"),
	}}

// Lines: facts.
var Lines = &Table{Name: "line", Doc: "one row per claim line", KeyLen: 2, Columns: []Column{
	key("claim", KindID, "claim"),
	key("line_no", KindInt, "LX01"),
	col("control", KindText, "REF*6R"),
	col("revenue", KindText, "SV201"),
	col("procedure", KindText, "code"),
	col("modifiers", KindText, "with blanks between"),
	col("units", KindText, "exact"),
	col("charge", KindCents, "amount"),
	col("service_from", KindDate, "first day"),
	col("service_to", KindDate, "last day"),
}}

// Payments: facts.
var Payments = &Table{Name: "payment", Doc: "one row per 835 payment", KeyLen: 1, Indexes: []Index{{[]string{"trace"}}, {[]string{"batch", "id"}}, {[]string{"held"}}}, Columns: []Column{
	key("id", KindID, "document ID"),
	col("batch", KindInt, "batch that brought it"),
	col("trace", KindText, "TRN02"),
	col("payer_tin", KindText, "TRN03"),
	col("payer", KindText, "payer ID as sent"),
	col("payee_npi", KindText, "payee"),
	col("payee_tin", KindText, "payee"),
	col("method", KindText, "BPR04"),
	col("amount", KindCents, "BPR02"),
	col("date", KindDate, "BPR16"),
	col("claims_total", KindCents, "Σ CLP04 as sent"),
	col("plb_total", KindCents, "Σ PLB"),
	col("held", KindText, "why none of its claims may post"),
	col("doc", KindBytes, "the whole payment"),
	run("file", KindDigest, "where it was seen first"),
	run("set", KindInt, "transaction set in the file"),
}}

// Seen: every sighting of a payment.
var Seen = &Table{Name: "seen", Doc: "one row per transaction set that brought a payment", KeyLen: 3, Run: true, Indexes: []Index{{[]string{"payment"}}}, Columns: []Column{
	key("file", KindDigest, "file"),
	key("set", KindInt, "transaction set in the file"),
	key("batch", KindInt, "batch"),
	col("payment", KindID, "payment"),
	col("rank", KindText, "interchange date, time and control number: of two sightings of a batch the lower one counts as the first"),
}}

// Remits: facts.
var Remits = &Table{Name: "remit", Doc: "one row per CLP", KeyLen: 1,
	Indexes: []Index{{[]string{"payment", "ordinal"}}, {[]string{"control_norm"}}, {[]string{"payer_control"}}, {[]string{"batch", "id"}}}, Columns: []Column{
		key("id", KindID, "document ID"),
		col("batch", KindInt, "batch that brought it"),
		col("payment", KindID, "payment"),
		col("ordinal", KindInt, "CLP in its payment"),
		col("control", KindText, "CLP01"),
		col("control_norm", KindText, "CLP01 normalised for matching"),
		col("patient", KindID, "hash of the member ID or the person"),
		col("payer_control", KindText, "CLP07"),
		col("status", KindText, "CLP02"),
		col("charge", KindCents, "CLP03"),
		col("paid", KindCents, "CLP04"),
		col("patient_due", KindCents, "CLP05"),
		col("service_from", KindDate, "first day"),
		col("date", KindDate, "BPR16 of its payment"),
		col("held", KindText, "why it may not post: it does not balance, or its set is held"),
		col("doc", KindBytes, "the whole remit"),
	}}

// Adjustments: facts.
var Adjustments = &Table{Name: "adjustment", Doc: "one row per CAS triplet or PLB pair", KeyLen: 2, Columns: []Column{
	key("document", KindID, "remit or payment"),
	key("seq", KindInt, "position in it"),
	col("batch", KindInt, "batch that brought the document"),
	col("level", KindText, "claim, line, provider"),
	col("line_no", KindInt, "SVC in the remit"),
	col("group_code", KindText, "CO, PR, OA, PI"),
	col("carc", KindText, "reason"),
	col("plb_code", KindText, "PLB03-1"),
	col("reference", KindText, "PLB03-2"),
	col("amount", KindCents, "positive reduces the payment"),
	col("quantity", KindText, "exact"),
	col("rarcs", KindText, "remarks with blanks between"),
}}

// Encounters: facts.
var Encounters = &Table{Name: "encounter", Doc: "one row per visit as it was told", KeyLen: 1, Indexes: []Index{{[]string{"number"}}, {[]string{"batch", "id"}}, {[]string{"service_month", "id"}}}, Columns: []Column{
	key("id", KindID, "document ID"),
	col("batch", KindInt, "batch that brought it"),
	col("source", KindText, "profile or guide"),
	col("number", KindText, "visit number"),
	col("account", KindText, "account"),
	col("facility", KindText, "as sent"),
	col("provider", KindText, "as sent"),
	col("payer", KindText, "as sent"),
	col("class", KindText, "ambulatory, inpatient …"),
	col("status", KindText, "as sent"),
	col("service_from", KindDate, "first day"),
	col("service_to", KindDate, "last day"),
	col("service_month", KindText, "month of the first day"),
	col("cost", KindCents, "what was done, in dollars; null where unknown"),
	col("doc", KindBytes, "the whole encounter"),
}}

// Charges: facts.
var Charges = &Table{Name: "charge", Doc: "one row per charge of a visit", KeyLen: 1, Indexes: []Index{{[]string{"encounter"}}}, Columns: []Column{
	key("id", KindID, "document ID"),
	col("batch", KindInt, "batch that brought it"),
	col("source", KindText, "profile"),
	col("number", KindText, "transaction number"),
	col("claim_control", KindText, "claim it stands on"),
	col("encounter", KindText, "visit"),
	col("procedure", KindText, "code"),
	col("amount", KindCents, "amount"),
	col("service_from", KindDate, "first day"),
}}

// Acks: facts.
var Acks = &Table{Name: "ack", Doc: "one row per acknowledgement of a claim, a set or an interchange that was sent", KeyLen: 1,
	Indexes: []Index{{[]string{"control_norm"}}, {[]string{"answers"}}, {[]string{"batch", "id"}}}, Columns: []Column{
		key("id", KindID, "document ID: all that it says"),
		col("batch", KindInt, "batch that brought it"),
		col("kind", KindText, "277CA, 999 (997 too), TA1"),
		col("sender", KindText, "ISA06: who says it"),
		col("receiver", KindText, "ISA08: who sent what it answers"),
		col("answers", KindText, "GS06/ST02 of a 999, ISA13 of a TA1; null for a 277CA"),
		col("control_norm", KindText, "CLM01 normalised for matching, of a 277CA"),
		col("verdict", KindText, "received, forwarded, accepted, rejected"),
		col("date", KindDate, "of the status"),
		col("payer_control", KindText, "the payer's number of the claim"),
		col("doc", KindBytes, "the whole acknowledgement"),
		run("file", KindDigest, "where it was seen first"),
		run("set", KindInt, "transaction set in the file, 0 for a TA1"),
		run("ordinal", KindInt, "acknowledgement in the set"),
	}}

// Answered: facts. Which claims an acknowledgement speaks of.
var Answered = &Table{Name: "answered", Doc: "one row per acknowledgement and claim that it answers", KeyLen: 2,
	Indexes: []Index{{[]string{"claim"}}, {[]string{"batch", "claim"}}, {[]string{"verdict"}}}, Columns: []Column{
		key("ack", KindID, "acknowledgement"),
		key("claim", KindID, "claim"),
		col("batch", KindInt, "batch in which the later of the two came"),
		col("verdict", KindText, "rejected; null for the others"),
	}}

// Rejects: what could not be read.
var Rejects = &Table{Name: "reject", Doc: "one row per part of a file that could not be read", KeyLen: 1, Run: true, Columns: []Column{
	key("id", KindID, "its place"),
	col("batch", KindInt, "batch"),
	col("file", KindDigest, "file"),
	col("name", KindText, "file"),
	col("unit", KindText, "file, interchange, group, set, claim, row"),
	col("set", KindInt, "transaction set in the file"),
	col("code", KindText, "stable name of the fault"),
	col("segment", KindText, "segment"),
	col("element", KindText, "element"),
	col("ordinal", KindInt, "segment or row in the file"),
	col("byte", KindInt, "offset in the file"),
	col("message", KindText, "sentence"),
}}

// Assessments: opinions. The one of the latest batch is current.
var Assessments = &Table{Name: "assessment", Doc: "one row per opinion of a claim", KeyLen: 2, Indexes: []Index{{[]string{"batch", "claim"}}, {[]string{"held"}}}, Columns: []Column{
	key("claim", KindID, "claim"),
	key("batch", KindInt, "batch that thought so"),
	col("payer", KindText, "payer as mapped"),
	col("slice", KindDigest, "slice of the edition"),
	col("read", KindDigest, "digest of the other facts it read"),
	col("expected", KindCents, "allowed amount expected; null where unpriced"),
	col("unpriced", KindText, "why there is no price"),
	col("contract", KindText, "contract"),
	col("findings", KindInt, "how many"),
	col("doc", KindBytes, "findings and quotes with their steps"),
	col("held", KindText, "RULE_BOOK or PROGRAM_FAULT where the claim could not be judged; null where it was"),
}}

// Findings: opinions.
var Findings = &Table{Name: "finding", Doc: "one row per finding of an opinion", KeyLen: 3, Columns: []Column{
	key("claim", KindID, "claim"),
	key("batch", KindInt, "batch"),
	key("seq", KindInt, "position"),
	col("rule", KindText, "rule"),
	col("line_no", KindInt, "LX01, 0 for the claim"),
	col("severity", KindText, "info, deny-risk, hold, reject"),
	col("message", KindText, "sentence"),
	col("carc", KindText, "the refusal it foretells"),
}}

// Matches: opinions. The one of the latest batch is current.
var Matches = &Table{Name: "match", Doc: "one row per opinion of which claim a remit answers", KeyLen: 2, Indexes: []Index{{[]string{"claim"}}, {[]string{"was"}}, {[]string{"retry"}}, {[]string{"batch", "claim"}}}, Columns: []Column{
	key("remit", KindID, "remit"),
	key("batch", KindInt, "batch"),
	col("claim", KindID, "claim; null for an orphan"),
	col("was", KindID, "the claim it stood on before, where that was another"),
	col("retry", KindText, "its state where it must be looked at again every night: orphan, proposed, ambiguous"),
	col("rule", KindText, "C1 …"),
	col("state", KindText, "matched, proposed, ambiguous, orphan, held"),
	col("flags", KindText, "with blanks between"),
	col("doc", KindBytes, "line matches"),
}}

// Adjudged: opinions. The one of the latest batch is current.
var Adjudged = &Table{Name: "adjudged", Doc: "one row per opinion of a remit seen alone", KeyLen: 2, Columns: []Column{
	key("remit", KindID, "remit"),
	key("batch", KindInt, "batch"),
	col("claim", KindID, "claim"),
	col("state", KindText, "payment state of this remit alone"),
	col("rule", KindText, "match rules: C1/L1"),
	col("reverses", KindID, "the remit it takes back"),
	col("reversed_by", KindID, "the remit that took it back"),
	col("contractual", KindCents, "of its adjustments"),
	col("denied", KindCents, "of its adjustments"),
	col("patient", KindCents, "of its adjustments"),
	col("other", KindCents, "of its adjustments"),
	col("pending", KindCents, "of its adjustments"),
	col("posts", KindBool, "its money is on the claim"),
}}

// Settlements: opinions. The one of the latest batch is current.
var Settlements = &Table{Name: "settlement", Doc: "one row per opinion of how a claim stands with one payer", KeyLen: 3, Columns: []Column{
	key("claim", KindID, "claim"),
	key("payer", KindText, "payer"),
	key("batch", KindInt, "batch"),
	col("seq", KindInt, "payer's place in order"),
	col("state", KindText, "payment state of the net"),
	col("charge", KindCents, "net"),
	col("paid", KindCents, "net"),
	col("contractual", KindCents, "net"),
	col("denied", KindCents, "net"),
	col("patient", KindCents, "net"),
	col("other", KindCents, "net"),
	col("allowed", KindCents, "net"),
	col("expected", KindCents, "null where unpriced"),
	col("is_underpaid", KindBool, ""),
	col("is_overpaid", KindBool, ""),
	col("has_denial", KindBool, ""),
	col("doc", KindBytes, "remits and lines"),
}}

// Denials: opinions. The one of the latest batch is current.
var Denials = &Table{Name: "denial", Doc: "one row per opinion of a denial episode", KeyLen: 2, Indexes: []Index{{[]string{"claim"}}}, Columns: []Column{
	key("id", KindID, "claim, line, payer and category"),
	key("batch", KindInt, "batch"),
	col("claim", KindID, "claim"),
	col("line_no", KindInt, "0 for the claim"),
	col("payer", KindText, "payer"),
	col("category", KindText, "AUTHORIZATION …"),
	col("group_code", KindText, "CO, PR, OA, PI"),
	col("carc", KindText, "reason"),
	col("rarc", KindText, "first remark"),
	col("root_cause", KindText, ""),
	col("preventable", KindText, "Y, N, P for partly"),
	col("owner", KindText, "desk"),
	col("next_action", KindText, ""),
	col("kind", KindText, "DENIAL, BUNDLING_UNPRICED, …"),
	col("denied", KindCents, "charge refused"),
	col("at_risk", KindCents, "null where unknown"),
	col("at_risk_basis", KindText, "expected, paid history, charge ratio"),
	col("first_remit_date", KindDate, ""),
	col("status", KindText, "open, closed"),
	col("outcome", KindText, "how it closed"),
	col("recovered", KindCents, "paid since"),
	col("foretold_by", KindText, "rule of ours that foretold it"),
}}

// Postings: the journal. Each row moves an amount from one account (credit) to another (debit), so an
// entry balances by construction.
var Postings = &Table{Name: "posting", Doc: "one row per move of money in an entry", KeyLen: 2,
	Indexes: []Index{{[]string{"claim"}}, {[]string{"payment"}}, {[]string{"batch", "entry"}}}, Columns: []Column{
		key("entry", KindID, "entry"),
		key("move", KindInt, "position in the entry"),
		col("batch", KindInt, "batch that posted it"),
		col("cause", KindText, "bill, void, payment, remit"),
		col("debit", KindText, "account"),
		col("credit", KindText, "account"),
		col("amount", KindCents, "more than zero"),
		col("posting_date", KindDate, "the batch's business date"),
		col("effective_date", KindDate, "the document's own date"),
		col("claim", KindID, "claim"),
		col("payment", KindID, "payment"),
		col("remit", KindID, "remit"),
		col("reverses", KindID, "the entry this one takes back"),
		col("reference", KindText, "clearing key: payer and reference"),
		col("reason", KindText, "sentence"),
	}}

// Published: which batch's extracts are current.
var Published = &Table{Name: "published", Doc: "one row per batch whose extracts were published", KeyLen: 1, Columns: []Column{
	key("batch", KindInt, "number"),
	run("manifest", KindDigest, "SHA-256 of the manifest, which names the files that came in"),
}}

// Decisions: facts. What people decided about a document; the latest of a subject and kind counts.
var Decisions = &Table{Name: "decision", Doc: "one row per decision of a person", KeyLen: 1, Indexes: []Index{{[]string{"subject"}}}, Columns: []Column{
	key("seq", KindInt, "rising by one"),
	col("after", KindInt, "the batch that was the last when it was made"),
	col("kind", KindText, "quarantine, match, publish, send"),
	col("decision", KindText, "release, drop, unmatch, undo, rollback, prepare, confirm"),
	col("subject", KindText, "the quarantined unit, the remit, the batch, the ISA13 of what is sent"),
	col("object", KindText, "the claim that the remit shall not stand on, the batch before; claim, frequency, payer's number and condition of what is sent"),
	col("reason", KindText, "why, in the person's words"),
	run("at", KindText, "when, UTC"),
	run("actor", KindText, "who, by the operating system or the database"),
}}

// Audit: who did what.
var Audit = &Table{Name: "audit", Doc: "one row per act, each sealed with the hash of the one before", KeyLen: 1, Columns: []Column{
	key("seq", KindInt, "rising by one"),
	col("batch", KindInt, "batch"),
	col("act", KindText, "what was done"),
	col("subject", KindText, "to what"),
	col("detail", KindText, "how much, or why"),
	run("at", KindText, "when, UTC"),
	run("actor", KindText, "who, by the operating system"),
	run("seal", KindDigest, "SHA-256 of the seal before and this row"),
}}

// Tables lists every table, in the order in which digests print them.
var Tables = []*Table{
	Batches, Slices, Claims, Lines, Payments, Remits, Adjustments, Encounters, Charges, Acks, Answered,
	Assessments, Findings, Matches, Adjudged, Settlements, Denials, Postings, Decisions, Published, Audit,
	Units, BatchEnds, Files, FileResults, Seen, Rejects,
}

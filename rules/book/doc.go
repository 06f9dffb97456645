// Package book loads the rule book: what is known of each payer, as data, dated and cited.
//
// A rule book is a folder. payers/*.yaml holds one file per payer with its filing limits, contracts and
// rules; a file whose payer is "*" holds the rules that hold for every payer. tables/*.csv holds rates,
// limits, pairs and code sets. Load decodes strictly, binds each rule to a shape of package coding (or to a
// condition of its own) and each contract term to a method of package pricing, and refuses whatever could
// pass silently: an unknown word, a rule without a citation, a date or two proofs, an overlap or gap between
// versions of one ID. What it refuses takes out the payers that use it: their claims are held until it is mended.
// A Book is immutable; Assess is pure and compiles nothing.
//
// # A payer's file
//
//	payer: "12345"                  # the ID of masters/payers, or the one claims bear (2010BB NM109)
//	name: Alpha Health Plan
//	timely:                         # filing limits, by the day the service ended
//	  - {days: 180, from: 2020-01-01, cite: "Alpha provider manual, 4.1"}
//	contracts:
//	  - id: ALPHA-PRO               # a new version has the same id and follows without a gap
//	    from: 2024-01-01            # also to, title, facilities, plans, when, basis (service, admission, discharge)
//	    cite: Alpha agreement 2024-17
//	    lesser_of: line             # none, line or claim
//	    terms:                      # ranked: the first that fits a line takes it
//	      - id: labs
//	        when: {procedure: ["8004*", 80053]}
//	        method: fee_schedule
//	        params: {table: alpha-fees, percent: 60}
//	        cite: exhibit B, 2(c)
//	    prices:                     # proofs of the contract; without expected, no price may be found
//	      - {name: a visit, claim: {lines: [{procedure: "99213", charge: 150}]}, expected: 101.20}
//	rules:
//	  - id: ALPHA-AUTH-MRI          # names the rule for ever
//	    title: imaging without an authorization
//	    check: missing_authorization  # a name of coding.Checks; or no check, and when: with message:
//	    params: {codes: ["@ALPHA-AUTH"]}
//	    from: 2024-01-01
//	    cite: Alpha provider manual, 7.2
//	    deny: {group: CO, carc: "197"}
//	    severity: deny-risk         # info, deny-risk, hold or reject
//	    proofs:
//	      - {name: no number, fires: true, line: 1, claim: {lines: [{procedure: "70553", charge: 1200}]}}
//	      - {name: with one, fires: false, claim: {references: {G1: A1}, lines: [{procedure: "70553", charge: 1200}]}}
//
// # Conditions
//
// A condition is a mapping; every entry must hold. An entry is a field of Vocabulary with a value (is), a
// list (is one of), or operators: is, not, known for all; has_any, has_all, has_none for sets; less, more,
// at_least, at_most, between for numbers; before, after, between for dates. Codes may be wildcards (9920*)
// and names of code sets (@NAME). The words any, all and none join lists of conditions; any_line, all_lines
// and no_line ask the lines. A rule whose condition names a field of the line is asked for each line in
// force, else once for the claim.
//
// # A table file
//
// Lines that begin with # open the file and name its kind, release and source; from and to there hold for
// rows that give none. Then a header row and rows, in any order; of one key no two rows may share a day.
//
//	# kind: fee
//	# release: 2025-01
//	# source: Alpha Health Plan fee schedule
//	code,modifier,amount,from,to,cite
//	99213,,92.00,2025-01-01,,page 3
//
// TableKinds lists the kinds and their columns.
//
// To extend: a rule or a payer is YAML, a rate year is rows, and neither is code. A new field of conditions is
// one row in Vocabulary; a new kind of table one row in TableKinds and its lookup. Raise Engine with any
// change that may change a result.
package book

package ledger

import (
	"context"

	"revcycle/claim"
	"revcycle/rules"
)

// opinion is the document of an assessment: what its row does not say.
type opinion struct {
	Findings []rules.Finding
	Quotes   []rules.Quote
}

// AssessmentRow is an assessment as a row of Assessments.
func AssessmentRow(a *rules.Assessment, batch int64) Row {
	expected, contract := Value{}, ""
	if sum, ok := a.Expected(); ok {
		expected = Cents(sum)
	}
	for _, q := range a.Quotes {
		if q.Contract != "" {
			contract = q.Contract
			break
		}
	}
	unpriced := a.Unpriced()
	if !expected.Null() {
		unpriced = ""
	}
	return Row{
		ID(a.Claim), Int(batch), Text(a.Payer), Digest(a.Slice), Digest(a.Read), expected, Text(unpriced), Text(contract),
		Int(int64(len(a.Findings))), document(&opinion{a.Findings, a.Quotes}), Text(a.Held),
	}
}

// FindingRows gives the findings of an assessment as rows of Findings.
func FindingRows(a *rules.Assessment, batch int64) []Row {
	rows := make([]Row, len(a.Findings))
	for i, f := range a.Findings {
		rows[i] = Row{ID(a.Claim), Int(batch), Int(int64(i + 1)), Text(string(f.Rule)), Int(int64(f.Line)), Text(string(f.Severity)), Text(f.Message), Text(f.Deny.CARC)}
	}
	return rows
}

// Dated is an opinion with the batch that had it.
type Dated[T any] struct {
	Batch int64
	Is    T
}

// ofAssessment are the columns that assessmentOf reads beside the key.
var ofAssessment = []string{"payer", "slice", "read", "doc", "held"}

func assessmentOf(row Row) (Dated[rules.Assessment], error) {
	d := Dated[rules.Assessment]{row[1].Int(), rules.Assessment{Claim: row[0].ID(), Payer: row[2].Text(), Slice: row[3].Digest(), Read: row[4].Digest(), Held: row[10].Text()}}
	var o opinion
	err := Unmarshal(row[9].Text(), &o)
	d.Is.Findings, d.Is.Quotes = o.Findings, o.Quotes
	return d, err
}

// CurrentAssessments gives the current assessment of each of some claims that have one.
func CurrentAssessments(ctx context.Context, s Store, claims []claim.ID) (map[claim.ID]Dated[rules.Assessment], error) {
	out := make(map[claim.ID]Dated[rules.Assessment], len(claims))
	for ids := range Portions(claims) {
		for row, err := range s.Rows(ctx, Query{Table: Assessments, Where: []Cond{OneOf("claim", ids...)}, Only: ofAssessment}) {
			if err != nil {
				return nil, err
			}
			d, err := assessmentOf(row) // rows of a claim come oldest first: the last one stays
			if err != nil {
				return nil, err
			}
			out[d.Is.Claim] = d
		}
	}
	return out, nil
}

// AssessmentHistory gives every assessment of a claim, oldest first.
func AssessmentHistory(ctx context.Context, s Store, c claim.ID) ([]Dated[rules.Assessment], error) {
	var out []Dated[rules.Assessment]
	for row, err := range s.Rows(ctx, Query{Table: Assessments, Where: []Cond{OneOf("claim", c)}}) {
		if err != nil {
			return nil, err
		}
		d, err := assessmentOf(row)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

package extract

import (
	"revcycle/civil"
	"revcycle/claim"
	"revcycle/money"
)

// Common is what every fact carries: which batch it is of, and where, who and what it belongs to.
type Common struct {
	BatchID        string `parquet:"batch_id,optional,dict" doc:"batch that brought the document or had the opinion"`
	FacilityID     string `parquet:"facility_id,optional,dict" doc:"facility by billing NPI, else tax number; unmapped: the NPI or number itself"`
	PayerID        string `parquet:"payer_id,optional,dict" doc:"payer as the masters map it; unmapped: the ID it came with"`
	PlanID         string `parquet:"plan_id,optional,dict" doc:"plan as the masters map it"`
	FinancialClass string `parquet:"financial_class,optional,dict" doc:"financial class of the plan, else of the payer"`
}

// day is a date as Parquet keeps it; nil for an unknown one.
func day(d civil.Date) *int32 {
	if !d.Known() {
		return nil
	}
	n := d.Unix()
	return &n
}

// cents is an amount that may be unknown; nil stays nil.
func cents(c *money.Cents) *int64 {
	if c == nil {
		return nil
	}
	n := int64(*c)
	return &n
}

// some is a known amount in a column that may hold unknown ones.
func some(c money.Cents) *int64 {
	n := int64(c)
	return &n
}

// whole is a number in a column that may hold unknown ones.
func whole(n int) *int32 {
	v := int32(n)
	return &v
}

// line is a line number; nil where the whole claim is meant.
func line(n int64) *int32 {
	if n == 0 {
		return nil
	}
	v := int32(n)
	return &v
}

func yes(b bool) *bool { return &b }

// text is an ID in an optional text column.
func text(id claim.ID) string { return id.String() }

// modifiers gives the four modifiers of a procedure.
func modifiers(p claim.Procedure) (a, b, c, d string) {
	return p.Modifiers[0], p.Modifiers[1], p.Modifiers[2], p.Modifiers[3]
}

// thousandths is a quantity with three decimals; nil where it has more or does not fit.
func thousandths(x money.Exact) *int64 {
	n, ok := x.Mul(money.Whole(1000)).Int()
	if !ok {
		return nil
	}
	return &n
}

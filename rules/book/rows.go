package book

import (
	"errors"
	"fmt"
	"strings"

	"revcycle/money"
	"revcycle/rules/coding"
)

func (r record) amount(column string) (money.Exact, error) {
	x, err := money.ParseExact(r.get(column))
	if err != nil {
		return x, fmt.Errorf("%s: wants a decimal number of dollars: %w", column, err)
	}
	if x.Sign() < 0 {
		return x, fmt.Errorf("%s: is below 0", column)
	}
	return x, nil
}

func (r record) key(columns ...string) (uint64, error) {
	second := ""
	if len(columns) > 1 {
		second = r.get(columns[1])
	}
	first := r.get(columns[0])
	key, ok := packTwo(first, second)
	if !ok || first == "" {
		return 0, fmt.Errorf("%s: wants a code of one to six capital letters and digits", strings.Join(columns, ", "))
	}
	return key, nil
}

func addFee(d *dataTable, r record) error {
	key, err := r.key("code", "modifier")
	if err != nil {
		return err
	}
	x, err := r.amount("amount")
	if d.amounts == nil {
		d.amounts = new(table[uint64, money.Exact])
	}
	d.amounts.add(key, x, r.span, strings.Clone(r.get("cite")), r.line)
	return err
}

func addWeight(d *dataTable, r record) error {
	key, err := r.key("code")
	if err != nil {
		return err
	}
	x, err := r.amount("weight")
	if d.amounts == nil {
		d.amounts = new(table[uint64, money.Exact])
	}
	d.amounts.add(key, x, r.span, strings.Clone(r.get("cite")), r.line)
	return err
}

func addLimit(d *dataTable, r record) error {
	key, err := r.key("code")
	if err != nil {
		return err
	}
	limit, err := number(r.get("limit"), "limit", 0, 1<<30)
	if err != nil {
		return err
	}
	mai, err := number(r.get("mai"), "mai", 1, 3)
	if d.limits == nil {
		d.limits = new(table[uint64, coding.Limit])
	}
	d.limits.add(key, coding.Limit{Units: int32(limit), MAI: uint8(mai)}, r.span, strings.Clone(r.get("cite")), r.line)
	return err
}

func addPair(d *dataTable, r record) error {
	key, err := r.key("column1", "column2")
	if err != nil {
		return err
	}
	indicator := r.get("indicator")
	if indicator != "0" && indicator != "1" && indicator != "9" {
		return errors.New("indicator: wants 0 (never both), 1 (both with a modifier) or 9 (no edit)")
	}
	if r.get("column2") == "" {
		return errors.New("column2: is empty")
	}
	if d.pairs == nil {
		d.pairs = new(table[uint64, byte])
	}
	d.pairs.add(key, indicator[0], r.span, strings.Clone(r.get("cite")), r.line)
	return nil
}

func addCode(d *dataTable, r record) error {
	set := strings.Clone(r.get("set"))
	if _, ok := r.columns["set"]; !ok {
		set = d.info.Name
	}
	if set == "" || r.get("code") == "" {
		return errors.New("code, set: neither may be empty")
	}
	if d.sets == nil {
		d.sets = map[string]*table[string, struct{}]{}
	}
	if d.sets[set] == nil {
		d.sets[set] = new(table[string, struct{}])
	}
	d.sets[set].add(strings.Clone(r.get("code")), struct{}{}, r.span, strings.Clone(r.get("cite")), r.line)
	return nil
}

func addPeople(d *dataTable, r record) error {
	key, err := r.key("code")
	if err != nil {
		return err
	}
	fit, low, high := coding.Fit{MaxAge: -1}, 0, 0
	if text := r.get("min_age"); text != "" {
		if low, err = number(text, "min_age", 0, 150); err != nil {
			return err
		}
		fit.MinAge = int16(low)
	}
	if text := r.get("max_age"); text != "" {
		if high, err = number(text, "max_age", low, 150); err != nil {
			return err
		}
		fit.MaxAge = int16(high)
	}
	switch sex := r.get("sex"); sex {
	case "":
	case "F", "M":
		fit.Sex = sex[0]
	default:
		return errors.New("sex: wants F, M or nothing")
	}
	if d.people == nil {
		d.people = new(table[uint64, coding.Fit])
	}
	d.people.add(key, fit, r.span, strings.Clone(r.get("cite")), r.line)
	return nil
}

func addAgreement(d *dataTable, r record) error {
	control := strings.Clone(r.get("control"))
	if control == "" {
		return errors.New("control: is empty")
	}
	x, err := r.amount("amount")
	if d.agreed == nil {
		d.agreed = new(table[string, money.Exact])
	}
	d.agreed.add(control, x, r.span, strings.Clone(r.get("cite")), r.line)
	return err
}

package coding

import (
	"fmt"

	"revcycle/civil"
	"revcycle/rules"
)

// Fit is whom a code is for: ages in completed years, both ends included, and F, M or "" for both.
type Fit struct {
	MinAge, MaxAge int16 // MaxAge -1: no upper end
	Sex            byte  // 'F', 'M' or 0
}

// People looks up whom a code is for on a day.
type People func(code string, day civil.Date) (Fit, rules.Cite, bool)

// AgeSexParams are the parameters of age_sex.
type AgeSexParams struct {
	Table string `yaml:"table"` // a table of kind people
}

func newAgeSex(decode rules.Decode, t Tables) (Check, error) {
	var p AgeSexParams
	if err := decode(&p); err != nil {
		return Check{}, err
	}
	people, err := t.People(p.Table)
	return Check{Run: AgeSex(people)}, err
}

// AgeSex finds lines whose code is not for a patient of that age on the line's day, or of that sex. An
// unknown birth date or sex cannot be judged. The finding shows the limits, never the age.
func AgeSex(people People) func(*rules.Pass) {
	return func(pass *rules.Pass) {
		birth, sex := pass.Claim.Patient.Birth(), pass.Claim.Patient.Sex()
		for l := range pass.Lines() {
			if l.Procedure.Code == "" {
				continue
			}
			day := pass.Day(l)
			fit, cite, ok := people(l.Procedure.Code, day)
			if !ok {
				continue
			}
			facts := []rules.Fact{{Name: "code", Value: l.Procedure.Code}}
			if age, known := Age(birth, day); known && (age < int(fit.MinAge) || fit.MaxAge >= 0 && age > int(fit.MaxAge)) {
				pass.ReportRow(cite, l.Number, facts, "%s is for ages %s", l.Procedure.Code, ages(fit))
			}
			if fit.Sex != 0 && (sex == "F" || sex == "M") && sex[0] != fit.Sex {
				pass.ReportRow(cite, l.Number, facts, "%s is for patients of the other sex", l.Procedure.Code)
			}
		}
	}
}

func ages(f Fit) string {
	if f.MaxAge < 0 {
		return fmt.Sprintf("%d and above", f.MinAge)
	}
	return fmt.Sprintf("%d to %d", f.MinAge, f.MaxAge)
}

// Age is the completed years between birth and a day; known is false where either is unknown.
func Age(birth, day civil.Date) (years int, known bool) {
	if !birth.Known() || !day.Known() || day < birth {
		return 0, false
	}
	by, bm, bd := birth.YMD()
	y, m, d := day.YMD()
	years = y - by
	if m < bm || m == bm && d < bd {
		years--
	}
	return years, true
}

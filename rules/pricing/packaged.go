package pricing

import "revcycle/rules"

// PackagedParams are the parameters of packaged: there are none; the term's when says which lines.
type PackagedParams struct{}

func newPackaged(decode rules.Decode, _ Tables) (Price, error) {
	var p PackagedParams
	err := decode(&p)
	return Packaged(), err
}

// Packaged gives each line an allowed amount of 0.00 that is right: another line or the case pays for it.
func Packaged() Price {
	return func(j *Job, out []rules.Quote) []rules.Quote {
		return packagedLines(j, "paid as part of another service", out)
	}
}

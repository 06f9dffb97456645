// Package money holds exact dollars: whole cents for amounts, exact decimals for rates.
//
// An amount is Cents and stays Cents. A rate, a weight or a percentage is Exact, which is
// multiplied and added without any loss; Exact.Round turns the result into cents, once, half
// away from zero. Nothing in revcycle holds money in a float.
package money

import (
	"errors"
	"fmt"
	"strconv"
)

// Cents is an amount of US dollars in whole cents, signed. Its range is about ±92 quadrillion dollars.
type Cents int64

// ErrAmount is wrapped by every refusal of Parse and ParseExact.
var ErrAmount = errors.New("not an amount")

// maxCents bounds what Parse takes: a quadrillion dollars, which leaves room to sum.
const maxCents = 1_000_000_000_000_000_00

// Parse reads an X12 decimal (type R) or plain dollar text: an optional minus, digits, an optional
// point. It refuses a plus, grouping, an exponent, blanks, an empty text and fractions of a cent;
// zeros after the second decimal are no fraction.
func Parse(s []byte) (Cents, error) {
	i, negative := 0, false
	if len(s) > 0 && s[0] == '-' {
		negative, i = true, 1
	}
	var value int64
	digits, decimals, point := 0, 0, false
	for ; i < len(s); i++ {
		ch := s[i]
		switch {
		case ch == '.' && !point:
			point = true
			continue
		case ch < '0' || ch > '9':
			return 0, notWhole(s)
		}
		digits++
		if point {
			decimals++
			if decimals > 2 {
				if ch != '0' {
					return 0, fmt.Errorf("money: a fraction of a cent in an amount of %d characters: %w", len(s), ErrAmount)
				}
				continue
			}
		}
		value = value*10 + int64(ch-'0')
		if value > maxCents {
			return 0, fmt.Errorf("money: an amount of %d characters is out of range: %w", len(s), ErrAmount)
		}
	}
	if digits == 0 {
		return 0, notWhole(s)
	}
	for ; decimals < 2; decimals++ {
		if value *= 10; value > maxCents { // before the next step could pass 64 bits
			return 0, fmt.Errorf("money: an amount of %d characters is out of range: %w", len(s), ErrAmount)
		}
	}
	if negative {
		value = -value
	}
	return Cents(value), nil
}

// notWhole never repeats the text: a field that should hold money may hold a name.
func notWhole(s []byte) error {
	return fmt.Errorf("money: %d characters are not a decimal number: %w", len(s), ErrAmount)
}

// String gives dollars with two decimals, as CONTRACT's JSON wants them: "-12.30".
func (c Cents) String() string {
	return string(c.Append(make([]byte, 0, 24)))
}

// Append appends String's text to b.
func (c Cents) Append(b []byte) []byte {
	u := uint64(c)
	if c < 0 {
		b = append(b, '-')
		u = -u
	}
	b = strconv.AppendUint(b, u/100, 10)
	return append(b, '.', byte('0'+u/10%10), byte('0'+u%10))
}

// X12 appends the shortest X12 decimal: no trailing zeros, no point without a fraction.
func (c Cents) X12(b []byte) []byte {
	b = c.Append(b)
	for range 2 {
		if b[len(b)-1] != '0' {
			return b
		}
		b = b[:len(b)-1]
	}
	return b[:len(b)-1]
}

// MarshalText makes JSON show money as a string with two decimals.
func (c Cents) MarshalText() ([]byte, error) { return c.Append(nil), nil }

// UnmarshalText is Parse.
func (c *Cents) UnmarshalText(text []byte) error {
	v, err := Parse(text)
	if err != nil {
		return err
	}
	*c = v
	return nil
}

// Abs is the amount without its sign.
func (c Cents) Abs() Cents {
	if c < 0 {
		return -c
	}
	return c
}

// Split divides c over parts in proportion to their weights; the shares sum to c exactly. What
// rounding leaves over goes to the largest remainders, the earlier part first on a tie
// (largest remainder method). Weights are taken without sign; where all are zero the shares are equal.
func Split(c Cents, weights []Cents) []Cents {
	shares := make([]Cents, len(weights))
	if len(weights) == 0 {
		return shares
	}
	var total int64
	w := make([]int64, len(weights))
	for i, x := range weights {
		w[i] = int64(x.Abs())
		total += w[i]
	}
	if total == 0 {
		for i := range w {
			w[i] = 1
		}
		total = int64(len(w))
	}
	negative := c < 0
	rest := int64(c.Abs())
	remainders := make([]uint64, len(w))
	left := rest
	for i := range w {
		q, r := mulDiv(uint64(rest), uint64(w[i]), uint64(total))
		shares[i], remainders[i] = Cents(q), r
		left -= int64(q)
	}
	for ; left > 0; left-- {
		best := 0
		for i, r := range remainders {
			if r > remainders[best] {
				best = i
			}
		}
		shares[best]++
		remainders[best] = 0
	}
	if negative {
		for i := range shares {
			shares[i] = -shares[i]
		}
	}
	return shares
}

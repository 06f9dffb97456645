package money

import "math/big"

// Div is x ÷ y to the given decimals (0 to 60), half away from zero. It panics where y is 0.
func (x Exact) Div(y Exact, decimals int) Exact {
	a, b, _ := alignBig(x, y)
	// One decimal more than asked decides the rounding: half away from zero looks at no later digit.
	a.Mul(a, tenTo(uint8(decimals)+1))
	return fromBig(a.Quo(a, b), uint8(decimals)+1).RoundTo(decimals)
}

// Truncate keeps the given number of decimals and drops the rest, toward zero: what a publisher calls
// rounding down.
func (x Exact) Truncate(decimals int) Exact {
	drop := int(x.scale) - decimals
	if drop <= 0 {
		return x
	}
	return fromBig(new(big.Int).Quo(x.coefficient(), tenTo(uint8(drop))), uint8(decimals))
}

// RoundUp gives whole cents, any fraction of a cent away from zero: for the few amounts that a publisher
// never rounds down, such as a minimum copayment.
func (x Exact) RoundUp() Cents {
	down := x.Truncate(2)
	switch x.Cmp(down) {
	case 1:
		return down.Round() + 1
	case -1:
		return down.Round() - 1
	}
	return down.Round()
}

// Pow is x to the power y to the given decimals, half away from zero; x must be above 0. It is worked out with
// 256 binary digits after the point, so it rounds as the true value does unless that lies within 10^-60 of
// a tie. It costs some ten microseconds: work out a hospital's factors once, not for each claim.
func (x Exact) Pow(y Exact, decimals int) Exact {
	if x.Sign() <= 0 {
		panic("money: a power of a number that is not above 0")
	}
	z := new(big.Int).Mul(logOf(fixed(x)), fixed(y))
	v := expOf(z.Rsh(z, powBits))
	scale := uint8(decimals) + 1
	v.Add(v, new(big.Int).Lsh(big.NewInt(1), powBits-powSound)) // what the series dropped: an exact answer must not end in …9
	v.Mul(v, tenTo(scale)).Rsh(v, powBits)
	return fromBig(v, scale).RoundTo(decimals)
}

// powBits is the digits after the binary point of Pow's numbers, powSound how many of them are right.
const (
	powBits  = 256
	powSound = 200
)

// fixed is x with powBits binary digits after the point.
func fixed(x Exact) *big.Int {
	v := new(big.Int).Lsh(x.coefficient(), powBits)
	return v.Quo(v, tenTo(x.scale))
}

// logOf is the natural logarithm: of the power of two by ln 2, of the rest by its series.
func logOf(v *big.Int) *big.Int {
	shift := v.BitLen() - 1 - powBits
	one := new(big.Int).Lsh(big.NewInt(1), powBits)
	m := new(big.Int).Set(v)
	if shift >= 0 {
		m.Rsh(m, uint(shift))
	} else {
		m.Lsh(m, uint(-shift))
	}
	t := new(big.Int).Sub(m, one)
	t.Lsh(t, powBits).Quo(t, m.Add(m, one))
	sum := twiceArtanh(t)
	return sum.Add(sum, new(big.Int).Mul(big.NewInt(int64(shift)), logTwo()))
}

func logTwo() *big.Int {
	third := new(big.Int).Lsh(big.NewInt(1), powBits)
	return twiceArtanh(third.Quo(third, big.NewInt(3)))
}

// twiceArtanh is 2·artanh t = 2(t + t³/3 + t⁵/5 + …), which is ln (1+t)/(1−t).
func twiceArtanh(t *big.Int) *big.Int {
	square := new(big.Int).Mul(t, t)
	square.Rsh(square, powBits)
	sum, power := new(big.Int), new(big.Int).Set(t)
	for k := int64(1); power.Sign() != 0; k += 2 {
		sum.Add(sum, new(big.Int).Quo(power, big.NewInt(k)))
		power.Mul(power, square).Rsh(power, powBits)
	}
	return sum.Lsh(sum, 1)
}

// expOf is e to the power z: whole powers of two by a shift, the rest by its series.
func expOf(z *big.Int) *big.Int {
	two := logTwo()
	n, rest := new(big.Int).DivMod(z, two, new(big.Int))
	sum := new(big.Int).Lsh(big.NewInt(1), powBits)
	term := new(big.Int).Set(sum)
	for k := int64(1); term.Sign() != 0; k++ {
		term.Mul(term, rest).Rsh(term, powBits).Quo(term, big.NewInt(k))
		sum.Add(sum, term)
	}
	if shift := n.Int64(); shift < 0 {
		return sum.Rsh(sum, uint(-shift))
	}
	return sum.Lsh(sum, uint(n.Int64()))
}

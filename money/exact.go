package money

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// Exact is a decimal number without rounding error: a whole coefficient divided by a power of ten.
// The zero value is 0. Values are immutable and may be shared.
type Exact struct {
	small int64    // the coefficient when big is nil
	big   *big.Int // the coefficient when it does not fit small
	scale uint8    // digits after the point
}

// maxScale bounds the digits after the point of one number; products of a price stay far below.
const maxScale = 200

// ParseExact reads a decimal number such as "32.3465" or "-0.02" and keeps every digit.
// It refuses a plus, grouping, an exponent, blanks and an empty text.
func ParseExact(s string) (Exact, error) {
	digits, scale, point := 0, 0, false
	for i, ch := range []byte(s) {
		switch {
		case ch == '-' && i == 0:
		case ch == '.' && !point:
			point = true
		case ch >= '0' && ch <= '9':
			digits++
			if point {
				scale++
			}
		default:
			return Exact{}, fmt.Errorf("money: %d characters are not a decimal number: %w", len(s), ErrAmount)
		}
	}
	if digits == 0 || digits > maxScale {
		return Exact{}, fmt.Errorf("money: a decimal number has 1 to %d digits, not %d: %w", maxScale, digits, ErrAmount)
	}
	text := strings.Replace(s, ".", "", 1)
	if digits <= 18 {
		var v int64
		for _, ch := range []byte(strings.TrimPrefix(text, "-")) {
			v = v*10 + int64(ch-'0')
		}
		if s[0] == '-' {
			v = -v
		}
		return Exact{small: v, scale: uint8(scale)}, nil
	}
	v, _ := new(big.Int).SetString(text, 10)
	return fromBig(v, uint8(scale)), nil
}

// Whole is the number n.
func Whole(n int64) Exact { return Exact{small: n} }

// Exact is the amount in dollars as an exact number.
func (c Cents) Exact() Exact { return Exact{small: int64(c), scale: 2} }

func fromBig(v *big.Int, scale uint8) Exact {
	if v.IsInt64() {
		return Exact{small: v.Int64(), scale: scale}
	}
	return Exact{big: v, scale: scale}
}

func (x Exact) coefficient() *big.Int {
	if x.big != nil {
		return x.big
	}
	return big.NewInt(x.small)
}

var pow10 = [...]int64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

func tenTo(n uint8) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// Mul is x × y, exactly. It panics only when the digits after the point exceed 200.
func (x Exact) Mul(y Exact) Exact {
	if int(x.scale)+int(y.scale) > maxScale {
		panic("money: a product has more than 200 digits after the point")
	}
	scale := x.scale + y.scale
	if x.big == nil && y.big == nil {
		hi, lo := bits.Mul64(magnitude(x.small), magnitude(y.small))
		if hi == 0 && lo <= 1<<63-1 {
			v := int64(lo)
			if (x.small < 0) != (y.small < 0) {
				v = -v
			}
			return Exact{small: v, scale: scale}
		}
	}
	return fromBig(new(big.Int).Mul(x.coefficient(), y.coefficient()), scale)
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// align gives both coefficients at the larger scale; ok is false where they do not fit 64 bits.
func align(x, y Exact) (a, b int64, scale uint8, ok bool) {
	if x.big != nil || y.big != nil {
		return 0, 0, 0, false
	}
	a, b, scale = x.small, y.small, max(x.scale, y.scale)
	if a, ok = raise(a, scale-x.scale); !ok {
		return 0, 0, 0, false
	}
	b, ok = raise(b, scale-y.scale)
	return a, b, scale, ok
}

func raise(v int64, by uint8) (int64, bool) {
	if by == 0 {
		return v, true
	}
	if int(by) >= len(pow10) {
		return 0, v == 0
	}
	hi, lo := bits.Mul64(magnitude(v), uint64(pow10[by]))
	if hi != 0 || lo > 1<<62 {
		return 0, false
	}
	if v < 0 {
		return -int64(lo), true
	}
	return int64(lo), true
}

func alignBig(x, y Exact) (a, b *big.Int, scale uint8) {
	scale = max(x.scale, y.scale)
	a = new(big.Int).Mul(x.coefficient(), tenTo(scale-x.scale))
	b = new(big.Int).Mul(y.coefficient(), tenTo(scale-y.scale))
	return a, b, scale
}

// Add is x + y, exactly.
func (x Exact) Add(y Exact) Exact {
	if a, b, scale, ok := align(x, y); ok {
		if s := a + b; (s > a) == (b > 0) {
			return Exact{small: s, scale: scale}
		}
	}
	a, b, scale := alignBig(x, y)
	return fromBig(a.Add(a, b), scale)
}

// Neg is −x.
func (x Exact) Neg() Exact { return x.Mul(Exact{small: -1}) }

// Sub is x − y, exactly.
func (x Exact) Sub(y Exact) Exact { return x.Add(y.Neg()) }

// Cmp is -1, 0 or +1 as x is less than, equal to or more than y; 1.5 equals 1.50.
func (x Exact) Cmp(y Exact) int {
	if a, b, _, ok := align(x, y); ok {
		switch {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	}
	a, b, _ := alignBig(x, y)
	return a.Cmp(b)
}

// Sign is -1, 0 or +1.
func (x Exact) Sign() int { return x.Cmp(Exact{}) }

// RoundTo keeps the given number of decimals, half away from zero. It is named where a formula asks
// for a rounding of its own (an IPPS factor to four places); amounts use Round.
func (x Exact) RoundTo(decimals int) Exact {
	drop := int(x.scale) - decimals
	if drop <= 0 {
		return x
	}
	if x.big == nil && drop < len(pow10) {
		d := pow10[drop]
		q, r := x.small/d, x.small%d
		if magnitude(r)*2 >= uint64(d) {
			if x.small < 0 {
				q--
			} else {
				q++
			}
		}
		return Exact{small: q, scale: uint8(decimals)}
	}
	d := tenTo(uint8(drop))
	q, r := new(big.Int).QuoRem(x.coefficient(), d, new(big.Int))
	if r.Abs(r).Lsh(r, 1).Cmp(d) >= 0 {
		q.Add(q, big.NewInt(int64(x.coefficient().Sign())))
	}
	return fromBig(q, uint8(decimals))
}

// Round gives whole cents, half away from zero: the one rounding of an amount in revcycle.
// It panics when the amount does not fit Cents.
func (x Exact) Round() Cents {
	r := x.RoundTo(2)
	v, ok := r.small, r.big == nil
	if ok {
		v, ok = raise(v, 2-r.scale)
	}
	if !ok {
		panic("money: an amount is out of range")
	}
	return Cents(v)
}

// Int gives the whole number that x is; ok is false where x has a fraction or does not fit.
func (x Exact) Int() (n int64, ok bool) {
	r := x.RoundTo(0)
	return r.small, r.big == nil && r.Cmp(x) == 0
}

// String gives the number with all its digits, without trailing zeros: "1.15".
func (x Exact) String() string {
	if x.big == nil && int(x.scale) < len(pow10) {
		return x.short()
	}
	c := x.coefficient()
	text := new(big.Int).Abs(c).String()
	if x.scale > 0 {
		for len(text) <= int(x.scale) {
			text = "0" + text
		}
		cut := len(text) - int(x.scale)
		text = strings.TrimRight(text[:cut]+"."+text[cut:], "0")
		text = strings.TrimSuffix(text, ".")
	}
	if c.Sign() < 0 {
		return "-" + text
	}
	return text
}

// short is String without big integers: prices are shown step by step, by the million.
func (x Exact) short() string {
	var buf [24]byte
	b := buf[:0]
	if x.small < 0 {
		b = append(b, '-')
	}
	u, unit := magnitude(x.small), uint64(pow10[x.scale])
	b = strconv.AppendUint(b, u/unit, 10)
	fraction := u % unit
	if fraction == 0 {
		return string(b)
	}
	b = append(b, '.')
	for fraction > 0 {
		unit /= 10
		b = append(b, byte('0'+fraction/unit))
		fraction %= unit
	}
	return string(b)
}

// MarshalText is String; UnmarshalText is ParseExact.
func (x Exact) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText is ParseExact.
func (x *Exact) UnmarshalText(text []byte) error {
	v, err := ParseExact(string(text))
	if err != nil {
		return err
	}
	*x = v
	return nil
}

// mulDiv is a×b/c with its remainder, over 128 bits; a×b/c must fit 64 bits.
func mulDiv(a, b, c uint64) (q, r uint64) {
	hi, lo := bits.Mul64(a, b)
	return bits.Div64(hi, lo, c)
}

// AppendBinary appends a compact form that ReadExact reads back.
func (x Exact) AppendBinary(b []byte) []byte {
	if x.big != nil {
		text := x.String()
		b = append(b, 0xFF)
		b = binary.AppendUvarint(b, uint64(len(text)))
		return append(b, text...)
	}
	b = append(b, x.scale)
	return binary.AppendVarint(b, x.small)
}

// ReadExact reads what AppendBinary wrote from the front of s and gives the rest; ok is false where s is cut short.
func ReadExact(s string) (x Exact, rest string, ok bool) {
	if s == "" {
		return x, s, false
	}
	scale := s[0]
	if scale != 0xFF {
		n, size := varint(s[1:])
		if size <= 0 {
			return x, s, false
		}
		return Exact{small: n, scale: scale}, s[1+size:], true
	}
	n, size := uvarint(s[1:])
	if size <= 0 || n > uint64(len(s)-1-size) {
		return x, s, false
	}
	end := 1 + size + int(n)
	x, err := ParseExact(s[1+size : end])
	return x, s[end:], err == nil
}

func uvarint(s string) (uint64, int) {
	var v uint64
	for i := 0; i < len(s) && i < binary.MaxVarintLen64; i++ {
		v |= uint64(s[i]&0x7F) << (7 * i)
		if s[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

func varint(s string) (int64, int) {
	u, n := uvarint(s)
	v := int64(u >> 1)
	if u&1 != 0 {
		v = ^v
	}
	return v, n
}

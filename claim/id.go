package claim

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
)

// ID is the identity of a document: the first 128 bits of the SHA-256 of its business key.
// The zero ID is none.
type ID [16]byte

// Digest is a full SHA-256.
type Digest [32]byte

// Sighting is where a document was seen: the file, the ordinal of the transaction set in it, and the
// ordinal of the document among its kind in that set (rejected ones counted). Ordinals start at 1.
type Sighting struct {
	File    Digest
	Set     int
	Ordinal int
}

// String is 32 hexadecimal digits, "" for no ID.
func (id ID) String() string {
	if id == (ID{}) {
		return ""
	}
	var digits [32]byte
	hex.Encode(digits[:], id[:])
	return string(digits[:])
}

// Known reports whether the ID is one.
func (id ID) Known() bool { return id != ID{} }

// Compare orders IDs by their bytes.
func (id ID) Compare(o ID) int {
	if c := cmp.Compare(binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(o[:8])); c != 0 {
		return c
	}
	return cmp.Compare(binary.BigEndian.Uint64(id[8:]), binary.BigEndian.Uint64(o[8:]))
}

// MarshalText is String.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText is ParseID.
func (id *ID) UnmarshalText(text []byte) error {
	v, err := ParseID(string(text))
	*id = v
	return err
}

// ParseID reads 32 hexadecimal digits; "" is no ID.
func ParseID(s string) (ID, error) {
	var id ID
	if s == "" {
		return id, nil
	}
	if len(s) != 32 {
		return id, fmt.Errorf("claim: an ID has 32 hexadecimal digits, not %d characters", len(s))
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, fmt.Errorf("claim: an ID has 32 hexadecimal digits: %w", err)
	}
	return id, nil
}

// String is 64 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText is String, so that JSON shows a digest as people write it.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDigest.
func (d *Digest) UnmarshalText(text []byte) error {
	v, err := ParseDigest(string(text))
	*d = v
	return err
}

// ParseDigest reads 64 hexadecimal digits.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	if len(s) != 2*len(d) {
		return d, fmt.Errorf("claim: a digest has %d hexadecimal digits, not %d characters", 2*len(d), len(s))
	}
	if _, err := hex.Decode(d[:], []byte(s)); err != nil {
		return Digest{}, fmt.Errorf("claim: a digest has %d hexadecimal digits: %w", 2*len(d), err)
	}
	return d, nil
}

// Short is the first 12 hexadecimal digits, for people.
func (d Digest) Short() string { return d.String()[:12] }

// IDOf hashes a business key: its parts, each preceded by its length so that no two keys run together.
// The first part names the noun.
func IDOf(parts ...string) ID {
	buf := make([]byte, 0, 256)
	for _, p := range parts {
		buf = strconv.AppendInt(buf, int64(len(p)), 10)
		buf = append(buf, ':')
		buf = append(buf, p...)
	}
	sum := sha256.Sum256(buf)
	return ID(sum[:16])
}

// ClaimID is the identity of a claim: submitter, billing NPI, control number, frequency and the hash
// of its normalised segments (DESIGN 3), so that a resent, merged or re-wrapped file gives the same claim.
func ClaimID(submitter, billing, control, frequency string, segments Digest) ID {
	return IDOf("claim", submitter, billing, control, frequency, string(segments[:]))
}

// PaymentID is the identity of an 835 payment: TRN02, TRN03, BPR02, BPR16 and the payee. Payers give
// no unique trace to a payment of nothing (BPR04 = NON), so for those the sorted CLP keys join in.
func PaymentID(p *Payment, clpKeys []string) ID {
	parts := []string{"payment", p.Trace, p.PayerTIN, p.Amount.String(), p.Date.X12(), p.Payee.Key()}
	if p.Method == "NON" {
		keys := slices.Clone(clpKeys)
		slices.Sort(keys)
		parts = append(parts, keys...)
	}
	return IDOf(parts...)
}

// RemitID is the identity of the n-th CLP of a payment.
func RemitID(payment ID, ordinal int) ID {
	return IDOf("remit", string(payment[:]), strconv.Itoa(ordinal))
}

// RejectID is the identity of a part that could not be read: its place.
func RejectID(s Sighting, code string, ordinal int) ID {
	return IDOf("reject", string(s.File[:]), strconv.Itoa(s.Set), strconv.Itoa(s.Ordinal), code, strconv.Itoa(ordinal))
}

// EncounterID is the identity of a visit: its source, facility and number, and the hash of what was told of it.
func EncounterID(source, facility, number string, content Digest) ID {
	return IDOf("encounter", source, facility, number, string(content[:]))
}

// ChargeID is the identity of a charge: its source and transaction number, and the hash of what was told of it.
func ChargeID(source, number string, content Digest) ID {
	return IDOf("charge", source, number, string(content[:]))
}

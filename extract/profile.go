package extract

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// The profiles of CONTRACT.
const (
	Operations = "operations"  // account, payer claim and record numbers; no names, addresses or member IDs
	Limited    = "limited"     // pseudonyms in _key columns, the real column null
	SafeHarbor = "safe-harbor" // refused: see newMask
	Full       = "full"        // names and member IDs too
)

// mask decides what of an identifier may stand in the files.
type mask struct {
	profile string
	key     []byte
	keyID   string
}

func newMask(profile string, key []byte) (*mask, error) {
	m := &mask{profile: profile}
	switch profile {
	case Operations, Full:
	case Limited:
		if len(key) < 16 {
			return nil, fmt.Errorf("publish: profile limited needs a key of at least 16 bytes for its pseudonyms: set key_file")
		}
		sum := sha256.Sum256(append([]byte("revcycle pseudonym key|"), key...))
		m.key, m.keyID = key, hex.EncodeToString(sum[:4])
	case SafeHarbor:
		return nil, fmt.Errorf("publish: profile safe-harbor is not published: service dates would have to go down to their year and every fact with them; use limited under a data use agreement")
	default:
		return nil, fmt.Errorf("publish: there is no profile %q: choose operations, limited or full", profile)
	}
	return m, nil
}

// number gives an account, record or claim number as the profile shows it: itself, or its pseudonym. The
// kind keeps equal numbers of different meaning apart.
func (m *mask) number(kind, value string) (shown, key string) {
	if m.profile != Limited || value == "" {
		return value, ""
	}
	return "", m.Pseudonym(kind, value)
}

// Pseudonym is HMAC-SHA-256(key, kind|value) behind the key's ID.
func (m *mask) Pseudonym(kind, value string) string {
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte(kind + "|" + value))
	return m.keyID + ":" + hex.EncodeToString(h.Sum(nil))
}

// Pseudonym gives the pseudonym under which profile limited shows a number, for those who hold the key and
// look one up. The kinds are control, account, encounter, payer_claim and line_control.
func Pseudonym(key []byte, kind, value string) (string, error) {
	m, err := newMask(Limited, key)
	if err != nil {
		return "", err
	}
	return m.Pseudonym(kind, value), nil
}

// names says whether names and member IDs may stand in the files.
func (m *mask) names() bool { return m.profile == Full }

// The kinds of number that a pseudonym keeps apart.
const (
	kindControl     = "control"
	kindAccount     = "account"
	kindEncounter   = "encounter"
	kindPayerClaim  = "payer_claim"
	kindLineControl = "line_control"
)

// partitionMonth is the month of a partition folder.
func partitionMonth(partition string) string {
	_, month, _ := strings.Cut(partition, "=")
	return month
}

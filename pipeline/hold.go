package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/parsers"
	"revcycle/workspace"
)

// holdAdvice is what to do about a unit that is held.
const holdAdvice = "ask the sender for the file again, or drop it: revcycle quarantine"

// acceptAdvice is what to do about a unit that may be taken as it stands.
const acceptAdvice = "ask the sender for the file again, or take it as it stands: revcycle quarantine release"

// holdBack quarantines a set whose envelope is not sound, or a file or set that run does not take: it
// becomes a reject with a sentence, and its bytes lie in quarantine/. Everything else of the file goes on.
func (env *Env) holdBack(w *write, c chunkOf, key string) error {
	why := cmp.Or(c.file.Refused, "")
	unit, at := "file", claim.Sighting{File: c.file.SHA}
	from, to := int64(0), c.file.Bytes
	r := workspace.Reason{Batch: env.Batch.ID, File: c.file.Name, SHA256: c.file.SHA, Advice: holdAdvice, Was: c.file.Released}
	if s := c.set; s != nil {
		unit, at.Set, from, to = "set", s.Ordinal, s.From, s.To
		why = cmp.Or(s.Held, s.Refused)
		r.Claims, r.Charge = max(s.Claims, s.Remits), amountOf(s.Charge, s.Claims+s.Remits)
		r.Paid = amountOf(s.Paid, s.Remits)
		w.tally.SeenClaims += s.Claims
		w.tally.RejectedClaims += s.Claims
		w.tally.SeenRemits += s.Remits
		w.tally.RejectedRemits += s.Remits
		if s.Kind == parsers.Remittance {
			w.tally.RejPaid += s.Paid
		} else if s.Refused == "" || s.Claims > 0 {
			w.tally.RejCharge += s.Charge
		}
	} else if c.file.Layout != nil {
		why = c.file.Layout.Held
	}
	code, message := codeIn(why)
	if code == codeRefused && c.set == nil {
		code = codeOfKind(c.file.Kind)
	}
	if parsers.Acceptable(code) {
		r.Advice = acceptAdvice
	}
	r.Unit, r.Set, r.Byte, r.Code, r.Message = unit, at.Set, from, code, message
	r.ID = quarantineID(env.Batch.ID, key)
	named := code
	if _, member, packed := cutPacked(c.file.Name); packed && c.set == nil {
		named += "|" + member // files that lay in one archive share its digest
	}
	reject := claim.Reject{ID: claim.RejectID(at, named, 0), Code: code, Unit: unit, Byte: from, Message: message}
	if c.shared {
		to, r.Advice = from, "the archive it came in is kept whole under its digest; "+holdAdvice
	}
	w.tally.Quarantined++
	env.addReject(w, &reject, at, c.file)
	return env.quarantine(r, c.file, from, to)
}

// quarantine copies the bytes of a unit into quarantine/ with the reason. It bears repetition.
func (env *Env) quarantine(r workspace.Reason, f *received, from, to int64) error {
	if env.trial {
		return nil
	}
	var raw io.Reader = bytes.NewReader(nil)
	if to > from {
		o, err := env.Workspace.OpenArchived(f.SHA)
		if err != nil {
			return err
		}
		defer o.Close()
		raw = io.NewSectionReader(o, from, to-from)
	}
	return env.Workspace.Quarantine(r.ID, r, raw)
}

// quarantineID names a held unit: its batch, and a digest of the unit's key, since a file's name may
// hold what must not be shown.
func quarantineID(batch, key string) string {
	sum := sha256.Sum256([]byte(key))
	return fmt.Sprintf("%s-%x", batch, sum[:8])
}

func amountOf(c money.Cents, documents int) *money.Cents {
	if documents == 0 {
		return nil
	}
	return &c
}

// codeIn takes the stable code from the front of a sentence: "SE01_COUNT: the set …".
func codeIn(why string) (code, message string) {
	code, message, ok := strings.Cut(why, ": ")
	if ok && code == strings.ToUpper(code) && !strings.Contains(code, " ") {
		return code, message
	}
	return codeRefused, why
}

// codeRefused stands where a refusal has no code of its own.
const codeRefused = "REFUSED"

// codeOfKind is the stable code of a file that is refused for what it is.
func codeOfKind(k parsers.Kind) string {
	switch k {
	case parsers.Empty:
		return "EMPTY"
	case parsers.Unknown:
		return "NOT_READ"
	}
	return codeRefused
}

// closeFile says what became of a file, and ties its claims to what the scan had counted.
func (env *Env) closeFile(ctx context.Context, f *received, key string, t Tally) (*write, error) {
	w := &write{unit: env.unit("ingest", key)}
	state, reason := "ingested", ""
	var claims, remits int
	var charge, paid money.Cents
	if l := f.Layout; l != nil {
		claims, remits, charge, paid = l.Claims, l.Remits, l.Charge, l.Paid
	} else {
		claims, remits, charge, paid = t.SeenClaims, t.SeenRemits, t.Charged+t.DupCharge, t.RemitPaid+t.DupPaid
	}
	bad := max(t.Rejects, t.Quarantined) + t.HeldRemits // what a released unit is held for anew is no new reject
	switch {
	case f.DuplicateOf != "":
		state, reason = "duplicate", "the same bytes came as "+f.DuplicateOf
	case f.Unread != "":
		reason = f.Unread
	case f.Refused != "":
		_, reason = codeIn(f.Refused)
		state = "quarantined"
	case bad > 0 && t.Claims+t.Remits+t.Payments+t.Encounters+t.Charges+t.Acks+t.DuplicateAcks+t.DuplicateClaims+t.DuplicatePayments == 0:
		state = "quarantined"
	case bad > 0:
		state = "partial"
	}
	if bad > 0 && reason == "" {
		var err error
		if reason, err = env.firstWhy(ctx, f, t); err != nil {
			return nil, err
		}
	}
	if f.DuplicateOf == "" && f.Layout != nil {
		env.tieFile(w, f, t)
	}
	w.add(ledger.FileResults, ledger.Row{ledger.Int(env.Batch.No), ledger.Text(f.Name), ledger.Text(state), ledger.Text(reason), ledger.Int(int64(claims)),
		ledger.Int(int64(remits)), ledger.Cents(charge), ledger.Cents(paid)})
	return w, nil
}

// tieFile records what the scan saw in the file, beside what the units kept. The charge of a claim that
// was rejected by itself is what the others leave of the scan's sum; where none was, nothing may be left.
func (env *Env) tieFile(w *write, f *received, t Tally) {
	for i := range f.Layout.Sets {
		s := &f.Layout.Sets[i]
		switch {
		case s.Kind == parsers.Remittance:
			w.tally.SeenPaid += s.Paid
		case s.Claims > 0:
			w.tally.SeenCharge += s.Charge
		}
	}
	if single := t.RejectedClaims; single > 0 {
		w.tally.RejCharge += w.tally.SeenCharge - t.Charged - t.DupCharge - t.RejCharge
	}
	if t.RejectedRemits > 0 {
		w.tally.RejPaid += w.tally.SeenPaid - t.RemitPaid - t.DupPaid - t.RejPaid
	}
	w.tally.ScannedClaims, w.tally.ScannedRemits = scanned(f.Layout)
}

func scanned(l *parsers.Layout) (claims, remits int) {
	for i := range l.Sets {
		claims += l.Sets[i].Claims
		remits += l.Sets[i].Remits
	}
	return claims, remits
}

// firstWhy is the sentence for a file of which something was held: what holds a set, else the first
// document that could not be read.
func (env *Env) firstWhy(ctx context.Context, f *received, t Tally) (string, error) {
	if f.Layout != nil {
		for i := range f.Layout.Sets {
			s := &f.Layout.Sets[i]
			if why := cmp.Or(s.Held, s.Refused, s.Untied); why != "" {
				return fmt.Sprintf("set %d: %s", s.Ordinal, why), nil
			}
		}
		if f.Layout.Held != "" {
			return f.Layout.Held, nil
		}
	}
	if t.HeldRemits > 0 {
		return fmt.Sprintf("%d claims of remittances are held, which do not balance or have faults; their money is unapplied", t.HeldRemits), nil
	}
	why, n, err := env.firstReject(ctx, f)
	if n > 1 {
		why = fmt.Sprintf("%s; and %d more", why, n-1)
	}
	return why, err
}

package pipeline

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
)

//go:embed resubmit.txt
var resubmitText string

// taking is a row of the table: what a payer takes of a claim that it has.
type taking struct {
	filing, kinds, takes, needs, cite string
}

var takings = func() (out []taking) {
	for line := range strings.Lines(resubmitText) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "|")
		if len(f) != 5 {
			panic("resubmit: a row has five fields: " + line)
		}
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		out = append(out, taking{f[0], f[1], f[2], f[3], f[4]})
	}
	return out
}()

// takingOf is the row of a claim's payer.
func takingOf(c *claim.Claim) taking {
	for _, t := range takings {
		if (t.filing == "*" || t.filing == c.FilingCode) && slices.Contains(strings.Fields(t.kinds), string(c.Kind)) {
			return t
		}
	}
	return taking{}
}

// Frequencies are the words for CLM05-3 of what is sent again.
var Frequencies = map[string]string{"original": "1", "replacement": "7", "void": "8"}

// Resubmission asks for a claim to go out again.
type Resubmission struct {
	Claim     string // ID, its first digits, or the patient control number
	As        string // original, replacement, void
	Condition string // of an institutional claim: D0 to D9, E0
	Reason    string
}

// Resubmit prepares a claim to be sent again, as it was but for its frequency and the payer's number of it: the file waits in outbox/ until
// somebody releases it. It gives ErrRefused, with the reason, for what its payer would not take.
func (env *Env) Resubmit(ctx context.Context, r Resubmission) (Outgoing, error) {
	frequency, ok := Frequencies[r.As]
	if !ok {
		return Outgoing{}, refused("--as %s: write original, replacement or void", r.As)
	}
	if strings.TrimSpace(r.Reason) == "" {
		return Outgoing{}, refused("a decision needs a reason: say why with --reason")
	}
	if err := env.SettleOutbox(ctx); err != nil {
		return Outgoing{}, err
	}
	c, err := env.oneClaim(ctx, r.Claim)
	if err != nil {
		return Outgoing{}, err
	}
	number, err := env.mayGo(ctx, c, frequency, r.Condition)
	if err != nil {
		return Outgoing{}, err
	}
	control, err := env.nextControl(ctx)
	if err != nil {
		return Outgoing{}, err
	}
	out := Outgoing{Control: control, Claim: c.ID, Frequency: frequency, Original: number, Condition: r.Condition, State: OutState(ledger.Prepare), At: stamp(env.Clock()), claim: c}
	data, err := env.outgoingFile(ctx, &out)
	if err != nil {
		return out, err
	}
	if err := env.decide(ctx, "send prepare", r.Reason, ledger.Decision{Kind: ledger.OfSending, Verdict: ledger.Prepare, Subject: control, Object: out.object()}); err != nil {
		return out, err
	}
	out.describe()
	return out, env.layOut(&out, data)
}

// oneClaim is the claim that a number names: the last version where there are several.
func (env *Env) oneClaim(ctx context.Context, number string) (*claim.Claim, error) {
	found, err := env.claimsOf(ctx, number)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, refused("no claim bears the number %q: give its ID or its patient control number", number)
	}
	var list []*claim.Claim
	for c, err := range ledger.ReadClaims(ctx, env.Store, ledger.OneOf("id", found...)) {
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	for i := range list[1:] {
		if list[i+1].Billing.Key() != list[0].Billing.Key() || claim.NormalControl(list[i+1].Control) != claim.NormalControl(list[0].Control) {
			return nil, refused("%d claims of different providers or accounts answer to %q: name the ID of one", len(list), number)
		}
	}
	last := slices.MaxFunc(list, func(a, b *claim.Claim) int { return int(a.Created) - int(b.Created) })
	return last, nil
}

// mayGo gives the payer's number of a claim where it may go again in this way, else why not.
func (env *Env) mayGo(ctx context.Context, c *claim.Claim, frequency, condition string) (number string, err error) {
	waiting, err := env.Outbox(ctx)
	if err != nil {
		return "", err
	}
	for i := range waiting {
		if o := &waiting[i]; o.Claim == c.ID && (o.State == OutPrepared || o.State == OutReady) {
			return "", refused("claim %s waits in the outbox already, as %s: send release or send drop %s", c.ID, o.Control, o.Control)
		}
	}
	said, err := env.lastAcks(ctx, []claim.ID{c.ID})
	if err != nil {
		return "", err
	}
	word, any := said[c.ID]
	number, judged, err := env.payersNumber(ctx, c.ID)
	if err != nil {
		return "", err
	}
	if any && number == "" {
		number = word.PayerControl
	}
	never := any && word.Verdict == claim.AckRejected && !judged
	switch {
	case frequency == "1" && judged:
		return "", refused("claim %s has its remittance: as an original it would be a duplicate; send a replacement or a void", c.ID)
	case frequency == "1" && any && !never && word.Verdict == claim.AckAccepted && word.Kind == claim.AckClaim:
		return "", refused("claim %s was accepted on %s: as an original it would be a duplicate", c.ID, word.Date)
	case frequency == "1":
		return "", nil
	case never:
		return "", refused("claim %s was refused on its way on %s, so the payer has nothing to replace or void: send it as an original", c.ID, word.Date)
	}
	t := takingOf(c)
	needs := strings.Fields(t.needs)
	switch {
	case !slices.Contains(strings.Fields(t.takes), frequency):
		return "", refused("the payer of claim %s (filing code %s) takes no frequency %s [%s]", c.ID, c.FilingCode, frequency, t.cite)
	case slices.Contains(needs, "number") && number == "":
		return "", refused("claim %s: the payer's own number of it is not known: no remittance or acknowledgement has named it [%s]", c.ID, t.cite)
	case slices.Contains(needs, "condition") && !isCondition(condition):
		return "", refused("claim %s: its payer wants a condition code that says why, D0 to D9 or E0: --condition [%s]", c.ID, t.cite)
	}
	return number, nil
}

// isCondition reports whether a condition code says why a claim is adjusted (NUBC: D0 to D9, E0).
func isCondition(s string) bool {
	return len(s) == 2 && (s[0] == 'D' && s[1] >= '0' && s[1] <= '9' || s == "E0")
}

// payersNumber is what the payer calls a claim, by its latest remit; judged says that there is one.
func (env *Env) payersNumber(ctx context.Context, id claim.ID) (number string, judged bool, err error) {
	var remits []claim.ID
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Matches, Where: []ledger.Cond{ledger.OneOf("claim", id)}, Only: []string{"claim"}}) {
		if err != nil {
			return "", false, err
		}
		remits = append(remits, row[0].ID())
	}
	matches, err := ledger.CurrentMatches(ctx, env.Store, remits)
	if err != nil {
		return "", false, err
	}
	latest := ""
	control, date := ledger.Remits.At("payer_control"), ledger.Remits.At("date")
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Remits, Where: []ledger.Cond{ledger.OneOf("id", remits...)}}) {
		if err != nil {
			return "", false, err
		}
		if m := matches[row[0].ID()]; m.Is.Claim != id {
			continue
		}
		if judged = true; row[date].Date().String() >= latest && row[control].Text() != "" {
			latest, number = row[date].Date().String(), row[control].Text()
		}
	}
	return number, judged, nil
}

// firstControl begins our own series of ISA13: above those that the systems of practices count from 1.
const firstControl = 900_000_001

// nextControl is an ISA13 that neither we nor any file in the ledger has used.
func (env *Env) nextControl(ctx context.Context) (string, error) {
	used := map[string]bool{}
	next := firstControl
	for d, err := range ledger.ReadDecisions(ctx, env.Store, ledger.Named("kind", ledger.OfSending)) {
		if err != nil {
			return "", err
		}
		if n, err := strconv.Atoi(d.Subject); err == nil && n >= next {
			next = n + 1
		}
	}
	sent, err := env.sentSets(ctx)
	if err != nil {
		return "", err
	}
	for _, list := range sent {
		for _, s := range list {
			used[strings.TrimLeft(s.interchange, "0")] = true
		}
	}
	for used[strconv.Itoa(next)] {
		next++
	}
	if next > 999_999_999 {
		return "", refused("the series of control numbers is used up")
	}
	return fmt.Sprintf("%09d", next), nil
}

// charged is what is known of a claim's dollars.
func charged(c *claim.Claim) money.Cents {
	if c == nil {
		return 0
	}
	return c.Charge
}

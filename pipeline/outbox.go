package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"revcycle/civil"
	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/parsers"
	"revcycle/parsers/set"
	"revcycle/parsers/x12"
	"revcycle/parsers/x837"
	"revcycle/workspace"
)

// OutState is where something that goes out stands: the last thing that was said of it.
type OutState string

// The states.
const (
	OutPrepared  OutState = ledger.Prepare
	OutReady     OutState = ledger.Release
	OutConfirmed OutState = ledger.Confirm
	OutDropped   OutState = ledger.Drop
)

// folders are where a file lies in each state, "" for nowhere.
var folders = map[OutState]string{OutPrepared: workspace.OutWaiting, OutReady: workspace.OutReleased, OutConfirmed: workspace.OutSent, OutDropped: ""}

// Outgoing is a claim that goes out again, in an interchange of its own.
type Outgoing struct {
	Control   string           `json:"interchange"` // ISA13, nine digits
	Claim     claim.ID         `json:"claim_id"`
	Account   string           `json:"patient_control_number"`
	Frequency string           `json:"frequency_code"`
	Original  string           `json:"payer_claim_number"` // REF*F8, "" for none
	Condition string           `json:"condition_code"`
	Charge    money.Cents      `json:"total_charge"`
	State     OutState         `json:"state"` // prepare, release, confirm, drop
	At        string           `json:"prepared"`
	Since     string           `json:"since"` // when it came into its state
	Actor     string           `json:"actor"`
	Reason    string           `json:"reason"`
	Days      int              `json:"days"`    // in its state
	Answer    claim.AckKind    `json:"answer"`  // the word that counts on it, once it is sent
	Verdict   claim.AckVerdict `json:"verdict"` // likewise

	claim *claim.Claim
}

// Name is the name of its file.
func (o *Outgoing) Name() string { return o.Control + ".837" }

// object is what the ledger keeps of it beside its control number.
func (o *Outgoing) object() string {
	return strings.Join([]string{o.Claim.String(), o.Frequency, o.Original, o.Condition}, " ")
}

func (o *Outgoing) describe() {
	if o.claim != nil {
		o.Account, o.Charge = o.claim.Control, charged(o.claim)
	}
}

// Outbox lists all that was ever prepared, the oldest first.
func (env *Env) Outbox(ctx context.Context) ([]Outgoing, error) {
	var out []Outgoing
	at := map[string]int{}
	for d, err := range ledger.ReadDecisions(ctx, env.Store, ledger.Named("kind", ledger.OfSending)) {
		if err != nil {
			return nil, err
		}
		if d.Verdict == ledger.Prepare {
			f := strings.Split(d.Object, " ")
			id, err := claim.ParseID(f[0])
			if err != nil || len(f) != 4 {
				return nil, fmt.Errorf("outbox: decision %d says nothing that can be read", d.Seq)
			}
			at[d.Subject] = len(out)
			out = append(out, Outgoing{Control: d.Subject, Claim: id, Frequency: f[1], Original: f[2], Condition: f[3], At: d.At})
		}
		if i, ok := at[d.Subject]; ok {
			o := &out[i]
			o.State, o.Since, o.Actor, o.Reason = OutState(d.Verdict), d.At, d.Actor, d.Reason
			if since, err := time.Parse(time.RFC3339, d.At); err == nil {
				o.Days = int(env.Clock().Sub(since) / (24 * time.Hour))
			}
		}
	}
	return out, env.nameOutgoing(ctx, out)
}

// nameOutgoing fills in what the claims say, and what was answered.
func (env *Env) nameOutgoing(ctx context.Context, list []Outgoing) error {
	var ids []claim.ID
	for i := range list {
		ids = append(ids, list[i].Claim)
	}
	byID := map[claim.ID]*claim.Claim{}
	for part := range ledger.Portions(ids) {
		for c, err := range ledger.ReadClaims(ctx, env.Store, ledger.OneOf("id", part...)) {
			if err != nil {
				return err
			}
			byID[c.ID] = c
		}
	}
	for i := range list {
		list[i].claim = byID[list[i].Claim]
		list[i].describe()
	}
	if len(list) == 0 {
		return nil
	}
	sent, err := env.sentSets(ctx)
	if err != nil {
		return err
	}
	for i := range list {
		if err := env.answerTo(ctx, &list[i], sent); err != nil {
			return err
		}
	}
	return nil
}

// answerTo finds the word that counts on what was sent: its claim came in by its own file.
func (env *Env) answerTo(ctx context.Context, o *Outgoing, sent map[string][]sentSet) error {
	for _, s := range sent[strings.TrimLeft(o.Control, "0")] {
		for c, err := range env.claimRows(ctx, ledger.OfBatch(s.batch), ledger.Cond{Column: "file", Op: ledger.In, Values: []ledger.Value{ledger.Digest(s.file)}}) {
			if err != nil {
				return err
			}
			last, err := env.lastAcks(ctx, []claim.ID{c.id})
			if err != nil {
				return err
			}
			if a, ok := last[c.id]; ok {
				o.Answer, o.Verdict = a.Kind, a.Verdict
				return nil
			}
		}
	}
	if o.State != OutConfirmed || o.Frequency != "1" {
		return nil
	}
	// An original sent again is the claim that is known already: a word on it that is younger than its leaving.
	last, err := env.lastAcks(ctx, []claim.ID{o.Claim})
	if a, ok := last[o.Claim]; ok && len(o.Since) >= 10 && a.Date.String() >= o.Since[:10] {
		o.Answer, o.Verdict = a.Kind, a.Verdict
	}
	return err
}

// Send records what somebody says of prepared claims: release, confirm or drop. What is released lies in outbox/released; what is confirmed was
// sent, and goes into the inbox as the bill that it is now. It gives ErrRefused for what does not stand so that this can be said of it.
func (env *Env) Send(ctx context.Context, verdict string, controls []string, all bool, reason string) ([]Outgoing, error) {
	from := map[string][]OutState{ledger.Release: {OutPrepared}, ledger.Confirm: {OutReady}, ledger.Drop: {OutPrepared, OutReady}}[verdict]
	list, err := env.Outbox(ctx)
	if err != nil {
		return nil, err
	}
	if !all && len(controls) == 0 {
		return nil, refused("name what is meant by its interchange, or say --all")
	}
	var some []Outgoing
	var said []ledger.Decision
	for _, c := range controls {
		if !slices.ContainsFunc(list, func(o Outgoing) bool { return o.Control == c }) {
			return nil, refused("nothing in the outbox has the interchange %q: revcycle send ls lists it", c)
		}
	}
	for _, o := range list {
		named := slices.Contains(controls, o.Control)
		if !named && !all {
			continue
		}
		if !slices.Contains(from, o.State) {
			if named && string(o.State) != verdict {
				return nil, refused("%s stands at %s: it cannot be said of it", o.Control, o.State)
			}
			continue
		}
		some = append(some, o)
		said = append(said, ledger.Decision{Kind: ledger.OfSending, Verdict: verdict, Subject: o.Control, Object: o.object()})
	}
	if err := env.decide(ctx, "send "+verdict, reason, said...); err != nil {
		return nil, err
	}
	for i := range some {
		some[i].State = OutState(verdict)
	}
	return some, env.SettleOutbox(ctx)
}

// SettleOutbox lays each file where what was said of it wants it: a command that was killed behind its decision left that undone.
func (env *Env) SettleOutbox(ctx context.Context) error {
	list, err := env.Outbox(ctx)
	if err != nil {
		return err
	}
	for i := range list {
		o := &list[i]
		folder, err := env.Workspace.Out(o.Name())
		if err != nil {
			return err
		}
		if folder == folders[o.State] { // what is confirmed is put into the inbox before it is moved
			continue
		}
		if o.State == OutDropped {
			if err := env.Workspace.DropOut(o.Name(), folder); err != nil {
				return err
			}
			continue
		}
		data, err := env.outgoingFile(ctx, o)
		if err != nil {
			return err
		}
		if err := env.layOut(o, data); err != nil {
			return err
		}
	}
	return nil
}

// layOut puts the file of what goes out into the folder of its state, and what was sent into the inbox too.
func (env *Env) layOut(o *Outgoing, data []byte) error {
	w, want := env.Workspace, folders[o.State]
	folder, err := w.Out(o.Name())
	if err != nil {
		return err
	}
	if o.State == OutConfirmed {
		if err := w.PutIn(o.Name(), claim.Digest(sha256.Sum256(data)), data); err != nil {
			return err
		}
	}
	switch folder {
	case want:
		return nil
	case "":
		return w.PutOut(want, o.Name(), data)
	}
	return w.MoveOut(o.Name(), folder, want)
}

// outgoingFile makes the file: the claim as it was sent, from the archive, between envelopes of its own. The same decision makes the same bytes.
func (env *Env) outgoingFile(ctx context.Context, o *Outgoing) ([]byte, error) {
	fail := func(err error) ([]byte, error) { return nil, fmt.Errorf("outbox: %s: %w", o.Control, err) }
	made, err := time.Parse(time.RFC3339, o.At)
	if err != nil {
		return fail(err)
	}
	f, t, n, err := env.placeOf(ctx, o.Claim)
	if err != nil {
		return fail(err)
	}
	original, err := env.Workspace.OpenArchived(f.SHA)
	if errors.Is(err, workspace.ErrNotArchived) {
		return fail(refused("the archive no longer holds the file that the claim came in"))
	}
	if err != nil {
		return fail(err)
	}
	defer original.Close()
	in := &f.Layout.Interchanges[t.Interchange-1]
	day, clock := civil.OfTime(made), made.Format("1504")
	var b bytes.Buffer
	w := x12.NewWriter(&b, x12.Delimiters{Element: '*', Component: ':', Repetition: '^', Segment: '~'})
	w.LineBreaks = true
	_ = w.ISA(x12.Interchange{SenderQualifier: in.SenderQualifier, Sender: in.Sender, ReceiverQualifier: in.ReceiverQualifier, Receiver: in.Receiver, Date: day.X12()[2:], Time: clock,
		Control: o.Control, Usage: in.Usage})
	_ = w.GS(x12.Group{Kind: "HC", Sender: t.GroupSender, Receiver: in.Receiver, Date: day.X12(), Time: clock, Control: strings.TrimLeft(o.Control, "0"), Version: t.Guide})
	whole := t.Chunks[0]
	whole.Own, whole.More, whole.Context = set.Span{From: t.From, To: t.To, Ordinal: whole.Own.Ordinal, Segments: t.Segments}, false, whole.Context[:2]
	if err := x837.WriteAgain(w, original, whole, n, x837.Again{Frequency: o.Frequency, Original: o.Original, Condition: o.Condition, Control: "0001", Reference: o.Control,
		Created: day, Time: clock}); err != nil {
		return fail(err)
	}
	_ = w.GE()
	_ = w.IEA()
	if err := w.Flush(); err != nil {
		return fail(err)
	}
	return b.Bytes(), env.sound(b.Bytes(), o)
}

// sound wants of what goes out what is wanted of what comes in.
func (env *Env) sound(data []byte, o *Outgoing) error {
	partners, err := env.Workspace.Partners()
	if err != nil {
		return err
	}
	r, err := parsers.Inspect(o.Name(), bytes.NewReader(data), nil, partners.Policy)
	if err != nil {
		return err
	}
	for _, f := range r.Faults {
		if f.Severity == x12.Reject {
			return refused("claim %s would be refused on its way: %s", o.Claim, f)
		}
	}
	return nil
}

// placeOf is the file and set that a claim came in, and which of the set's claims it is.
func (env *Env) placeOf(ctx context.Context, id claim.ID) (*received, *parsers.Set, int, error) {
	t := ledger.Claims
	var sha claim.Digest
	var ordinal, n int
	var batch int64
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: t, Where: []ledger.Cond{ledger.OneOf("id", id)}, Only: []string{"batch", "file", "set", "ordinal"}}) {
		if err != nil {
			return nil, nil, 0, err
		}
		batch, sha, ordinal, n = row[t.At("batch")].Int(), row[t.At("file")].Digest(), int(row[t.At("set")].Int()), int(row[t.At("ordinal")].Int())
	}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Files, Where: []ledger.Cond{ledger.OfBatch(batch)}}) {
		if err != nil {
			return nil, nil, 0, err
		}
		if row[2].Digest() != sha {
			continue
		}
		f := new(received)
		if err := json.Unmarshal(row[6].Bytes(), f); err != nil {
			return nil, nil, 0, err
		}
		if f.Layout == nil || f.DuplicateOf != "" {
			continue
		}
		for i := range f.Layout.Sets {
			if s := &f.Layout.Sets[i]; s.Ordinal == ordinal && len(s.Chunks) > 0 && s.Interchange > 0 {
				return f, s, n, nil
			}
		}
	}
	return nil, nil, 0, refused("claim %s did not come as X12: only what was sent as an 837 can be sent again", id)
}

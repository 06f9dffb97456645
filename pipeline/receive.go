package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/parsers"
	"revcycle/parsers/csv"
	"revcycle/pipeline/flow"
	"revcycle/workspace"
)

// received is one file of a batch: what receive found, stored with the file's row.
type received struct {
	Name        string
	SHA         claim.Digest
	Bytes       int64
	Kind        parsers.Kind
	DuplicateOf string // the name under which the same bytes came first
	Refused     string // why nothing of the file can be taken
	Unread      string // why nothing of it is wanted: a file of an export that is no part of the revenue cycle
	Layout      *parsers.Layout
	// Companion is the file that holds the lines of a CSV claim table.
	Companion     string
	CompanionSHA  claim.Digest
	CompanionKind parsers.Kind
	// Released is the quarantined unit of an earlier batch that this is; Only is the one document of it, nil for all.
	Released string
	Only     *place
}

// Receive opens a batch with what is complete in the inbox, or takes up the batch that is open. begun
// is false where there is nothing to do: no file, no stale opinion, and the business date of the last batch.
func (env *Env) Receive(ctx context.Context) (begun bool, err error) {
	if open, err := env.resume(ctx); err != nil || open {
		if err == nil && env.Batch.Scope.Nothing() {
			err = env.takenUp(ctx)
		}
		return open, err
	}
	if err := env.checkProfile(); err != nil {
		return false, err
	}
	how, err := env.agreements()
	if err != nil {
		return false, err
	}
	var files []*received
	var arrivals []workspace.Arrival
	if !env.inboxLater {
		if files, arrivals, err = env.takeIn(ctx, how); err != nil {
			return false, err
		}
	}
	last, any, err := lastBatch(ctx, env.Store)
	if err != nil {
		return false, err
	}
	decided, err := env.decided(ctx, last.No)
	if err != nil {
		return false, err
	}
	if len(files) == 0 && !decided {
		changed, err := env.slicesChanged(ctx)
		if err != nil || !any || !changed && last.AsOf == env.Batch.AsOf {
			return false, err
		}
	}
	if any && env.Batch.AsOf < last.AsOf {
		return false, fmt.Errorf("%w: the business date %s lies before that of batch %s (%s): nothing posts into the past; give --as-of %s or later",
			ErrUsage, env.Batch.AsOf, last.ID, last.AsOf, last.AsOf)
	}
	if err := env.markDuplicates(ctx, files); err != nil {
		return false, err
	}
	if err := env.holdRepeated(ctx, files, how.partners); err != nil {
		return false, err
	}
	again, err := env.released(ctx, last.No, how)
	if err != nil {
		return false, err
	}
	if err := env.begin(ctx, last.No, append(files, again...)); err != nil {
		return false, err
	}
	if err := env.writeAnswers(ctx, how); err != nil {
		return false, err
	}
	for _, a := range arrivals {
		if err := env.Workspace.RemoveFromInbox(a); err != nil {
			return false, err
		}
	}
	return true, nil
}

// takenUp does what the run that began the open batch was stopped before: its answers, and taking its files out of the inbox.
func (env *Env) takenUp(ctx context.Context) error {
	how, err := env.agreements()
	if err != nil {
		return err
	}
	if err := env.writeAnswers(ctx, how); err != nil {
		return err
	}
	return env.clearInbox(ctx)
}

// takeIn archives and scans every complete file of the inbox, unpacking archives. Files that wait for
// a companion stay where they are. The batch's own order of files is by name.
func (env *Env) takeIn(ctx context.Context, how agreements) ([]*received, []workspace.Arrival, error) {
	found, err := env.Workspace.Inbox(env.Clock())
	if err != nil {
		return nil, nil, err
	}
	found = slices.DeleteFunc(found, func(a workspace.Arrival) bool {
		if !a.Complete {
			env.leave(a.Name, a.Why)
		}
		return !a.Complete
	})
	each := func(yield func(workspace.Arrival, error) bool) {
		for _, a := range found {
			if !yield(a, nil) {
				return
			}
		}
	}
	var files []*received
	from := map[string]workspace.Arrival{}
	var arrivals []workspace.Arrival
	n := 0
	for t, err := range flow.Map(ctx, env.Workers, each, func(ctx context.Context, a workspace.Arrival) (taken, error) {
		some, err := env.take(a, how)
		return taken{a, some}, err
	}) {
		if why := whyLeft(err); why != "" {
			env.leave(t.arrival.Name, why)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		files = append(files, t.files...)
		from[t.arrival.Name] = t.arrival
		arrivals = append(arrivals, t.arrival)
		n++
		if env.Progress != nil {
			env.Progress("receive", n, len(found))
		}
	}
	files, waiting := pairUp(files, how.profiles)
	for _, h := range waiting {
		env.leave(h.file.Name, h.why)
		arrivals = slices.DeleteFunc(arrivals, func(a workspace.Arrival) bool { return a.Name == h.file.Name })
	}
	slices.SortFunc(files, func(a, b *received) int { return cmp.Compare(a.Name, b.Name) })
	return files, arrivals, nil
}

// whyLeft says why a file is left in the inbox for another night, where an error concerns that file alone; "" for
// other errors.
func whyLeft(err error) string {
	switch {
	case errors.Is(err, workspace.ErrChanged):
		return "it changed while it was read"
	case errors.Is(err, workspace.ErrUnreadable):
		return "this user may not read it; give it read permission, or take it away"
	}
	return ""
}

// leave notes a file that stays in the inbox, and why.
func (env *Env) leave(name, why string) {
	env.Log.Info("left in the inbox", "file", name, "why", why)
	env.left = append(env.left, name+": "+why)
}

type taken struct {
	arrival workspace.Arrival
	files   []*received
}

// take archives one arrival and scans it, or the files packed in it.
func (env *Env) take(a workspace.Arrival, how agreements) ([]*received, error) {
	arc, err := env.Workspace.Archive(a)
	if err != nil {
		return nil, err
	}
	members, err := env.Workspace.Unpack(a.Name, arc)
	if err != nil {
		return nil, err
	}
	if members == nil {
		members = []workspace.Member{{Name: a.Name, Archived: arc}}
	}
	var out []*received
	for _, m := range members {
		if m.Refused != "" {
			out = append(out, &received{Name: m.Name, SHA: arc.SHA256, Bytes: arc.Size, Kind: parsers.Unknown, Refused: m.Refused})
			continue
		}
		f, err := env.scan(m, how)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// scan says what an archived file is and looks it through.
func (env *Env) scan(m workspace.Member, how agreements) (*received, error) {
	o, err := env.Workspace.OpenArchived(m.SHA256)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	head := make([]byte, parsers.SniffBytes)
	n, err := io.ReadFull(io.NewSectionReader(o, 0, o.Size()), head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("receive: %s: %w", m.Name, err)
	}
	profiles := how.profiles
	f := &received{Name: m.Name, SHA: m.SHA256, Bytes: m.Size, Kind: parsers.Sniff(head[:n], path.Base(m.Name), profiles)}
	format := parsers.FormatOf(f.Kind, profiles)
	if isX12(head[:n]) {
		l, err := parsers.Scan(io.NewSectionReader(o, 0, o.Size()), how.partners.Policy)
		if err != nil {
			return nil, fmt.Errorf("receive: %s: %w", m.Name, err)
		}
		f.Layout, f.Kind = &l, l.Kind
		if len(l.Sets)+len(l.TA1s) == 0 {
			f.Refused = cmp.Or(l.Held, parsers.FormatOf(l.Kind, profiles).Refusal, "there is no transaction set in the file")
		}
		return f, nil
	}
	switch {
	case format.Run:
	case tableOf(f.Kind, profiles) != nil:
		f.Unread = format.Refusal // a file of an export that we know and have no use for
	default:
		f.Refused = format.Refusal
	}
	return f, nil
}

// waits is a file that is left in the inbox until its companion comes.
type waits struct {
	file *received
	why  string
}

// pairUp joins CSV claim tables with the files of their lines, folder by folder, and sets aside those
// whose companion has not come.
func pairUp(files []*received, profiles *csv.Profiles) (ready []*received, waiting []waits) {
	folders := map[string][]*received{}
	for _, f := range files {
		folders[path.Dir(f.Name)] = append(folders[path.Dir(f.Name)], f)
	}
	for _, f := range files {
		t := tableOf(f.Kind, profiles)
		if t == nil {
			ready = append(ready, f)
			continue
		}
		var came []*csv.Table
		for _, other := range folders[path.Dir(f.Name)] {
			if o := tableOf(other.Kind, profiles); o != nil {
				came = append(came, o)
				if t.Lines != "" && o.Profile == t.Profile && o.Name == t.Lines {
					f.Companion, f.CompanionSHA, f.CompanionKind = other.Name, other.SHA, other.Kind
				}
			}
		}
		held := ""
		for _, h := range profiles.Unpaired(came) {
			if h.Table == t {
				held = h.String()
			}
		}
		if held != "" {
			waiting = append(waiting, waits{f, held})
			continue
		}
		ready = append(ready, f)
	}
	return ready, waiting
}

// tableOf is the CSV table of a kind, nil for other kinds.
func tableOf(k parsers.Kind, profiles *csv.Profiles) *csv.Table {
	profile, name, ok := cutKind(k)
	if !ok {
		return nil
	}
	t, ok := profiles.Table(profile, name)
	if !ok {
		return nil
	}
	return t
}

// markDuplicates names, for each file whose bytes came before, the file that brought them first.
func (env *Env) markDuplicates(ctx context.Context, files []*received) error {
	seen := map[claim.Digest]string{}
	for part := range ledger.Portions(files) {
		cond := ledger.Cond{Column: "sha256", Op: ledger.In}
		for _, f := range part {
			cond.Values = append(cond.Values, ledger.Digest(f.SHA))
		}
		for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Files, Where: []ledger.Cond{cond}}) {
			if err != nil {
				return err
			}
			if _, ok := seen[row[2].Digest()]; !ok {
				seen[row[2].Digest()] = row[1].Text()
			}
		}
	}
	// Of several with the same bytes the shortest name came first: copies are named longer.
	inOrder := slices.SortedFunc(slices.Values(files), func(a, b *received) int {
		return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	for _, f := range inOrder {
		if before, ok := seen[f.SHA]; ok && f.Refused == "" {
			f.DuplicateOf = before
			continue
		}
		seen[f.SHA] = f.Name
	}
	return nil
}

// begin opens a batch: its row, the slices it works with and its files, in one transaction.
func (env *Env) begin(ctx context.Context, last int64, files []*received) error {
	b := Batch{No: last + 1, AsOf: env.Batch.AsOf, Open: true, Edition: env.Book.Edition(), Parent: env.Batch.Parent, Reason: env.Batch.Reason,
		Scope: env.Batch.Scope}
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return err
	}
	n := 1
	for _, o := range all {
		if o.AsOf == b.AsOf {
			n++
		}
	}
	b.ID = fmt.Sprintf("%s-%03d", b.AsOf, n)
	env.Batch = b
	scope, err := b.Scope.value()
	if err != nil {
		return err
	}
	parent := ledger.Value{}
	if b.Parent > 0 {
		parent = ledger.Int(b.Parent)
	}
	w := &write{unit: env.unit("receive", "")}
	w.add(ledger.Batches, ledger.Row{ledger.Int(b.No), ledger.Text(b.ID), ledger.Date(b.AsOf), ledger.Digest(b.Edition), parent, ledger.Text(b.Reason), scope,
		ledger.Text(stamp(env.Clock())), ledger.Text(env.Actor), ledger.Text(env.Version)})
	act, detail := "begin batch", "as of "+b.AsOf.String()+", edition "+b.Edition.String()
	if !b.Scope.Nothing() {
		act, detail = "rerun", fmt.Sprintf("%s; %s; because: %s", detail, b.Scope.String(), b.Reason)
	}
	if b.Scope.Failed {
		act = "retry"
	}
	if err := env.audited(ctx, w, act, b.ID, detail); err != nil {
		return err
	}
	for payer, digest := range env.slices() {
		w.add(ledger.Slices, ledger.Row{ledger.Int(b.No), ledger.Text(payer), ledger.Digest(digest)})
	}
	for _, f := range files {
		doc, err := json.Marshal(f)
		if err != nil {
			return fmt.Errorf("receive: %s: %w", f.Name, err)
		}
		w.add(ledger.Files, ledger.Row{ledger.Int(b.No), ledger.Text(f.Name), ledger.Digest(f.SHA), ledger.Int(f.Bytes), ledger.Text(string(f.Kind)),
			ledger.Text(f.DuplicateOf), ledger.Bytes(doc)})
	}
	return env.commit(ctx, w)
}

// clearInbox removes from the inbox what the open batch has taken already: the run that took it was
// stopped before it could. A file of the same name with other bytes is a new one and stays.
func (env *Env) clearInbox(ctx context.Context) error {
	files, err := env.filesOf(ctx)
	if err != nil {
		return err
	}
	mine := map[string]claim.Digest{}
	for _, f := range files {
		outer, _, packed := cutPacked(f.Name)
		mine[outer] = f.SHA
		if packed {
			mine[outer] = claim.Digest{} // the digest is its member's; the arrival's own is not kept
		}
	}
	found, err := env.Workspace.Inbox(env.Clock())
	if err != nil {
		return err
	}
	for _, a := range found {
		sha, ok := mine[a.Name]
		if !ok || !a.Complete {
			continue
		}
		arc, err := env.Workspace.Archive(a)
		if whyLeft(err) != "" {
			continue
		}
		if err != nil {
			return err
		}
		if arc.SHA256 == sha || sha == (claim.Digest{}) && arc.Known {
			if err := env.Workspace.RemoveFromInbox(a); err != nil {
				return err
			}
		}
	}
	return nil
}

// filesOf reads the batch's files, by name.
func (env *Env) filesOf(ctx context.Context) ([]*received, error) {
	var out []*received
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Files, Where: []ledger.Cond{ledger.OfBatch(env.Batch.No)}}) {
		if err != nil {
			return nil, err
		}
		f := new(received)
		if err := json.Unmarshal(row[6].Bytes(), f); err != nil {
			return nil, fmt.Errorf("batch %s: file %s: %w", env.Batch.ID, row[1].Text(), err)
		}
		out = append(out, f)
	}
	return out, nil
}

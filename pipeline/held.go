package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"revcycle/claim"
	"revcycle/ledger"
	"revcycle/money"
	"revcycle/pipeline/flow"
	"revcycle/rules"
	"revcycle/workspace"
)

// judge is the rule book's opinion of a claim. A claim on which the program breaks is held, and the others go on.
func (env *Env) judge(c *judged, prior []claim.Claim) (a rules.Assessment) {
	defer func() {
		if recover() != nil {
			env.Log.Error("the program broke on a claim, which is held", "claim", c.ID.String(), "at", flow.Recovered().At)
			a = env.Book.Fault(c.Claim, c.payer)
		}
	}()
	if env.broke != nil {
		env.broke("claim " + c.Control)
	}
	return env.Book.Assess(c.Claim, c.payer, prior)
}

// HeldClaims is the claims of one file and payer that could not be judged.
type HeldClaims struct {
	Batch  string       `json:"batch"` // that brought them
	File   string       `json:"file"`
	SHA256 claim.Digest `json:"sha256"` // of the file
	Payer  string       `json:"payer_id"`
	Code   string       `json:"code"` // RULE_BOOK, PROGRAM_FAULT
	Why    string       `json:"why"`  // of the first of them
	Claims int          `json:"claims"`
	Charge money.Cents  `json:"charge"`

	batch int64 // number of Batch
	since int64 // the batch that held the last of them
	ids   []claim.ID
}

// heldNow lists the claims whose current opinion is that they are held, by batch, file and payer; where narrows the
// claims down.
func (env *Env) heldNow(ctx context.Context, where ...ledger.Cond) ([]HeldClaims, error) {
	ever, err := ids(env.Store.Rows(ctx, ledger.Query{Table: ledger.Assessments, Where: []ledger.Cond{{Column: "held", Op: ledger.NotNull}}, Only: []string{}}))
	if err != nil || len(ever) == 0 {
		return nil, err
	}
	ever = slices.Compact(ever)
	names, err := env.fileNames(ctx)
	if err != nil {
		return nil, err
	}
	payer, why, held := ledger.Assessments.At("payer"), ledger.Assessments.At("unpriced"), ledger.Assessments.At("held")
	charge, file := ledger.Claims.At("charge"), ledger.Claims.At("file")
	groups := map[string]*HeldClaims{}
	for part := range ledger.Portions(ever) {
		now := map[claim.ID]ledger.Row{}
		q := ledger.Query{Table: ledger.Assessments, Where: []ledger.Cond{ledger.OneOf("claim", part...)}, Only: []string{"payer", "unpriced", "held"}}
		for row, err := range env.Store.Rows(ctx, q) {
			if err != nil {
				return nil, err
			}
			now[row[0].ID()] = append(ledger.Row(nil), row...)
		}
		claims := ledger.Query{Table: ledger.Claims, Where: append(slices.Clone(where), ledger.OneOf("id", part...)), Only: []string{"batch", "charge", "file"}}
		for row, err := range env.Store.Rows(ctx, claims) {
			if err != nil {
				return nil, err
			}
			a := now[row[0].ID()]
			if a[held].Null() {
				continue
			}
			at := names[sightedIn{row[1].Int(), row[file].Digest()}]
			g := HeldClaims{Batch: at.batch, File: at.name, SHA256: row[file].Digest(), Payer: a[payer].Text(), Code: a[held].Text(), batch: row[1].Int()}
			key := g.key()
			if groups[key] == nil {
				g.Why = strings.TrimPrefix(a[why].Text(), "held: ")
				groups[key] = &g
			}
			groups[key].add(row[0].ID(), row[charge].Cents(), a[1].Int())
		}
	}
	out := make([]HeldClaims, 0, len(groups))
	for _, g := range groups {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b HeldClaims) int {
		return cmp.Or(cmp.Compare(a.batch, b.batch), cmp.Compare(a.File, b.File), cmp.Compare(a.Payer, b.Payer), cmp.Compare(a.Code, b.Code))
	})
	return out, nil
}

func (g *HeldClaims) key() string {
	return g.Batch + "\x00" + g.File + "\x00" + g.Payer + "\x00" + g.Code
}

func (g *HeldClaims) add(id claim.ID, charge money.Cents, batch int64) {
	g.since = max(g.since, batch)
	g.Claims++
	g.Charge += charge
	g.ids = append(g.ids, id)
}

// sentence says how many claims of whom are held, and why.
func (g *HeldClaims) sentence() string {
	held := "are held"
	if g.Claims == 1 {
		held = "is held"
	}
	return fmt.Sprintf("%s of payer %s, %s charged, %s: %s", some(g.Claims, "claims"), cmp.Or(g.Payer, "-"), dollars(g.Charge), held, g.Why)
}

// sightedIn is a file of a batch by its bytes.
type sightedIn struct {
	batch int64
	sha   claim.Digest
}

type fileName struct{ batch, name string }

// fileNames gives the name under which each batch took each file that it read.
func (env *Env) fileNames(ctx context.Context) (map[sightedIn]fileName, error) {
	all, err := Batches(ctx, env.Store)
	if err != nil {
		return nil, err
	}
	batches := map[int64]string{}
	for _, b := range all {
		batches[b.No] = b.ID
	}
	out := map[sightedIn]fileName{}
	for row, err := range env.Store.Rows(ctx, ledger.Query{Table: ledger.Files, Only: []string{"sha256", "duplicate_of"}}) {
		if err != nil {
			return nil, err
		}
		at := sightedIn{row[0].Int(), row[2].Digest()}
		if _, known := out[at]; !known && row[ledger.Files.At("duplicate_of")].Text() == "" {
			out[at] = fileName{batches[at.batch], row[1].Text()}
		}
	}
	return out, nil
}

// addHeld tells of the claims that the batch could not judge: each file and payer is one thing held.
func (env *Env) addHeld(ctx context.Context, sum *Summary, t Tally) error {
	if t.Held == 0 {
		return nil
	}
	groups, err := env.heldNow(ctx)
	if err != nil {
		return err
	}
	for i := range groups {
		g := &groups[i]
		if g.since != env.Batch.No {
			continue
		}
		sum.Counts.Quarantined++
		sum.Held = append(sum.Held, *g)
		at := slices.IndexFunc(sum.Files, func(f FileSummary) bool { return f.Name == g.File && g.batch == env.Batch.No })
		if at < 0 {
			continue
		}
		f := &sum.Files[at]
		f.State, f.Reason = "partial", strings.TrimPrefix(f.Reason+"; "+g.sentence(), "; ")
	}
	return nil
}

// heldClaims lists the claims that could not be judged as units of quarantine, one for each file and payer. They end by
// themselves, once the claims are judged.
func (env *Env) heldClaims(ctx context.Context) ([]HeldUnit, error) {
	groups, err := env.heldNow(ctx)
	if err != nil {
		return nil, err
	}
	var out []HeldUnit
	for i := range groups {
		g := &groups[i]
		advice := "mend it and look with revcycle rules check and rules test; then revcycle retry, or the next run judges them"
		if g.Code == rules.HeldFault {
			advice = faultAdvice
		}
		out = append(out, HeldUnit{Reason: workspace.Reason{ID: quarantineID(g.Batch, g.key()), Batch: g.Batch, File: g.File, SHA256: g.SHA256, Unit: UnitPayer,
			Code: g.Code, Message: g.sentence(), Advice: advice, Claims: g.Claims, Charge: &g.Charge}})
	}
	return out, nil
}

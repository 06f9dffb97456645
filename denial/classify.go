package denial

import (
	"slices"
	"strings"

	"revcycle/civil"
	"revcycle/claim"
)

// Setting is what stands around an adjustment.
type Setting struct {
	LineRemarks  []string   // LQ*HE of its line
	ClaimRemarks []string   // MOA and MIA of its claim
	On           civil.Date // the payment date; zero where unknown
	Whole        bool       // it takes the whole charge of its line (or of a claim without lines) and nothing was paid
}

// Classified is one adjustment, read.
type Classified struct {
	Adjustment claim.Adjustment
	CARC       string // the code it was read as: another than sent where that one is retired
	RARC       string // the remark that refined it, else the first remark that is no alert, else ""
	Class      Class
	// Category is a denial category for a Denial, the kind of adjustment of carc_map.tsv for a
	// NotDenial ("CONTRACTUAL", "COB_IMPACT"), else "".
	Category      string
	Account       Account
	Kind          Kind // of a Denial
	PatientLiable bool // a denial under group PR: the payer says the patient owes it
	Balance       bool // a patient amount above the allowed one: test No Surprises before billing
	Packaged      bool // expected packaging: our quote said so, and it is contractual
	Closed        bool // bundled into a paid line of the same claim: recorded, and no work
	NoAppeal      bool // MA130: unprocessable, only a new claim helps
	RootCause     string
	Preventable   Preventable
	NextAction    string
	Known         bool   // false where the CARC is in no table of ours
	Warning       string // a sentence for the payer scorecard; "" where nothing is odd
}

// Classify reads one adjustment from its group, its CARC and the remarks around it. It does not know
// what we expected: Judge does, and turns packaging that our quote foretold into contractual.
//
// An unknown CARC is a denial of category OTHER with a warning, so that its money stays in the
// receivable and is looked at. A retired one is read as its successor.
func (c *Codes) Classify(a claim.Adjustment, at Setting) Classified {
	x, known, warning := c.find(a.Reason, at.On)
	out := Classified{
		Adjustment: a, CARC: x.code, Class: x.class, Category: x.category, Known: known, Warning: warning,
		RootCause: x.rootCause, Preventable: x.preventable, NextAction: x.nextAction,
	}
	if !c.groups[a.Group] {
		out.warn("group code is none of CO, PR, OA, PI, CR")
	} else if a.Group == "CR" {
		out.warn("group CR belongs to 4010 remits; read by its reason")
	}
	if category, ok := c.wholeLine[x.code]; ok && at.Whole && out.Class == NotDenial {
		out.Class, out.Category = Denial, category
	}
	out.RARC = c.firstRemark(at)
	if out.Class == Denial {
		c.refineBy(&out, x, at)
	}
	out.place()
	return out
}

// find reads a CARC: its row, its successor's where it is retired, or a stand-in where it is unknown.
func (c *Codes) find(reason string, on civil.Date) (x carc, known bool, warning string) {
	code := strings.ToUpper(strings.TrimSpace(reason))
	if x, ok := c.carcs[code]; ok {
		return x, true, ""
	}
	if bare := strings.TrimLeft(code, "0"); bare != code {
		if x, ok := c.carcs[bare]; ok {
			return x, true, ""
		}
		code = bare
	}
	if old, ok := c.retired[code]; ok {
		if old.stop.Known() && (!on.Known() || on >= old.stop) {
			warning = "CARC " + code + " was retired on " + old.stop.String()
		}
		for _, use := range old.use {
			if x, ok := c.carcs[use]; ok {
				return x, true, warning
			}
		}
		return carc{code: code, class: NotDenial, category: "INFO", rootCause: "a retired code without a successor", preventable: "N", nextAction: "review"}, true, warning
	}
	return carc{code: code, class: Denial, category: "OTHER", rootCause: "a reason code we do not know", preventable: "P", nextAction: "find out what the code means, then work it"}, false,
		"the CARC is not in our table"
}

// refineBy gives a generic denial the category of its remark, and adds what a remark tells the appeal.
func (c *Codes) refineBy(out *Classified, x carc, at Setting) {
	remarks := slices.Concat(at.LineRemarks, at.ClaimRemarks)
	explained := false
	for _, code := range remarks {
		r, ok := c.rarcs[code]
		if ok && r.kind == "ALERT" {
			continue
		}
		explained = true
		category, isDenial := c.categories[r.category]
		if c.refine[x.code] && isDenial {
			out.RARC, out.Category, out.RootCause, out.NextAction = code, r.category, r.meaning, category.FirstStep
			break
		}
	}
	if x.needsRemark && !explained {
		out.Category = "OTHER"
		out.warn("CARC " + x.code + " needs a remark code and came without one")
	}
	for _, code := range remarks {
		switch code {
		case "N115":
			out.NextAction += "; the decision rests on an LCD: cite it"
		case "N386":
			out.NextAction += "; the decision rests on an NCD: cite it"
		case "MA130":
			out.NoAppeal = true
		}
	}
	if out.NoAppeal {
		out.NextAction = "no appeal: send a new claim inside the filing limit"
	}
}

// firstRemark is the first remark that is no alert, the line's before the claim's.
func (c *Codes) firstRemark(at Setting) string {
	for _, code := range slices.Concat(at.LineRemarks, at.ClaimRemarks) {
		if c.rarcs[code].kind != "ALERT" {
			return code
		}
	}
	return ""
}

// place chooses the account by class, category and group.
func (x *Classified) place() {
	group := x.Adjustment.Group
	switch x.Class {
	case Denial:
		x.Account, x.PatientLiable = Refused, group == "PR"
		if x.Kind == "" {
			x.Kind = Refusal
		}
	case Pending:
		x.Account = Waiting
	case PatientShare:
		x.placeShare(group)
	default:
		x.placeReduction(group)
	}
}

// placeShare: cost share is the patient's only under PR.
func (x *Classified) placeShare(group string) {
	switch group {
	case "PR":
		x.Account = Patient
	case "OA":
		x.Account = QMB
		x.warn("cost share under OA: the next payer's, never the patient's")
	case "PI":
		x.Account = Disputed
		x.warn("cost share under PI: no contract behind it")
	default:
		x.Account = Contractual
		x.warn("cost share under " + group + ": never to the patient")
	}
}

var reductions = map[string]Account{
	"COB_IMPACT": COB, "CAPITATION": Capitation, "REGULATORY": Regulatory, "WITHHOLD": Withhold, "INCENTIVE": Incentive,
	"QMB": QMB, "PAID_ELSEWHERE": Elsewhere, "CONSUMER_ACCOUNT": Elsewhere, "PAID_TO_PATIENT": Patient,
	"PENALTY": Penalty, "FORWARDED": Forwarded, "INFO": Rest, "UNMAPPED": Rest, "INTEREST": Rest,
}

// sequestration is the one reduction by law that lies between the allowed amount and the payment.
const sequestration = "253"

func (x *Classified) placeReduction(group string) {
	account, ok := reductions[x.Category]
	switch {
	case !ok:
		account = Contractual
	case x.CARC == sequestration:
		account = Sequester
	}
	switch account {
	case Contractual, Regulatory, Penalty, Rest:
		if group == "PR" {
			account, x.Balance = Patient, true
			x.warn("CARC " + x.CARC + " under PR: test No Surprises before billing the patient")
		} else if group == "PI" {
			account = Disputed
		}
	case Patient:
	default:
		if group == "PR" {
			x.warn("CARC " + x.CARC + " under PR: never the patient's")
		}
	}
	if x.Category == "INTEREST" {
		x.warn("CARC " + x.CARC + " does not belong on an 835: interest comes in PLB L6")
	}
	x.Account = account
}

func (x *Classified) warn(s string) {
	if x.Warning != "" {
		s = x.Warning + "; " + s
	}
	x.Warning = s
}

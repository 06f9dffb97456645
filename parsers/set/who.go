package set

import "revcycle/claim"

// Payer takes NM1*PR*2*ALPHA HEALTH PLAN*****PI*12345.
func (s Segment) Payer(p *claim.Payer) Held {
	p.Name, p.Qualifier, p.ID = s.Elem(3), s.Elem(8), s.Elem(9)
	return s.All(E1 | E2 | E3 | E8 | E9)
}

// Person takes the name, address and birth of an insured or a patient.
func (s Segment) Person(who *claim.PersonFields) Held {
	switch s.ID() {
	case "NM1": // NM1*IL*1*LAST*FIRST*MIDDLE**SUFFIX*MI*ID
		who.Organization = s.Elem(2) == "2"
		who.Last, who.First, who.Middle, who.Suffix, who.MemberID = s.Elem(3), s.Elem(4), s.Elem(5), s.Elem(7), s.Elem(9)
		return s.All(E1 | E2 | E3 | E4 | E5 | E7 | E8 | E9)
	case "N3":
		who.Address = s.Address()
		return s.All(E1 | E2)
	case "N4":
		who.City, who.State, who.ZIP = s.Elem(1), s.Elem(2), s.Elem(3)
		return s.All(E1 | E2 | E3)
	case "DMG": // DMG*D8*19700101*F
		if s.Elem(1) != "D8" {
			return None
		}
		if s.Elem(2) != "" {
			who.Birth = s.Day(s.Elem(2), 2, 0)
		}
		who.Sex = s.Elem(3)
		return s.All(E1 | E2 | E3)
	}
	return None
}

// Address joins N301 and N302.
func (s Segment) Address() string {
	if second := s.Elem(2); second != "" {
		return s.Elem(1) + " " + second
	}
	return s.Elem(1)
}

// Provider takes a segment of a loop that an NM1 of a provider opens.
func (n Names) Provider(s Segment, who *claim.Provider) Held {
	switch s.ID() {
	case "NM1": // NM1*85*2*SAMPLE CLINIC*****XX*1234567893
		return n.name(s, who)
	case "N3":
		who.Address = s.Address()
		return s.All(E1 | E2)
	case "N4":
		who.City, who.State, who.ZIP = s.Elem(1), s.Elem(2), s.Elem(3)
		return s.All(E1 | E2 | E3)
	case "PRV":
		who.Taxonomy = s.Elem(3)
		return s.All(E1 | E2 | E3)
	case "REF":
		switch q := s.Elem(1); q {
		case "EI", "SY", "TJ":
			who.TaxID = Digits(s.Elem(2))
		default:
			who.References = append(who.References, claim.Reference{Qualifier: q, Value: s.Elem(2)})
		}
		return s.All(E1 | E2)
	}
	return None
}

func (n Names) name(s Segment, who *claim.Provider) Held {
	who.Role, who.Organization = s.Elem(1), s.Elem(2) == "2"
	who.Name = n.join(s)
	switch q, id := s.Elem(8), s.Elem(9); {
	case id == "":
	case q == "XX":
		who.NPI = claim.NPI(id)
	case q == "24" || q == "34" || q == "FI":
		who.TaxID = Digits(id)
	default:
		who.References = append(who.References, claim.Reference{Qualifier: q, Value: id})
	}
	return s.All(E1 | E2 | E3 | E4 | E5 | E8 | E9)
}

// Names remembers the names of providers that were put together, since a file names few of them many times.
type Names map[string]string

// maxNames bounds the provider names that are remembered; a file names few providers many times.
const maxNames = 4096

// name3 joins NM103 to NM105 as LAST, FIRST MIDDLE.
func (n Names) join(s Segment) string {
	if s.Elem(4) == "" {
		return s.Elem(3)
	}
	key := s.b.text[s.b.ends[s.first+2]:s.b.ends[s.first+min(5, uint32(s.n))]]
	if name, ok := n[key]; ok {
		return name
	}
	name := s.Elem(3) + ", " + s.Elem(4)
	if m := s.Elem(5); m != "" {
		name += " " + m
	}
	if len(n) >= maxNames {
		clear(n)
	}
	n[string([]byte(key))] = name
	return name
}

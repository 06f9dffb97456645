package party

import "strings"

// Column is one column of a master.
type Column struct {
	Name     string
	Required bool
	Doc      string
}

// Master is one CSV file of the masters folder.
type Master struct {
	File    string
	Doc     string
	Columns []Column
}

var span2 = []Column{
	{"from", false, "first day of the row; empty = since ever"},
	{"to", false, "last day of the row; empty = until further notice"},
}

// Masters lists every master with its columns, in the order in which they are loaded. Columns may
// stand in any order in the file; a file may leave out those that are not required.
func Masters() []Master {
	return []Master{
		{"facilities.csv", "places of care: one row per facility, or several that differ in npi", with(
			Column{"facility_id", true, "our name of the facility; extracts carry it"},
			Column{"name", false, ""},
			Column{"entity", false, "legal entity"},
			Column{"tin", false, "tax number, nine digits"},
			Column{"npi", false, "billing NPIs, with ; between"},
			Column{"ccn", false, "CMS certification number"},
			Column{"timezone", false, "IANA name"},
			Column{"bank_account", false, "our name of the account, not its number"})},
		{"providers.csv", "people and groups that give care", with(
			Column{"provider_id", true, ""},
			Column{"npi", true, ""},
			Column{"name", false, ""},
			Column{"taxonomy", false, ""})},
		{"payers.csv", "insurers and programmes", with(
			Column{"payer_id", true, "our name of the payer; the rule book's file bears it"},
			Column{"name", false, ""},
			Column{"financial_class", false, "MEDICARE, MEDICAID, COMMERCIAL, SELF_PAY ..."},
			Column{"type", false, ""})},
		{"plans.csv", "a payer's products", with(
			Column{"plan_id", true, ""},
			Column{"payer_id", true, ""},
			Column{"name", false, ""},
			Column{"product", false, "HMO, PPO, MA ..."},
			Column{"financial_class", false, "where it differs from the payer's"},
			Column{"contract_id", false, "the contract that prices it"})},
		{"payer_ids.csv", "what each identifier means, by where it stands", with(
			Column{"source", true, "837, 835, TRN03, ACH or host"},
			Column{"value", true, "the identifier as it is sent"},
			Column{"payer_id", true, ""},
			Column{"plan_id", false, ""})},
		{"chargemaster.csv", "prices of our own charge codes", with(
			Column{"code", true, ""},
			Column{"revenue_code", false, ""},
			Column{"hcpcs", false, ""},
			Column{"description", false, ""},
			Column{"charge", true, "dollars and cents"})},
		{"gl_accounts.csv", "general ledger accounts", with(
			Column{"account", true, "our account"},
			Column{"entity", false, "legal entity; empty = all"},
			Column{"gl_account", true, ""})},
	}
}

func with(cs ...Column) []Column { return append(cs, span2...) }

// Header is the file's first line as init writes it.
func (m Master) Header() string {
	names := make([]string, len(m.Columns))
	for i, c := range m.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ",") + "\n"
}

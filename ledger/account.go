package ledger

// Account is an account of the journal. Assets and expenses grow by debit, liabilities and revenue by credit.
type Account string

// The chart of accounts. masters/gl_accounts.csv maps it to a hospital's own.
const (
	PayerAR       Account = "assets:receivable:payer"
	PatientAR     Account = "assets:receivable:patient"
	CashInTransit Account = "assets:cash:in-transit" // an 835 says it was paid; the bank clears it
	Unapplied     Account = "liabilities:unapplied"  // paid, and on no claim yet
	Revenue       Account = "revenue:charges"        // gross charges
	Superseded    Account = "revenue:superseded"     // charges of claim versions that a later one replaced
	Contractual   Account = "revenue:contractual"    // contract allowances
	Regulatory    Account = "revenue:regulatory"     // sequestration and the like
	Capitated     Account = "revenue:capitated"      // covered by a capitation payment
	Withheld      Account = "assets:withhold"        // kept back by the payer, may come
	OtherAdjusted Account = "revenue:other"          // adjustments of no other account
)

// Clearing is the account of a provider-level adjustment code (PLB03-1). What pairs off across
// payments (WO, FB, 72) stands there by payer and reference until it nets to zero.
func Clearing(code string) Account { return Account("clearing:" + code) }

package claim

import (
	"strconv"
	"strings"

	"revcycle/civil"
	"revcycle/money"
)

// DepositSource is the kind of file in which a bank told of money.
type DepositSource string

// The sources of deposits. Both may tell of the same money: a statement says that it is there, an ACH file what it is for.
const (
	FromStatement DepositSource = "statement" // a line of a bank statement (BAI2)
	FromACH       DepositSource = "ach"       // an entry of an ACH file (NACHA)
)

// DepositClass is how the money came to the bank.
type DepositClass string

// The classes of deposit.
const (
	ByACH     DepositClass = "ACH"
	ByLockbox DepositClass = "LOCKBOX" // checks that the bank opened: one line may hold many
	ByCard    DepositClass = "CARD"    // a settlement of card payments, less the processor's fee
	ByCheck   DepositClass = "CHECK"
	ByWire    DepositClass = "WIRE"
)

// Deposit is money on a bank account as one file of the bank tells of it: one line of a statement, or one entry of an ACH file.
type Deposit struct {
	ID          ID
	Source      DepositSource
	Class       DepositClass
	Account     string      // the account's number as the bank writes it
	Date        civil.Date  // as-of date of the statement; effective entry date of an ACH file
	Amount      money.Cents // below zero where the bank took it back
	Type        string      // BAI2 type code (142, 115 …); standard entry class of an ACH entry (CCD, CTX)
	Company     string      // TRN03, else the ACH company ID: who paid; "" where the bank does not say
	CompanyName string      // of an ACH batch
	// Traces are the TRN02 of the reassociation trace segments that came with the money. References are numbers that may be check
	// or trace numbers: the bank's and the customer's reference, numbers in the text of a lockbox.
	Traces, References []string
	Text               string // as the bank wrote it; it may name a person and is never logged
}

// DepositID is the identity of a deposit: all that its file says of it. Of lines of a statement that say the same in all, nth
// tells the first from the second, from 1.
func DepositID(d *Deposit, nth int) ID {
	return IDOf("deposit", string(d.Source), d.Account, d.Date.String(), d.Type, d.Amount.String(), d.Company, strings.Join(d.Traces, "|"),
		strings.Join(d.References, "|"), d.Text, strconv.Itoa(nth))
}

func (Deposit) document() {}

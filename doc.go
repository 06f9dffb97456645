// Package revcycle is a revenue cycle and claims batch pipeline: files in, ledger and Parquet out,
// every night, to the cent.
//
// Read it from the nouns up:
//
//	money, civil      exact dollars and calendar dates
//	claim             what arrives: claims, remits, payments, encounters
//	parsers/...       files to nouns; parsers/x12 knows no health care
//	rules/...         what we think of a claim: findings and prices
//	denial, reconcile what was refused; expected beside paid
//	ledger/...        facts, opinions, journal; the stores that keep them
//	extract           the Parquet tables and how they are published
//	workspace, party  the folder on disk; who is who
//	pipeline          the stages of the night, and the only goroutines
//	cmd/revcycle      the commands
//
// ARCHITECTURE.md draws it on one page; layers_test.go holds who may import whom.
package revcycle

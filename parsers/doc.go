// Package parsers says what a received file is, what is in it, and who reads it.
//
// [Sniff] names a file by its first bytes. [Scan] reads an X12 file once from end to end, before anything of it is believed: it checks
// the envelopes, adds up each remittance, decides which sets are held, and cuts large claim sets into chunks that can
// be read by themselves. [ReadChunk] and [Read] hand a set to the parser of its kind. [Inspect] tells people all of it.
//
// A new format is a row of the table in format.go; a new X12 guide also gets a case in kindOf and in ReadChunk.
package parsers

// Package x277ca answers the claims of an 837, one by one, and reads such answers: the 277 claim acknowledgement, 005010X214.
//
// A [Writer] writes the answer to one set of claims: who asked, the totals, and below each billing provider its patients with the
// status of each claim. [StatusOf] gives the status that a fault means, by the table codes.txt. A [Reader] reads the statuses of
// an answer that came in.
//
// An answer carries what its receiver sent: the patient's name and number, the claim's control number. It is a document for the
// partner, not for a log.
package x277ca

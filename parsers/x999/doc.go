// Package x999 answers interchanges, groups and sets, and reads such answers: the 999 (005010X231A1), the older 997 and the TA1.
//
// An [Answer] is what one 999 says of one group. [Judge] makes it from the faults that were found in the group, by the table codes.txt; a
// [Writer] writes it; [Reader] reads it back. What is wrong inside a claim but readable (SNIP types 3 to 7) is no matter of a 999: see
// package x277ca.
//
// No answer copies the value of an element (IK404 stays empty): it would carry what identifies a person.
package x999

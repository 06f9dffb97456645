// Package snip judges what a transaction set says, beyond whether it can be read: SNIP type 3, sums that must agree; type 4, what one
// segment demands of another; type 5, codes that must be in force; type 6, what a line of business needs. Types 1 and 2 are the
// business of package x12 and its tables.
//
// A [Checker] takes the segments of a set, keeps the part of it that is open (header, levels, the claim at hand) as a tree of loops,
// and judges each loop when it ends. What must hold lies in a table of situations (situations.txt): if this is there, that must be
// there too. What must be computed is a function, one file per subject. Both name the guide's section that they come from.
//
// No fault is an error, and none shows the value of an element.
package snip

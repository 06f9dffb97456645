// Package x837 reads 837 claims as [claim.Claim]: professional (X222), institutional (X223) and dental (X224), in 5010 and,
// by the same tables, 4010.
//
// The guides are tables (guides/*.txt) that say which loop a segment belongs to. A parser keeps the segments of the levels
// above a claim (submitter, billing provider, subscriber, patient) and those of the claim at hand, copies them once into one
// string, and fills the nouns with pieces of it. Whatever a guide allows and no field holds is in Kept, so that nothing
// that was read is dropped.
//
// A set may be read set.Whole ([Read]) or in pieces of about a megabyte, by several goroutines ([ReadChunk]): the claims, their
// IDs, their places and their faults are the same. What is wrong with a claim makes it a [claim.Reject] and leaves the next
// one alone; what is wrong with an envelope is not judged here but by parsers.Scan, which holds the set.
//
// To read an element that is only kept today: give it a field in claim, fill it in the function named for its loop, and take
// its element out of what that function keeps.
package x837

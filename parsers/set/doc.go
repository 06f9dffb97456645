// Package set takes the documents out of a transaction set: what the parsers of claims and of remits have in common.
//
// A parser walks a set with the table of its guide and collects the segments of one document in a [Block]. When the document
// ends, the block becomes one string and each [Segment] of it is asked for amounts, dates, names and codes as package claim holds
// them; what is wrong is remembered once, with its place, and makes the document a claim.Reject. A [Gather] carves the
// slices of a document out of slabs.
//
// A [Chunk] is a part of a set that can be read by itself, through a [Source]; an [Item] is what comes out.
//
// To read a value that several guides share, add a method of Segment here; what only one guide has belongs to its parser.
package set

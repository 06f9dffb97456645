// Package x12 reads and writes X12 interchanges: segments, their elements, the envelopes around them, and the loops they
// form. It knows the syntax that every X12 document shares and nothing of any trade that uses it.
//
// A [Reader] cuts a stream into segments in memory that does not depend on the size of the file; it takes the
// delimiters from each ISA. An [Envelope] is shown the segments one by one and checks nesting, counts and control numbers.
// A [Guide] is a table of loops; its [Walker] says of each segment to which loop it belongs. A [Writer] does the opposite
// of a Reader.
//
// What is wrong with a file is a value: a [Fault], handed to a Report function. What could not be read as a segment at
// all is a [SyntaxError]; reading goes on after it until [io.EOF].
//
// To read a new guide, write its table (see [ParseGuide]); no code changes here.
package x12

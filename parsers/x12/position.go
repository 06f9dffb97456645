package x12

// Interchange is what an ISA says, blanks around values removed, and how far the interchange reached.
type Interchange struct {
	Ordinal           int // in the file, from 1; 0 when none was seen
	SenderQualifier   string
	Sender            string // ISA06
	ReceiverQualifier string
	Receiver          string // ISA08
	Date, Time        string // ISA09 YYMMDD, ISA10 HHMM
	Version           string // ISA12
	Control           string // ISA13
	AckRequested      bool   // ISA14 = 1
	Usage             string // ISA15: P or T
	Delims            Delimiters
	Groups            int   // seen so far
	Byte              int64 // offset of the ISA
	Segment           int   // ordinal of the ISA
}

// Group is what a GS says.
type Group struct {
	Ordinal    int    // in the file, from 1; 0 when none was seen
	Kind       string // GS01
	Sender     string // GS02
	Receiver   string // GS03
	Date, Time string // GS04, GS05
	Control    string // GS06
	Version    string // GS08
	Sets       int    // seen so far
	Byte       int64  // offset of the GS
	Segment    int    // ordinal of the GS
}

// Set is what an ST says.
type Set struct {
	Ordinal int    // in the file, from 1; 0 when none was seen
	Kind    string // ST01
	Control string // ST02
	Guide   string // ST03, or GS08 where ST03 is empty
	Byte    int64  // offset of the ST
	Segment int    // ordinal of the ST
}

package csv

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"revcycle/claim"
)

// parts is into how many temporary files each side of a join is cut. With files of at most 2 GiB a
// part stays under some 20 MB, which is what a join holds in memory.
const parts = 64

// join is a hash join of claims and their charge rows through temporary files.
type join struct {
	claims, lines *Table
	left, right   *bound
	tally         *Tally
	yield         func(Item, error) bool
}

// stop ends the sequence early because its reader wants no more.
var errStop = errors.New("stop")

func (j *join) run(claimFile, lineFile io.Reader, workdir string) error {
	dir, err := os.MkdirTemp(workdir, "join-*")
	if err != nil {
		return fmt.Errorf("csv: %s: joining: %w", j.claims, err)
	}
	defer os.RemoveAll(dir)
	err = j.partition(claimFile, lineFile, dir)
	for part := range parts {
		if err != nil {
			break
		}
		err = j.part(dir, part)
	}
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// partition cuts both files. Rows of the claim file that have no shape are rejected here; charge
// rows that have none are left to ReadCharges, but the claim they name is marked as incomplete.
func (j *join) partition(claimFile, lineFile io.Reader, dir string) error {
	out, err := newSpill(dir, "claims")
	if err != nil {
		return err
	}
	stopped := false
	err = j.claims.each(ClaimNoun, claimFile, j.tally, func(b *bound, rec record, fault *claim.Reject) bool {
		j.left = b
		if fault != nil {
			stopped = !j.reject(fault)
			return !stopped
		}
		v := b.values(rec.fields)
		out.add(v[cControl], stored{row: rec.row, byte: rec.byte, values: v})
		return true
	})
	if err := errors.Join(err, out.close()); err != nil {
		return err
	}
	if stopped {
		return errStop
	}
	if out, err = newSpill(dir, "lines"); err != nil {
		return err
	}
	err = j.lines.each(ChargeNoun, lineFile, nil, func(b *bound, rec record, fault *claim.Reject) bool {
		j.right = b
		if fault != nil {
			if at := b.fields[xClaim]; len(at) == 1 && at[0] < len(rec.fields) {
				key := strings.TrimSpace(rec.fields[at[0]])
				out.add(key, stored{row: rec.row, torn: true, values: []string{key}})
			}
			return true
		}
		v := b.values(rec.fields)
		out.add(v[xClaim], stored{row: rec.row, byte: rec.byte, values: v})
		return true
	})
	return errors.Join(err, out.close())
}

// part joins one part: its charge rows by claim, then its claims in order.
func (j *join) part(dir string, part int) error {
	byClaim := map[string][]stored{}
	err := eachStored(partName(dir, "lines", part), func(s stored) bool {
		key := s.values[0]
		if !s.torn {
			key = s.values[xClaim]
		}
		byClaim[key] = append(byClaim[key], s)
		return true
	})
	if err != nil {
		return err
	}
	seen := map[string]claim.Digest{}
	more := true
	err = eachStored(partName(dir, "claims", part), func(s stored) bool {
		x := j.left.read(record{row: s.row, byte: s.byte}, s.values)
		control, content := s.values[cControl], digest(s.values)
		before, again := seen[control]
		switch {
		case again && control != "" && before == content:
			j.tally.taken() // the same row again says nothing new
		case again && control != "":
			x.refuse(cControl, "DUPLICATE_CLAIM", "the control number stands in an earlier row with other content")
			more = j.reject(x.fault)
		default:
			seen[control] = content
			more = j.emit(x, byClaim[control])
		}
		return more
	})
	if err == nil && !more {
		err = errStop
	}
	return err
}

// emit gives the claim, or the reject that stands for it.
func (j *join) emit(x *reading, rows []stored) bool {
	var lines []*reading
	numbers := map[string]stored{}
	for _, s := range rows {
		if s.torn {
			return j.reject(j.broken(x, s.row))
		}
		if before, ok := numbers[s.values[xNumber]]; ok {
			if slices.Equal(before.values, s.values) {
				continue // the same charge, sent twice
			}
			return j.reject(j.broken(x, s.row))
		}
		numbers[s.values[xNumber]] = s
		lines = append(lines, j.right.read(record{row: s.row, byte: s.byte}, s.values))
	}
	c := assemble(x, lines)
	for _, l := range lines {
		if l.fault != nil {
			return j.reject(j.broken(x, l.rec.row))
		}
	}
	if x.fault == nil && len(lines) == 0 {
		x.refuse(cControl, "NO_CHARGE", "no row of "+j.lines.File+" charges the claim")
	}
	if x.fault != nil {
		return j.reject(x.fault)
	}
	j.tally.taken()
	return j.yield(Item{c, x.rec.row, x.rec.byte}, nil)
}

// broken is the reject of a claim that would be short of a line, or have one too many.
func (j *join) broken(x *reading, row int) *claim.Reject {
	return &claim.Reject{Code: "LINE", Unit: "row", Ordinal: x.rec.row, Byte: x.rec.byte, Message: fmt.Sprintf(
		"row %d: the claim is held, for its charge in row %d of %s cannot be read or contradicts an earlier row", x.rec.row, row, j.lines.File)}
}

func (j *join) reject(r *claim.Reject) bool {
	j.tally.rejected()
	r.Segment = j.claims.File
	return j.yield(Item{*r, r.Ordinal, r.Byte}, nil)
}

// stored is a row in a temporary file.
type stored struct {
	row    int
	byte   int64
	torn   bool // a charge row without shape: values holds the claim's control number alone
	values []string
}

// spill cuts rows into parts by the hash of a key. The first error of a write comes with close.
type spill struct {
	files   [parts]*os.File
	writers [parts]*bufio.Writer
	buffer  []byte
	err     error
}

func partName(dir, side string, part int) string {
	return filepath.Join(dir, side+"-"+strconv.Itoa(part))
}

func newSpill(dir, side string) (*spill, error) {
	s := &spill{}
	for i := range parts {
		f, err := os.OpenFile(partName(dir, side, i), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("csv: joining: %w", err)
		}
		s.files[i], s.writers[i] = f, bufio.NewWriterSize(f, 1<<14)
	}
	return s, nil
}

func (s *spill) add(key string, r stored) {
	h := fnv.New32a()
	io.WriteString(h, key)
	b := binary.AppendUvarint(s.buffer[:0], uint64(r.row))
	b = binary.AppendUvarint(b, uint64(r.byte))
	if r.torn {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(r.values)))
	for _, v := range r.values {
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	s.buffer = b
	if _, err := s.writers[h.Sum32()%parts].Write(b); err != nil && s.err == nil {
		s.err = err
	}
}

func (s *spill) close() error {
	for i, f := range s.files {
		if f == nil {
			continue
		}
		s.err = errors.Join(s.err, s.writers[i].Flush(), f.Close())
	}
	if s.err != nil {
		return fmt.Errorf("csv: joining: %w", s.err)
	}
	return nil
}

// eachStored reads a part back, in the order in which it was written.
func eachStored(name string, f func(stored) bool) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("csv: joining: %w", err)
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<16)
	for {
		s, err := readStored(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("csv: joining: reading back: %w", err)
		}
		if !f(s) {
			return nil
		}
	}
}

// readStored gives io.EOF only between two rows.
func readStored(in *bufio.Reader) (s stored, err error) {
	row, err := binary.ReadUvarint(in)
	if err != nil {
		return s, err
	}
	var at, n, size uint64
	var torn byte
	if at, err = binary.ReadUvarint(in); err == nil {
		if torn, err = in.ReadByte(); err == nil {
			n, err = binary.ReadUvarint(in)
		}
	}
	s = stored{row: int(row), byte: int64(at), torn: torn == 1}
	for ; err == nil && n > 0; n-- {
		if size, err = binary.ReadUvarint(in); err != nil {
			break
		}
		value := make([]byte, size)
		if _, err = io.ReadFull(in, value); err == nil {
			s.values = append(s.values, string(value))
		}
	}
	if err != nil {
		return s, fmt.Errorf("a row is cut short: %v", err)
	}
	return s, nil
}

package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"

	"revcycle/claim"
	"revcycle/money"
)

// A document is a noun as bytes: a format byte, then its struct. A struct is the number of its
// fields, a bitmap of those that are not zero, and these in their order. A field added at the end of
// a struct therefore reads as zero from older documents, and an older program refuses a newer one
// only where the new field is set. Fields are never removed or moved.

// format is the first byte of every document.
const format = 1

// ErrDocument is wrapped by every refusal of Unmarshal.
var ErrDocument = errors.New("damaged document")

// Marshal gives the document of a noun.
func Marshal[T any](v *T) []byte {
	p := planOf(reflect.TypeFor[T]())
	return p.encode(append(make([]byte, 0, 512), format), unsafe.Pointer(v))
}

// scratch holds the buffers in which documents are written before they are copied into rows.
var scratch = sync.Pool{New: func() any { return new(make([]byte, 0, 4096)) }}

// document is the document of a noun as a value.
func document[T any](v *T) Value {
	b := scratch.Get().(*[]byte)
	*b = planOf(reflect.TypeFor[T]()).encode(append((*b)[:0], format), unsafe.Pointer(v))
	out := Bytes(*b)
	scratch.Put(b)
	return out
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// Unmarshal reads a document; strings of v share the memory of doc, and its slices that of other documents' slices.
func Unmarshal[T any](doc string, v *T) error {
	if doc == "" || doc[0] != format {
		return fmt.Errorf("ledger: %w of %s: its format is not one of this program's", ErrDocument, reflect.TypeFor[T]())
	}
	d := decoders.Get().(*decoder)
	d.s, d.bad = doc[1:], false
	planOf(reflect.TypeFor[T]()).decode(d, unsafe.Pointer(v))
	bad := d.bad || d.s != ""
	d.s = ""
	decoders.Put(d)
	if bad {
		return fmt.Errorf("ledger: %w of %s: it is cut short or too long", ErrDocument, reflect.TypeFor[T]())
	}
	return nil
}

type decoder struct {
	s     string
	bad   bool
	rooms []room // by the number of their slab
}

// slab says how elements of one type are allocated: many at once, since documents hold few of each.
type slab struct {
	slice  reflect.Type
	size   uintptr // of an element
	count  int     // elements allocated at once
	number int
}

// room is what is left of the elements allocated last: zero ones that nobody has.
type room struct {
	next unsafe.Pointer
	left int
}

const slabBytes = 8 << 10

var slabs atomic.Int64

func newSlab(elem reflect.Type) *slab {
	s := &slab{slice: reflect.SliceOf(elem), size: elem.Size(), number: int(slabs.Add(1)) - 1}
	s.count = slabBytes / int(max(s.size, 1))
	return s
}

// zeros gives the address of n zero elements, one behind the other; n is at least 1.
func (d *decoder) zeros(s *slab, n int) unsafe.Pointer {
	if n > s.count/2 {
		return reflect.MakeSlice(s.slice, n, n).UnsafePointer()
	}
	for len(d.rooms) <= s.number {
		d.rooms = append(d.rooms, room{})
	}
	r := &d.rooms[s.number]
	if r.left < n {
		*r = room{reflect.MakeSlice(s.slice, s.count, s.count).UnsafePointer(), s.count}
	}
	out := r.next
	if r.left -= n; r.left == 0 {
		r.next = nil // never past the end
	} else {
		r.next = unsafe.Add(out, uintptr(n)*s.size)
	}
	return out
}

func (d *decoder) uvarint() uint64 {
	var v uint64
	for i := 0; i < len(d.s) && i < binary.MaxVarintLen64; i++ {
		v |= uint64(d.s[i]&0x7F) << (7 * i)
		if d.s[i] < 0x80 {
			d.s = d.s[i+1:]
			return v
		}
	}
	d.bad, d.s = true, ""
	return 0
}

// take gives the next n bytes; a length past the end makes the document bad.
func (d *decoder) take(n uint64) string {
	if n > uint64(len(d.s)) {
		d.bad, d.s = true, ""
		return ""
	}
	out := d.s[:n]
	d.s = d.s[n:]
	return out
}

// plan knows how to write and read one type at an address.
type plan struct {
	encode func(b []byte, p unsafe.Pointer) []byte
	decode func(d *decoder, p unsafe.Pointer)
	zero   func(p unsafe.Pointer) bool
}

var plans sync.Map // reflect.Type -> *plan

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p, _ := plans.LoadOrStore(t, makePlan(t))
	return p.(*plan)
}

var (
	exactType  = reflect.TypeFor[money.Exact]()
	personType = reflect.TypeFor[claim.Person]()
)

func makePlan(t reflect.Type) *plan {
	switch t {
	case exactType:
		return exactPlan()
	case personType:
		return personPlan()
	}
	switch t.Kind() {
	case reflect.String:
		return stringPlan()
	case reflect.Bool:
		return boolPlan()
	case reflect.Uint8:
		return bytePlan()
	case reflect.Int, reflect.Int64:
		return intPlan[int64]()
	case reflect.Int32:
		return intPlan[int32]()
	case reflect.Array:
		return arrayPlan(t)
	case reflect.Slice:
		return slicePlan(t)
	case reflect.Pointer:
		return pointerPlan(t)
	case reflect.Struct:
		return structPlan(t)
	}
	panic("ledger: a document cannot hold a " + t.String())
}

func stringPlan() *plan {
	return &plan{
		encode: func(b []byte, p unsafe.Pointer) []byte {
			s := *(*string)(p)
			return append(binary.AppendUvarint(b, uint64(len(s))), s...)
		},
		decode: func(d *decoder, p unsafe.Pointer) { *(*string)(p) = d.take(d.uvarint()) },
		zero:   func(p unsafe.Pointer) bool { return *(*string)(p) == "" },
	}
}

func bytePlan() *plan {
	return &plan{
		encode: func(b []byte, p unsafe.Pointer) []byte { return append(b, *(*byte)(p)) },
		decode: func(d *decoder, p unsafe.Pointer) {
			if s := d.take(1); s != "" {
				*(*byte)(p) = s[0]
			}
		},
		zero: func(p unsafe.Pointer) bool { return *(*byte)(p) == 0 },
	}
}

func boolPlan() *plan {
	return &plan{
		encode: func(b []byte, _ unsafe.Pointer) []byte { return append(b, 1) },
		decode: func(d *decoder, p unsafe.Pointer) { *(*bool)(p) = d.take(1) == "\x01" },
		zero:   func(p unsafe.Pointer) bool { return !*(*bool)(p) },
	}
}

func intPlan[T int32 | int64]() *plan {
	return &plan{
		encode: func(b []byte, p unsafe.Pointer) []byte { return binary.AppendVarint(b, int64(*(*T)(p))) },
		decode: func(d *decoder, p unsafe.Pointer) {
			u := d.uvarint()
			v := int64(u >> 1)
			if u&1 != 0 {
				v = ^v
			}
			*(*T)(p) = T(v)
		},
		zero: func(p unsafe.Pointer) bool { return *(*T)(p) == 0 },
	}
}

func exactPlan() *plan {
	return &plan{
		encode: func(b []byte, p unsafe.Pointer) []byte { return (*money.Exact)(p).AppendBinary(b) },
		decode: func(d *decoder, p unsafe.Pointer) {
			x, rest, ok := money.ReadExact(d.s)
			if !ok {
				d.bad, rest = true, ""
			}
			*(*money.Exact)(p), d.s = x, rest
		},
		zero: func(p unsafe.Pointer) bool { return *(*money.Exact)(p) == money.Exact{} },
	}
}

func personPlan() *plan {
	return &plan{
		encode: func(b []byte, p unsafe.Pointer) []byte {
			doc, _ := (*claim.Person)(p).MarshalBinary() // never fails
			return append(binary.AppendUvarint(b, uint64(len(doc))), doc...)
		},
		decode: func(d *decoder, p unsafe.Pointer) {
			doc := d.take(d.uvarint())
			// UnmarshalBinary only reads it.
			if (*claim.Person)(p).UnmarshalBinary(unsafe.Slice(unsafe.StringData(doc), len(doc))) != nil {
				d.bad = true
			}
		},
		zero: func(p unsafe.Pointer) bool { return !(*claim.Person)(p).Known() },
	}
}

func arrayPlan(t reflect.Type) *plan {
	elem, n, size := planOf(t.Elem()), t.Len(), t.Elem().Size()
	return &plan{
		encode: func(b []byte, p unsafe.Pointer) []byte {
			for i := range n {
				b = elem.encode(b, unsafe.Add(p, uintptr(i)*size))
			}
			return b
		},
		decode: func(d *decoder, p unsafe.Pointer) {
			for i := range n {
				elem.decode(d, unsafe.Add(p, uintptr(i)*size))
			}
		},
		zero: func(p unsafe.Pointer) bool {
			for i := range n {
				if !elem.zero(unsafe.Add(p, uintptr(i)*size)) {
					return false
				}
			}
			return true
		},
	}
}

func slicePlan(t reflect.Type) *plan {
	elem, size, slab := planOf(t.Elem()), t.Elem().Size(), newSlab(t.Elem())
	return &plan{
		encode: func(b []byte, p unsafe.Pointer) []byte {
			s := *(*[]byte)(p)
			b = binary.AppendUvarint(b, uint64(len(s)))
			data := unsafe.Pointer(unsafe.SliceData(s))
			for i := range len(s) {
				b = elem.encode(b, unsafe.Add(data, uintptr(i)*size))
			}
			return b
		},
		decode: func(d *decoder, p unsafe.Pointer) {
			n := d.uvarint()
			if n > uint64(len(d.s)) { // every element takes a byte at least
				d.bad, d.s = true, ""
				return
			}
			if n == 0 {
				return
			}
			data := d.zeros(slab, int(n))
			*(*[]byte)(p) = unsafe.Slice((*byte)(data), int(n)) // n elements, of whatever size: the header of any slice
			for i := range int(n) {
				elem.decode(d, unsafe.Add(data, uintptr(i)*size))
			}
		},
		zero: func(p unsafe.Pointer) bool { return len(*(*[]byte)(p)) == 0 },
	}
}

func pointerPlan(t reflect.Type) *plan {
	elem, slab := planOf(t.Elem()), newSlab(t.Elem())
	return &plan{
		encode: func(b []byte, p unsafe.Pointer) []byte { return elem.encode(b, *(*unsafe.Pointer)(p)) },
		decode: func(d *decoder, p unsafe.Pointer) {
			v := d.zeros(slab, 1)
			elem.decode(d, v)
			*(*unsafe.Pointer)(p) = v
		},
		zero: func(p unsafe.Pointer) bool { return *(*unsafe.Pointer)(p) == nil },
	}
}

func structPlan(t reflect.Type) *plan {
	type field struct {
		*plan
		at uintptr
	}
	fields := make([]field, t.NumField())
	for i := range fields {
		fields[i] = field{planOf(t.Field(i).Type), t.Field(i).Offset}
	}
	width := (len(fields) + 7) / 8
	return &plan{
		encode: func(b []byte, p unsafe.Pointer) []byte {
			b = binary.AppendUvarint(b, uint64(len(fields)))
			bitmap := len(b)
			for range width {
				b = append(b, 0)
			}
			for i := range fields {
				f := &fields[i]
				if at := unsafe.Add(p, f.at); !f.zero(at) {
					b[bitmap+i/8] |= 1 << (i % 8)
					b = f.encode(b, at)
				}
			}
			return b
		},
		decode: func(d *decoder, p unsafe.Pointer) {
			n := d.uvarint()
			bitmap := d.take((n + 7) / 8)
			for i := range int(min(n, uint64(len(bitmap))*8)) {
				if bitmap[i/8]&(1<<(i%8)) == 0 {
					continue
				}
				if i >= len(fields) || d.bad {
					d.bad = true
					return
				}
				fields[i].decode(d, unsafe.Add(p, fields[i].at))
			}
		},
		zero: func(p unsafe.Pointer) bool {
			for i := range fields {
				if !fields[i].zero(unsafe.Add(p, fields[i].at)) {
					return false
				}
			}
			return true
		},
	}
}

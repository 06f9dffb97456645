package flow

import (
	"fmt"
	"runtime"
	"strings"
)

// Fault is a break of the program: a panic that was recovered. It says where, and nothing of the values on which the
// program broke: they may be a patient's.
type Fault struct {
	At    string // function and line
	Stack string // of the goroutine, a function and its line each
}

// Error says where the program broke.
func (f *Fault) Error() string { return "the program broke at " + f.At }

// Recovered is the break from which the caller, a deferred function, has just recovered.
func Recovered() *Fault {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	f := &Fault{At: "an unknown place"}
	var stack strings.Builder
	for panicking, found := false, false; ; {
		frame, more := frames.Next()
		if panicking {
			fmt.Fprintf(&stack, "%s\n\t%s:%d\n", frame.Function, frame.File, frame.Line)
			if ours(frame.Function) && !found {
				f.At, found = fmt.Sprintf("%s:%d", frame.Function, frame.Line), true
			}
		}
		panicking = panicking || frame.Function == "runtime.gopanic"
		if !more {
			f.Stack = stack.String()
			return f
		}
	}
}

// ours reports whether a function is of this program, as no library's is.
func ours(function string) bool {
	return strings.HasPrefix(function, "revcycle/") || strings.HasPrefix(function, "main.")
}

// guarded makes a break of a function its error.
func guarded(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = Recovered()
		}
	}()
	return f()
}

package workspace

import (
	"io/fs"
	"syscall"
	"time"
)

// touched is when content or metadata last changed: a copy that keeps the sender's time is still
// being written while its status time moves.
func touched(info fs.FileInfo) time.Time {
	t := info.ModTime()
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		if c := time.Unix(st.Ctim.Unix()); c.After(t) {
			return c
		}
	}
	return t
}

package workspace

import (
	"io/fs"
	"syscall"
	"time"
)

// touched is when content or metadata last changed, by the status time: a sender may give his file any
// time of change, old or in the future, but not that one.
func touched(info fs.FileInfo) time.Time {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(st.Ctim.Unix())
	}
	return info.ModTime()
}

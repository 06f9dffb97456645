//go:build !linux

package workspace

import (
	"io/fs"
	"time"
)

// touched is when content last changed.
func touched(info fs.FileInfo) time.Time { return info.ModTime() }

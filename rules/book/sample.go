package book

import (
	"embed"
	"io/fs"
)

//go:embed sample/payers/*.yaml sample/tables/*.csv
var sample embed.FS

// Sample is the rule book that `revcycle init` writes: invented payers, contracts and numbers, and for every
// payer the rules that always hold. Its root holds payers/ and tables/.
func Sample() fs.FS {
	root, err := fs.Sub(sample, "sample")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return root
}

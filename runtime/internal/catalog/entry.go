package catalog

import (
	"slices"
)

// The kinds of Entry.
const (
	Builtin = "builtin"
	Exec    = "exec"
)

// Entry is the code of a Type.
type Entry struct {
	// Kind is Builtin or Exec; empty for a Meta.
	Kind string
	// Path is the executable, absolute; of an interpreter its script.
	Path string
	Args []string
	// Interpreter is a bare name or an absolute path, as e.json gives it.
	Interpreter string
	// Dir is the directory of the Type that has the code, absolute; empty in the
	// official library.
	Dir string
	// Stamp changes when the executable's size, time or identity does; a script's also when that of a file with its
	// extension does, in the element's directory or below; and when the description beside it does.
	Stamp string
}

// Equal says whether both are the same code, unchanged.
func (e Entry) Equal(o Entry) bool {
	return e.Kind == o.Kind && e.Path == o.Path && e.Interpreter == o.Interpreter && e.Dir == o.Dir && e.Stamp == o.Stamp && slices.Equal(e.Args, o.Args)
}

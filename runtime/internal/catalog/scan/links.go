package scan

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// errLeaves means that a link leads out of the root.
var errLeaves = errors.New("path escapes from parent")

// openDisk opens a directory, whose path must have no links.
func openDisk(dir string) (diskTree, error) {
	root, err := os.OpenRoot(dir)
	return diskTree{root, dir}, err
}

// inside calls do with a name. os.Root follows no absolute link, nor one that leaves the
// root and comes back; if it refuses the name, inside calls do again with what the name
// leads to, if that lies in the root.
func inside[T any](t diskTree, name string, do func(name string) (T, error)) (T, error) {
	result, err := do(name)
	if err == nil || !strings.Contains(err.Error(), errLeaves.Error()) {
		return result, err
	}
	target, outside := t.real(name)
	if outside != nil {
		return result, err
	}
	return do(target)
}

// real returns the path below the root that a name leads to, without links.
func (t diskTree) real(name string) (string, error) {
	target, err := filepath.EvalSymlinks(filepath.Join(t.dir, filepath.FromSlash(name)))
	if err != nil {
		return "", err
	}
	below, err := filepath.Rel(t.dir, target)
	if err != nil || !filepath.IsLocal(below) {
		return "", errLeaves
	}
	return filepath.ToSlash(below), nil
}

func (libraryTree) real(name string) (string, error) { return name, nil }

func (t lateTree) real(name string) (string, error) { return name, nil }

// within reports whether a directory is another or lies below it.
func within(dir, above string) bool {
	return above == "." || dir == above || strings.HasPrefix(dir, above+"/")
}

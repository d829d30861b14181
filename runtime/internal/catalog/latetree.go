package catalog

import (
	"os"
)

// lateTree is a directory that may come and go, such as a plugin directory. It
// is opened at each use.
type lateTree struct{ dir string }

func (t *lateTree) open() (diskTree, error) {
	root, err := os.OpenRoot(t.dir)
	return diskTree{root}, err
}

func (t *lateTree) list(dir string) (listing, error) {
	opened, err := t.open()
	if err != nil {
		return listing{}, err
	}
	defer func() { _ = opened.close() }()
	return opened.list(dir)
}

func (t *lateTree) read(name string, limit int64) ([]byte, stamp, error) {
	opened, err := t.open()
	if err != nil {
		return nil, stamp{}, err
	}
	defer func() { _ = opened.close() }()
	return opened.read(name, limit)
}

func (t *lateTree) stat(name string) (stamp, error) {
	opened, err := t.open()
	if err != nil {
		return stamp{}, err
	}
	defer func() { _ = opened.close() }()
	return opened.stat(name)
}

func (*lateTree) close() error { return nil }

package catalog

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tree is what the loader may read of one root. Names have slashes and are
// relative; "." is the root. Nothing outside is read, wherever a link leads.
type tree interface {
	// list reads a directory.
	list(dir string) (listing, error)
	// read reads a regular file of at most limit bytes.
	read(name string, limit int64) ([]byte, stamp, error)
	// stat looks at what a name leads to.
	stat(name string) (stamp, error)
	close() error
}

type listing struct {
	dirs  []string
	links []string // that lead to directories, or nowhere
	files []fileStamp
}

// fileStamp is a file that may matter to an element.
type fileStamp struct {
	name  string
	stamp stamp
}

func (l listing) has(name string) bool {
	return slices.ContainsFunc(l.files, func(f fileStamp) bool { return f.name == name })
}

// stamp tells one state of a file from another without reading it.
type stamp struct {
	size  int64
	mtime int64
	inode uint64
	mode  fs.FileMode
}

// fresh says that the file changed so lately that another change may leave the
// same stamp.
func (s stamp) fresh(now time.Time) bool { return now.UnixNano()-s.mtime < int64(2*time.Second) }

func (s stamp) String() string {
	return strconv.FormatInt(s.size, 36) + "-" + strconv.FormatInt(s.mtime, 36) + "-" + strconv.FormatUint(s.inode, 36)
}

func stampOf(info fs.FileInfo) stamp {
	s := stamp{size: info.Size(), mtime: info.ModTime().UnixNano(), mode: info.Mode()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode = uint64(sys.Ino)
	}
	return s
}

// diskTree is a directory behind an os.Root.
type diskTree struct{ root *os.Root }

func (t diskTree) close() error { return t.root.Close() }

func (t diskTree) stat(name string) (stamp, error) {
	info, err := t.root.Stat(name)
	if err != nil {
		return stamp{}, err
	}
	return stampOf(info), nil
}

func (t diskTree) read(name string, limit int64) ([]byte, stamp, error) {
	// Without O_NONBLOCK a named pipe would hold the loader up.
	f, err := t.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, stamp{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, stamp{}, err
	}
	src, err := readAll(f, info, limit)
	return src, stampOf(info), err
}

func readAll(f io.Reader, info fs.FileInfo, limit int64) ([]byte, error) {
	if !info.Mode().IsRegular() {
		return nil, errIrregular
	}
	if info.Size() > limit {
		return nil, errLimit
	}
	src := make([]byte, 0, info.Size()+1)
	for {
		n, err := f.Read(src[len(src):cap(src)])
		src = src[:len(src)+n]
		if errors.Is(err, io.EOF) {
			return src, nil
		}
		if err != nil {
			return nil, err
		}
		if int64(len(src)) > limit {
			return nil, errLimit
		}
		if int64(len(src)) == info.Size() {
			return src, nil // what is still being written comes with the next look
		}
		if len(src) == cap(src) {
			src = slices.Grow(src, 512)
		}
	}
}

func (t diskTree) list(dir string) (listing, error) {
	f, err := t.root.OpenFile(dir, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_DIRECTORY, 0)
	if err != nil {
		return listing{}, err
	}
	defer func() { _ = f.Close() }()
	return listOpen(f, func(name string) (stamp, error) {
		return t.statAt(f, dir, name)
	})
}

// listOpen sorts the entries of an open directory into a listing.
func listOpen(f fs.ReadDirFile, stat func(name string) (stamp, error)) (listing, error) {
	var l listing
	entries, err := f.ReadDir(maxEntries + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return l, err
	}
	if len(entries) > maxEntries {
		return l, errLimit
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case entry.IsDir():
			l.dirs = append(l.dirs, name)
		case strings.HasSuffix(name, ".json"):
			if s, err := stat(name); err == nil {
				l.files = append(l.files, fileStamp{name, s})
			} else if !errors.Is(err, fs.ErrNotExist) {
				// Reading it will tell what is wrong.
				l.files = append(l.files, fileStamp{name, stamp{}})
			}
		case entry.Type()&fs.ModeSymlink != 0 && !holdsNoElements(name):
			l.links = append(l.links, name)
		}
	}
	slices.Sort(l.dirs)
	slices.Sort(l.links)
	slices.SortFunc(l.files, func(a, b fileStamp) int { return cmp.Compare(a.name, b.name) })
	return l, nil
}

// libraryTree is the official library: it never changes.
type libraryTree struct{ fsys fs.FS }

func (libraryTree) close() error { return nil }

func (t libraryTree) stat(name string) (stamp, error) {
	info, err := fs.Stat(t.fsys, name)
	if err != nil {
		return stamp{}, err
	}
	return stampOf(info), nil
}

func (t libraryTree) read(name string, limit int64) ([]byte, stamp, error) {
	f, err := t.fsys.Open(name)
	if err != nil {
		return nil, stamp{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, stamp{}, err
	}
	src, err := readAll(f, info, limit)
	return src, stampOf(info), err
}

func (t libraryTree) list(dir string) (listing, error) {
	f, err := t.fsys.Open(dir)
	if err != nil {
		return listing{}, err
	}
	defer func() { _ = f.Close() }()
	d, ok := f.(fs.ReadDirFile)
	if !ok {
		return listing{}, errIrregular
	}
	return listOpen(d, func(name string) (stamp, error) { return t.stat(path.Join(dir, name)) })
}

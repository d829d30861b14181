package scan

import (
	"cmp"
	"errors"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
)

// Tree reads the files of one root. Names are relative and separated by slashes; "."
// is the root. Links that stay inside are followed, and nothing outside is read.
type Tree interface {
	// Read reads a regular file of at most limit bytes.
	Read(name string, limit int64) ([]byte, Stamp, error)
	// Stat returns the Stamp of what a name leads to.
	Stat(name string) (Stamp, error)

	list(dir string) (listing, error)
	// real returns the name of what a name leads to, without links.
	real(name string) (string, error)
	close() error
}

type listing struct {
	dirs  []string
	files []fileStamp
	// linked are those of dirs that are links, leaving the links that leave the root.
	linked, leaving []string
	// misnamed are files that were probably meant to have another name.
	misnamed []string
	// links reports whether there is any link.
	links bool
}

// fileStamp is a file that may matter to an element.
type fileStamp struct {
	name  string
	stamp Stamp
}

func (l listing) has(name string) bool {
	return slices.ContainsFunc(l.files, func(f fileStamp) bool { return f.name == name })
}

// Stamp tells one state of a file from another without reading it.
type Stamp struct {
	size  int64
	mtime int64
	inode uint64
	Mode  fs.FileMode
}

// Recent reports whether the file changed so recently that another change may leave
// the same stamp.
func (s Stamp) Recent(now time.Time) bool { return now.UnixNano()-s.mtime < int64(2*time.Second) }

func (s Stamp) String() string {
	return strconv.FormatInt(s.size, 36) + "-" + strconv.FormatInt(s.mtime, 36) + "-" + strconv.FormatUint(s.inode, 36)
}

func stampOf(info fs.FileInfo) Stamp {
	s := Stamp{size: info.Size(), mtime: info.ModTime().UnixNano(), Mode: info.Mode()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode = uint64(sys.Ino)
	}
	return s
}

// diskTree is a directory behind an os.Root.
type diskTree struct {
	root *os.Root
	dir  string // absolute, without links
}

func (t diskTree) close() error { return t.root.Close() }

func (t diskTree) Stat(name string) (Stamp, error) {
	info, err := inside(t, name, t.root.Stat)
	if err != nil {
		return Stamp{}, err
	}
	return stampOf(info), nil
}

func (t diskTree) Read(name string, limit int64) ([]byte, Stamp, error) {
	// Without O_NONBLOCK a named pipe would hold the loader up.
	f, err := t.open(name, syscall.O_NONBLOCK)
	if err != nil {
		return nil, Stamp{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, Stamp{}, err
	}
	src, err := readAll(f, info, limit)
	return src, stampOf(info), err
}

func readAll(f io.Reader, info fs.FileInfo, limit int64) ([]byte, error) {
	if !info.Mode().IsRegular() {
		return nil, manifest.ErrIrregular
	}
	if info.Size() > limit {
		return nil, manifest.ErrTooLarge
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
			return nil, manifest.ErrTooLarge
		}
		if int64(len(src)) == info.Size() {
			return src, nil // what is still being written is read next time
		}
		if len(src) == cap(src) {
			src = slices.Grow(src, 512)
		}
	}
}

func (t diskTree) open(name string, flags int) (*os.File, error) {
	return inside(t, name, func(name string) (*os.File, error) {
		return t.root.OpenFile(name, os.O_RDONLY|flags, 0)
	})
}

func (t diskTree) list(dir string) (listing, error) {
	f, err := t.open(dir, syscall.O_NONBLOCK|syscall.O_DIRECTORY)
	if err != nil {
		return listing{}, err
	}
	defer func() { _ = f.Close() }()
	return listOpen(f, func(name string) (Stamp, error) {
		return t.statAt(f, dir, name)
	})
}

// listOpen sorts the entries of an open directory into a listing.
func listOpen(f fs.ReadDirFile, stat func(name string) (Stamp, error)) (listing, error) {
	var l listing
	entries, err := f.ReadDir(maxEntries + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return l, err
	}
	if len(entries) > maxEntries {
		return l, manifest.ErrTooLarge
	}
	for _, entry := range entries {
		name := entry.Name()
		link := entry.Type()&fs.ModeSymlink != 0
		if link && !manifest.Skipped(name) {
			l.links = true
			at, err := stat(name)
			switch {
			case err == nil && at.Mode.IsDir():
				l.dirs, l.linked = append(l.dirs, name), append(l.linked, name)
				continue
			case err != nil && !strings.HasSuffix(name, ".json") && strings.Contains(err.Error(), errLeaves.Error()):
				l.leaving = append(l.leaving, name)
			}
		}
		if !entry.IsDir() && intended(name) != "" {
			l.misnamed = append(l.misnamed, name)
		}
		switch {
		case entry.IsDir():
			l.dirs = append(l.dirs, name)
		case strings.HasSuffix(name, ".json"):
			if s, err := stat(name); err == nil {
				l.files = append(l.files, fileStamp{name, s})
			} else if !errors.Is(err, fs.ErrNotExist) {
				// Reading it shows what is wrong.
				l.files = append(l.files, fileStamp{name, Stamp{}})
			}
		}
	}
	slices.Sort(l.dirs)
	slices.Sort(l.leaving)
	slices.Sort(l.misnamed)
	slices.SortFunc(l.files, func(a, b fileStamp) int { return cmp.Compare(a.name, b.name) })
	return l, nil
}

// libraryTree is the official library, which never changes.
type libraryTree struct{ fsys fs.FS }

func (libraryTree) close() error { return nil }

func (t libraryTree) Stat(name string) (Stamp, error) {
	info, err := fs.Stat(t.fsys, name)
	if err != nil {
		return Stamp{}, err
	}
	return stampOf(info), nil
}

func (t libraryTree) Read(name string, limit int64) ([]byte, Stamp, error) {
	f, err := t.fsys.Open(name)
	if err != nil {
		return nil, Stamp{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, Stamp{}, err
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
		return listing{}, manifest.ErrIrregular
	}
	return listOpen(d, func(name string) (Stamp, error) { return t.Stat(path.Join(dir, name)) })
}

// Late returns the tree of a directory that may come and go, such as a plugin
// directory. It is opened at each use.
func Late(dir string) Tree { return lateTree(dir) }

type lateTree string

func (t lateTree) open() (diskTree, error) {
	dir, err := filepath.EvalSymlinks(string(t))
	if err != nil {
		return diskTree{}, err
	}
	return openDisk(dir)
}

func (t lateTree) Read(name string, limit int64) ([]byte, Stamp, error) {
	opened, err := t.open()
	if err != nil {
		return nil, Stamp{}, err
	}
	defer func() { _ = opened.close() }()
	return opened.Read(name, limit)
}

func (t lateTree) Stat(name string) (Stamp, error) {
	opened, err := t.open()
	if err != nil {
		return Stamp{}, err
	}
	defer func() { _ = opened.close() }()
	return opened.Stat(name)
}

func (lateTree) list(string) (listing, error) { return listing{}, manifest.ErrIrregular }

func (lateTree) close() error { return nil }

// maxScriptEntries bounds the files and directories that one ScriptStamp looks at.
const maxScriptEntries = 16384

// ScriptStamp changes when a file with an extension does, in a directory of a tree on
// disk or below. Other files may be data that the script writes; directories that
// hold no elements, such as node_modules, are left out.
func ScriptStamp(t Tree, dir, ext string) string {
	disk, ok := t.(diskTree)
	if !ok {
		return ""
	}
	if target, err := disk.real(dir); err == nil {
		dir = target // a walk doesn't begin at a link
	}
	sum, seen := fnv.New64a(), 0
	_ = fs.WalkDir(disk.root.FS(), dir, func(name string, entry fs.DirEntry, err error) error {
		seen++
		switch {
		case seen > maxScriptEntries:
			return fs.SkipAll
		case err != nil:
			return nil //nolint:nilerr // what can't be read now is noticed when it can
		case entry.IsDir() && name != dir && manifest.Skipped(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ext:
			return nil
		}
		if at, err := disk.Stat(name); err == nil {
			_, _ = sum.Write([]byte(name + "\x00" + at.String() + "\x00"))
		}
		return nil
	})
	return strconv.FormatUint(sum.Sum64(), 36)
}

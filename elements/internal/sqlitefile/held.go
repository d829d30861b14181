package sqlitefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// LostError is the error of a file that was removed or replaced while it is open. What
// is written would be lost, so nothing is.
type LostError struct {
	// Name is the file's, relative to the data directory's parent.
	Name string
	// Replaced is set if there is another file now.
	Replaced bool
}

func (e *LostError) Error() string {
	what := "was removed"
	if e.Replaced {
		what = "was replaced"
	}
	return fmt.Sprintf("%s %s while it is in use: put the same file back, or restart lintel to go on with what is there", e.Name, what)
}

// held are the files that this process has open, by path.
var held = struct {
	sync.Mutex
	files map[string]*identity
}{files: make(map[string]*identity)}

// identity is what a path led to when the file was opened.
type identity struct {
	info  os.FileInfo
	users int
}

// Held is a file that is open. It knows its file and those beside it again.
type Held struct {
	file File
	once sync.Once

	mu sync.Mutex
	// beside are the files that SQLite made beside it, by suffix.
	beside map[string]os.FileInfo
}

// besides are the suffixes of the files beside a database in WAL mode.
var besides = []string{"-wal", "-shm"}

// Hold remembers what the file is. A connection has read from it.
func (f File) Hold() (*Held, error) {
	held.Lock()
	defer held.Unlock()
	path := f.full()
	if held.files[path] == nil {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		held.files[path] = &identity{info: info}
	}
	held.files[path].users++
	h := &Held{file: f}
	h.Connected()
	return h, nil
}

// Connected remembers the files beside the database: a first connection has read from
// it.
func (h *Held) Connected() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.beside = make(map[string]os.FileInfo, len(besides))
	for _, suffix := range besides {
		if info, err := os.Stat(h.file.full() + suffix); err == nil {
			h.beside[suffix] = info
		}
	}
}

// Disconnected forgets the files beside the database: the last connection removes them.
func (h *Held) Disconnected() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.beside = nil
}

// Check returns a LostError if the file or one beside it was removed or replaced.
func (h *Held) Check() error {
	if err := h.file.checkHeld(); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for suffix, known := range h.beside {
		if err := h.file.check(suffix, known); err != nil {
			return err
		}
	}
	return nil
}

// Release forgets the file.
func (h *Held) Release() {
	h.once.Do(func() {
		held.Lock()
		defer held.Unlock()
		path := h.file.full()
		if known := held.files[path]; known != nil {
			if known.users--; known.users == 0 {
				delete(held.files, path)
			}
		}
	})
}

// checkHeld returns a LostError if this process has another file open by this path.
func (f File) checkHeld() error {
	held.Lock()
	known := held.files[f.full()]
	held.Unlock()
	if known == nil {
		return nil
	}
	return f.check("", known.info)
}

func (f File) check(suffix string, known os.FileInfo) error {
	info, err := os.Stat(f.full() + suffix)
	if err == nil && os.SameFile(info, known) {
		return nil
	}
	lost := &LostError{Name: filepath.Join(filepath.Base(f.dir), f.path+suffix), Replaced: err == nil}
	if _, missing := os.Stat(f.dir); missing != nil {
		lost.Name = "the data directory " + filepath.Base(f.dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return lost
}

func (f File) full() string { return filepath.Join(f.dir, f.path) }

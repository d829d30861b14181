// Package sqlitefile opens SQLite files of an app's data directory, and names
// SQLite's errors. It knows nothing of what they hold.
package sqlitefile

import (
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/lintel-run/lintel/plugins/errcode"
)

// ErrOutside is the error of a path that isn't below the data directory.
var ErrOutside = errcode.New(errcode.Params, "path must lie below the data directory").With("arg", "path")

// File is a SQLite file. Several processes may use it.
type File struct {
	// dir is the data directory, path is relative to it.
	dir, path string
}

// New returns the file at a path below the data directory. It touches nothing. The
// path may be absolute.
func New(dataDir, path string) (File, error) {
	if filepath.IsAbs(path) {
		relative, err := filepath.Rel(dataDir, path)
		if err != nil {
			return File{}, ErrOutside
		}
		path = relative
	}
	if !filepath.IsLocal(path) || filepath.Clean(path) == "." {
		return File{}, ErrOutside
	}
	return File{dir: dataDir, path: filepath.Clean(path)}, nil
}

// Prepare creates the file if there is none, and makes it readable by its owner
// only. SQLite uses the same mode for the files beside it. Prepare refuses links out
// of the data directory, and fails with a LostError instead of creating a file anew
// that this process has open. It doesn't open a file that exists: closing it would
// release the locks that other connections of this process hold.
func (f File) Prepare() error {
	if err := f.checkHeld(); err != nil {
		return err
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if parent := filepath.Dir(f.path); parent != "." {
		if err := root.MkdirAll(parent, 0o700); err != nil {
			return err
		}
	}
	file, err := root.OpenFile(f.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		return file.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := root.Stat(f.path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := root.Chmod(f.path, 0o600); err != nil {
			return err
		}
	}
	// SQLite says no more than that it can't open a file.
	if err := unix.Access(filepath.Dir(f.full()), unix.W_OK|unix.X_OK); err != nil {
		return err
	}
	return unix.Access(f.full(), unix.R_OK|unix.W_OK)
}

// Options are set for each connection.
type Options struct {
	// Pragmas, such as "synchronous(FULL)".
	Pragmas []string
	// Immediate makes transactions take the write lock when they begin.
	Immediate bool
}

// Open returns a pool of connections to the file, in WAL mode.
func (f File) Open(o Options) (*sql.DB, error) {
	query := url.Values{"_pragma": append([]string{"journal_mode(WAL)"}, o.Pragmas...)}
	if o.Immediate {
		query.Set("_txlock", "immediate")
	}
	path := (&url.URL{Path: f.full()}).EscapedPath()
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: path, RawQuery: query.Encode()}).String())
}

// Code returns the extended result code of an error of SQLite, and whether it is one.
func Code(err error) (code int, ok bool) {
	var reported *sqlite.Error
	if !errors.As(err, &reported) {
		return 0, false
	}
	return reported.Code(), true
}

// IsBusy reports whether another connection holds a lock that err is about.
func IsBusy(err error) bool {
	code, _ := Code(err)
	return code&0xff == sqlite3.SQLITE_BUSY || code&0xff == sqlite3.SQLITE_LOCKED
}

// reasons are what primary result codes mean for a store.
var reasons = map[int]string{
	sqlite3.SQLITE_PERM:     "its permissions don't allow it",
	sqlite3.SQLITE_BUSY:     "another process holds its lock",
	sqlite3.SQLITE_LOCKED:   "another connection holds its lock",
	sqlite3.SQLITE_NOMEM:    "there is no memory left",
	sqlite3.SQLITE_READONLY: "the file or its directory can't be written",
	sqlite3.SQLITE_IOERR:    "the disk failed to read or write",
	sqlite3.SQLITE_CORRUPT:  "the file is damaged: restore it from a backup",
	sqlite3.SQLITE_FULL:     "the disk is full",
	sqlite3.SQLITE_CANTOPEN: "the file can't be opened",
	sqlite3.SQLITE_NOTADB:   "the file is no database",
}

// Reason describes an error without the path that its text may contain.
func Reason(err error) string {
	if lost, ok := errors.AsType[*LostError](err); ok {
		return lost.Error()
	}
	if code, ok := Code(err); ok {
		if meaning := reasons[code&0xff]; meaning != "" {
			return meaning + " (SQLite error " + strconv.Itoa(code) + ")"
		}
		return "SQLite error " + strconv.Itoa(code)
	}
	for cause, reason := range map[error]string{
		unix.ENOSPC: "the disk is full", unix.EDQUOT: "the disk quota is used up", unix.EROFS: "the file system is read-only",
		unix.EACCES: "permission denied in the data directory", unix.EPERM: "permission denied in the data directory",
	} {
		if errors.Is(err, cause) {
			return reason
		}
	}
	return "the file can't be opened"
}

// IsFull reports whether there is no space left for err.
func IsFull(err error) bool {
	code, _ := Code(err)
	return code&0xff == sqlite3.SQLITE_FULL || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}

// IsMisconfigured reports whether waiting doesn't end err.
func IsMisconfigured(err error) bool {
	if _, lost := errors.AsType[*LostError](err); lost {
		return true
	}
	switch code, _ := Code(err); code & 0xff {
	case sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	}
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS) || errors.Is(err, unix.ENOTDIR)
}

package sqlitetype

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"github.com/lintel-run/lintel/plugins/errcode"
)

// errOutside says that the file would lie outside the data directory.
var errOutside = errcode.New(errcode.Params, "path must lie below the data directory").With("arg", "path")

// within gives the path of the file below the data directory.
func within(dataDir, path string) (string, error) {
	if filepath.IsAbs(path) {
		relative, err := filepath.Rel(dataDir, path)
		if err != nil {
			return "", errOutside
		}
		path = relative
	}
	if !filepath.IsLocal(path) || filepath.Clean(path) == "." {
		return "", errOutside
	}
	return filepath.Join(dataDir, path), nil
}

// prepare makes the file and its directory, for the owner only, and refuses
// links that lead out of the data directory.
func prepare(dataDir, file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	root, err := filepath.EvalSymlinks(dataDir)
	if err != nil {
		return err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return err
	}
	if dir != root && !strings.HasPrefix(dir, root+string(filepath.Separator)) {
		return errOutside
	}
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		return f.Close()
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errOutside
	}
	return nil
}

// The tables' names end in their format's number: what is kept lives for a day
// at most, so a new format starts with new tables.
var setup = []string{
	`PRAGMA journal_mode = WAL`,
	`PRAGMA synchronous = NORMAL`,
	`PRAGMA journal_size_limit = 16777216`,
	`PRAGMA cache_size = -8192`,
	`PRAGMA temp_store = MEMORY`,
	`CREATE TABLE IF NOT EXISTS cache_entry_1 (
		key BLOB PRIMARY KEY, value BLOB NOT NULL, expires INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
	`CREATE INDEX IF NOT EXISTS cache_entry_1_expires ON cache_entry_1 (expires)`,
	`CREATE TABLE IF NOT EXISTS cache_window_1 (
		id INTEGER PRIMARY KEY, key BLOB NOT NULL, at INTEGER NOT NULL, expires INTEGER NOT NULL) STRICT`,
	`CREATE INDEX IF NOT EXISTS cache_window_1_key ON cache_window_1 (key, at)`,
	`CREATE INDEX IF NOT EXISTS cache_window_1_expires ON cache_window_1 (expires)`,
}

func source(file string) string {
	return (&url.URL{Scheme: "file", OmitHost: true, Path: file}).String()
}

func open(file string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", source(file))
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

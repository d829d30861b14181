package runtime

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/runtime/internal/catalog"
	"github.com/lintel-run/lintel/runtime/internal/plugin"
	"github.com/lintel-run/lintel/runtime/problem"
)

// lockName is the file beside app.json that pins plugin executables.
const lockName = "lintel.lock"

// notPinned is a digest that no file has, for a Type that the lock doesn't name.
const notPinned = "not pinned"

// lockFile is lintel.lock: the sha256 of what each Type runs, and of its description.
type lockFile struct {
	Version int               `json:"version"`
	Types   map[string]string `json:"types"`
	// Descriptions is nil in files that older versions wrote.
	Descriptions map[string]string `json:"descriptions"`
}

// Lock writes lintel.lock in dir with the sha256 of each plugin executable of the app
// and of its description. For code that an interpreter runs, the first is the digest of
// the interpreter and of every file in the element's directory.
func Lock(dir string, opts ...Option) error {
	snap, closeFiles, err := load(dir, append(slices.Clip(opts), func(s *settings) { s.locked = false }))
	if err != nil {
		return err
	}
	defer closeFiles()
	lock := lockFile{Version: 1, Types: make(map[string]string), Descriptions: make(map[string]string)}
	for _, def := range allElements(snap) {
		if !hasCode(def) || def.Entry.Kind == catalog.Builtin {
			continue
		}
		if def.Broken {
			if used(snap, def.FullName) {
				return fmt.Errorf("%s has problems: run validate", def.FullName)
			}
			continue // an unpinned executable is refused
		}
		sum, err := plugin.Digest(plugin.Spec{
			Type: def.FullName, Path: def.Entry.Path, Interpreter: def.Entry.Interpreter, Dir: def.Entry.Dir,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", def.FullName, err)
		}
		lock.Types[lockKey(snap, def)] = sum
		lock.Descriptions[lockKey(snap, def)] = def.Entry.Described
	}
	text, err := json.MarshalIndent(lock, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(dir, lockName), append(text, '\n'))
}

// used reports whether the Type has an instance.
func used(snap *catalog.Snapshot, typeName string) bool {
	for _, def := range allElements(snap) {
		if def.Rank == catalog.Instance && def.Is(typeName) {
			return true
		}
	}
	return false
}

func readLock(root string) (*lockFile, error) {
	text, err := os.ReadFile(filepath.Join(root, lockName))
	if err != nil {
		return nil, fmt.Errorf("--locked needs %s: run lintel lock", lockName)
	}
	var lock lockFile
	if err := json.Unmarshal(text, &lock); err != nil || lock.Version != 1 {
		return nil, fmt.Errorf("%s can't be read: run lintel lock", lockName)
	}
	return &lock, nil
}

// lockKey returns the key of an element's code in lintel.lock: the Type's full name,
// after the parent's appId and a colon if only the parent's own elements see it.
func lockKey(s *catalog.Snapshot, def *catalog.Element) string {
	if seen := s.Lookup(def.CodeType); seen != nil && seen.App == def.CodeApp {
		return def.CodeType
	}
	return def.CodeApp + ":" + def.CodeType
}

// describes reports whether a description with a sha256 may be used for a Type of an app.
// A lock that pins no descriptions allows all.
func (l *lockFile) describes(app, typeName, sum string) bool {
	if l.Descriptions == nil {
		return true
	}
	return l.Descriptions[typeName] == sum || l.Descriptions[app+":"+typeName] == sum
}

// digest returns the sha256 that the executable of a lockKey must have, "" for any.
func (l *lockFile) digest(key string) string {
	if l == nil {
		return ""
	}
	return cmp.Or(l.Types[key], notPinned)
}

// writeWhole replaces a file atomically.
func writeWhole(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".lintel-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone when it was renamed
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// unpinned returns a problem for each executable that instances need and the lock
// doesn't pin.
func unpinned(s *catalog.Snapshot, lock *lockFile, dev bool) []Problem {
	if lock == nil {
		return nil
	}
	var found []Problem
	seen := make(map[typeKey]bool)
	sums := make(map[string]string) // by the files that run
	told := make(map[string]bool)
	for _, def := range allElements(s) {
		for _, c := range candidates(def, dev) {
			key := typeKey{c.CodeApp, c.CodeType}
			typ := s.LookupFrom(c.CodeApp, c.CodeType)
			if seen[key] || typ == nil {
				continue
			}
			seen[key] = true
			spec := specOf(s, typ, lock)
			files := strings.Join([]string{spec.Interpreter, spec.Dir, spec.Path}, "\x00")
			if spec.Interpreter == "" {
				files = spec.Path
			}
			if _, known := sums[files]; !known {
				sums[files], _ = plugin.Digest(spec) // one that can't be read has none
			}
			if sums[files] == spec.SHA256 || told[files] {
				continue
			}
			told[files] = true
			p := Problem{Element: typ.FullName, Code: problem.CodeExecutable, Pointer: "/backendBundleEntry",
				Message: fmt.Sprintf("its executable %s is not the one that %s pins; if it was changed on purpose, run lintel lock", filepath.Base(spec.Path), lockName)}
			p.File, p.Line = typ.EntryPlace()
			found = append(found, p)
		}
	}
	return found
}

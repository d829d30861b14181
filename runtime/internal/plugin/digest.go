package plugin

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Digest returns the SHA-256, in hex, of what a Spec runs: the bytes of the executable
// or, with an interpreter, its bytes and the name, executable bit and content of every
// file in the element's directory, in order, and the script if it lies elsewhere.
func Digest(spec Spec) (string, error) { return digest(spec, "") }

// digest hashes what spec runs. If copyTo is not empty, it writes the bytes that it
// hashes there: "run" is the executable or interpreter, "dir" the directory.
func digest(spec Spec, copyTo string) (string, error) {
	sum := sha256.New()
	if spec.Interpreter == "" {
		if err := hashFile(sum, spec.Path, target(copyTo, "run")); err != nil {
			return "", err
		}
		return hex.EncodeToString(sum.Sum(nil)), nil
	}
	interpreter, err := interpreterPath(spec.Interpreter)
	if err != nil {
		return "", err
	}
	inner := sha256.New()
	if err := hashFile(inner, interpreter, target(copyTo, "run")); err != nil {
		return "", err
	}
	item(sum, 'i', "", inner)
	if err := hashDir(sum, spec, target(copyTo, "dir")); err != nil {
		return "", err
	}
	// A script in a plugin directory has no files of its own beside it.
	if _, inside := scriptBelow(spec); !inside {
		inner := sha256.New()
		if err := hashFile(inner, spec.Path, target(copyTo, "script")); err != nil {
			return "", err
		}
		item(sum, 's', filepath.Base(spec.Path), inner)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// scriptBelow returns the path of the script below the element's directory.
func scriptBelow(spec Spec) (string, bool) {
	below, err := filepath.Rel(spec.Dir, spec.Path)
	return below, err == nil && filepath.IsLocal(below)
}

func target(copyTo, name string) string {
	if copyTo == "" {
		return ""
	}
	return filepath.Join(copyTo, name)
}

// item adds an entry so that different lists of entries never give the same bytes.
func item(sum hash.Hash, kind byte, name string, inner hash.Hash) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(name)))
	sum.Write([]byte{kind})
	sum.Write(length[:])
	sum.Write([]byte(name))
	sum.Write(inner.Sum(nil))
}

// hashDir hashes every file of the element's directory, in the order of names. It
// hashes the target of a link, which must stay within the directory.
func hashDir(sum hash.Hash, spec Spec, to string) error {
	root, err := os.OpenRoot(spec.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inner := sha256.New()
		switch {
		case entry.IsDir():
			if to == "" {
				return nil
			}
			return os.Mkdir(filepath.Join(to, name), 0o700)
		case entry.Type() == fs.ModeSymlink:
			link, err := root.Readlink(name)
			if err != nil {
				return err
			}
			if _, err := root.Stat(name); err != nil || filepath.IsAbs(link) {
				return fmt.Errorf("%s: a link out of the element's directory, or to nothing", name)
			}
			inner.Write([]byte(link))
			item(sum, 'l', name, inner)
			if to == "" {
				return nil
			}
			return os.Symlink(link, filepath.Join(to, name)) //nolint:gosec // the target is the host's private directory
		case entry.Type().IsRegular():
			file, err := root.Open(name)
			if err != nil {
				return err
			}
			executable, err := hashOpen(inner, file, target(to, name))
			if err != nil {
				return err
			}
			kind := byte('f')
			if executable {
				kind = 'x'
			}
			item(sum, kind, filepath.ToSlash(name), inner)
			return nil
		}
		return fmt.Errorf("%s: neither a file nor a directory", name)
	})
}

func hashFile(sum hash.Hash, path, to string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = hashOpen(sum, file, to)
	return err
}

// hashOpen hashes a file while copying it, and closes it.
func hashOpen(sum hash.Hash, file *os.File, to string) (executable bool, err error) {
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, errors.New("not a regular file")
	}
	executable = info.Mode()&0o111 != 0
	if to == "" {
		_, err = io.Copy(sum, file)
		return executable, err
	}
	mode := fs.FileMode(0o400)
	if executable {
		mode = 0o500
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return false, err
	}
	_, err = io.Copy(io.MultiWriter(sum, out), file)
	return executable, errors.Join(err, out.Close())
}

// interpreterPath finds an interpreter.
func interpreterPath(name string) (string, error) {
	path := name
	if !strings.ContainsRune(name, filepath.Separator) {
		found, err := exec.LookPath(name)
		if err != nil {
			return "", err
		}
		path = found
	}
	return filepath.Abs(path)
}

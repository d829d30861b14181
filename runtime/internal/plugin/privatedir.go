package plugin

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// socketPath is the length of the longest socket name below a host's directory, and
// maxSocketPath that of a socket address on macOS, where it is shortest (sun_path, 104
// with its NUL).
const (
	socketPath    = len("/p12345") + len("/plugin1234567890")
	maxSocketPath = 103
)

// makePrivateDir makes a directory with mode 0700 for sockets, in the first place where
// that works. A temporary directory may be read-only, full or have too long a name.
func makePrivateDir(cfg Config) (string, error) {
	places := []string{cfg.TempDir, "/tmp"}
	if cfg.TempDir == "" {
		places = []string{os.Getenv("TMPDIR"), os.Getenv("XDG_RUNTIME_DIR"), "/tmp", "/var/tmp", cfg.DataDir, "/dev/shm"}
	}
	var errs []error
	for _, place := range places {
		if place == "" {
			continue
		}
		dir, err := makeSocketDir(place)
		if err == nil {
			return dir, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("there is no place for the plugins' sockets; set TMPDIR to a directory with a short name that may be written: %w", errors.Join(errs...))
}

func makeSocketDir(place string) (string, error) {
	absolute, err := filepath.Abs(place)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(absolute, "lintel")
	if err != nil {
		return "", err
	}
	if len(dir)+socketPath > maxSocketPath {
		err = fmt.Errorf("the name %s is too long: those of sockets below it would have more than %d characters", absolute, maxSocketPath)
	} else {
		err = tryDir(dir)
	}
	if err != nil {
		_ = os.RemoveAll(dir) //nolint:gosec // the operator names the place
		return "", err
	}
	return dir, nil
}

// tryDir makes a file and a socket in a directory and removes them.
func tryDir(dir string) error {
	name := filepath.Join(dir, "try")
	if err := os.WriteFile(name, []byte("try"), 0o600); err != nil { //nolint:gosec // the operator names the place
		return err
	}
	if err := os.Remove(name); err != nil { //nolint:gosec // the operator names the place
		return err
	}
	listener, err := net.Listen("unix", name) //nolint:noctx // a unix socket is made at once
	if err != nil {
		return err
	}
	return listener.Close()
}

// privateDir returns the host's directory. It makes another one if that has gone, since
// temporary directories are cleaned.
func (h *Host) privateDir() (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ownDir(h.dir) {
		return h.dir, nil
	}
	dir, err := makePrivateDir(h.cfg)
	if err != nil {
		return "", err
	}
	h.logger.Warn("the directory of the plugins' sockets was removed; there is another one", "directory", dir)
	h.dir = dir
	h.guard.AddDir(dir)
	return dir, nil
}

// ownDir reports whether a directory is there and nobody else's.
func ownDir(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Geteuid()
}

// pinPlaces returns the directories where copies of executables may be kept, in the order
// of preference.
func (h *Host) pinPlaces() ([]string, error) {
	dir, err := h.privateDir()
	if h.cfg.DataDir == "" {
		return []string{dir}, err
	}
	return []string{h.cfg.DataDir, dir}, err
}

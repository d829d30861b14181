package plugin

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// pins keeps a private copy of each executable with a required digest, so that what was
// hashed is what runs.
type pins struct {
	// places returns where copies may be kept, in the order of preference.
	places func() ([]string, error)
	// made is called for each new directory of copies.
	made func(dir string)

	mu     sync.Mutex
	bases  map[string]string // the directory of the copies in a place
	copies map[string]*pinned
}

type pinned struct {
	mu  sync.Mutex
	dir string
}

var errDigest = errors.New("the executable is not the one that lintel.lock pins")

// of returns the directory of the copy. It makes another one if that has gone or was
// changed, since directories are cleaned.
func (p *pins) of(spec Spec) (string, error) {
	want := strings.ToLower(spec.SHA256)
	p.mu.Lock()
	if p.copies == nil {
		p.copies = make(map[string]*pinned)
	}
	entry := p.copies[want]
	if entry == nil {
		entry = &pinned{}
		p.copies[want] = entry
	}
	p.mu.Unlock()
	entry.mu.Lock()
	defer entry.mu.Unlock()
	if entry.dir != "" && p.intact(spec, entry.dir, want) {
		return entry.dir, nil
	}
	var err error
	entry.dir, err = p.copyAnywhere(spec, want)
	return entry.dir, err
}

// intact reports whether a copy still is what was pinned.
func (p *pins) intact(spec Spec, dir, want string) bool {
	copied := spec
	copied.Path = filepath.Join(dir, "run")
	if spec.Interpreter != "" {
		copied.Interpreter, copied.Dir, copied.Path = copied.Path, filepath.Join(dir, "dir"), filepath.Join(dir, "script")
		if below, inside := scriptBelow(spec); inside {
			copied.Path = filepath.Join(copied.Dir, below)
		}
	}
	got, err := digest(copied, "")
	return err == nil && got == want
}

// copyAnywhere copies into the first place where that works.
func (p *pins) copyAnywhere(spec Spec, want string) (string, error) {
	places, err := p.places()
	errs := []error{err}
	for _, place := range places {
		dir, err := p.copy(place, spec, want)
		if err == nil || errors.Is(err, errDigest) {
			return dir, err
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("the pinned executable can't be copied to where it may run: %w", errors.Join(errs...))
}

func (p *pins) copy(place string, spec Spec, want string) (string, error) {
	base, err := p.baseIn(place)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(base, "")
	if err != nil {
		return "", err
	}
	got, err := digest(spec, dir)
	if err == nil && got != want {
		err = errDigest
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return "", err
	}
	return dir, nil
}

// baseIn returns the directory of all copies in a place.
func (p *pins) baseIn(place string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if base := p.bases[place]; base != "" && ownDir(base) {
		return base, nil
	}
	if noexec(place) {
		return "", fmt.Errorf("%s is on a file system mounted with noexec", place)
	}
	base, err := os.MkdirTemp(place, ".pinned-")
	if err != nil {
		return "", err
	}
	if p.bases == nil {
		p.bases = make(map[string]string)
	}
	p.bases[place] = base
	p.made(base)
	return base, nil
}

// close removes the copies.
func (p *pins) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, base := range p.bases {
		errs = append(errs, os.RemoveAll(base))
	}
	return errors.Join(errs...)
}

// program is the command line of a process.
type program struct {
	path string
	args []string
	dir  string
	env  []string
}

// interpreterEnv is added to the environment of interpreters. Python must not write
// __pycache__ into a directory whose files are all pinned.
var interpreterEnv = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE=1"}

// program returns the command line for a spec. privateDir is the process's own.
func (h *Host) program(spec Spec, privateDir string) (program, error) {
	prog := program{dir: spec.Dir, env: append([]string{}, spec.Env...)}
	if prog.dir == "" {
		prog.dir = privateDir
	}
	path, script := spec.Path, ""
	if spec.Interpreter != "" {
		interpreter, err := interpreterPath(spec.Interpreter)
		if err != nil {
			return program{}, err
		}
		path, script = interpreter, spec.Path
		prog.env = append(slices.Clone(interpreterEnv), prog.env...)
	}
	// A copy runs under the original's name, by which interpreters find their libraries.
	prog.args = []string{path}
	prog.path = path
	if spec.SHA256 != "" {
		dir, err := h.pins.of(spec)
		if err != nil {
			return program{}, err
		}
		prog.path = filepath.Join(dir, "run")
		if spec.Interpreter != "" {
			prog.dir, script = filepath.Join(dir, "dir"), filepath.Join(dir, "script")
			if below, inside := scriptBelow(spec); inside {
				script = filepath.Join(prog.dir, below)
			}
		}
	}
	if script != "" {
		prog.args = append(prog.args, script)
	}
	prog.args = append(prog.args, spec.Args...)
	return prog, nil
}

package plugin

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// pins keeps a private copy of each executable with a required digest, so that what was
// hashed is what runs.
type pins struct {
	dir string

	mu     sync.Mutex
	copies map[string]*pinned
}

type pinned struct {
	once sync.Once
	dir  string
	err  error
}

var errDigest = errors.New("the executable is not the pinned one")

// of returns the directory of the copy, made by the first call. It doesn't keep an
// error, since the file may be corrected.
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
	entry.once.Do(func() { entry.dir, entry.err = p.copy(spec, want) })
	if entry.err != nil {
		p.mu.Lock()
		if p.copies[want] == entry {
			delete(p.copies, want)
		}
		p.mu.Unlock()
	}
	return entry.dir, entry.err
}

func (p *pins) copy(spec Spec, want string) (string, error) {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(p.dir, "")
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

package scan

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"time"

	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
	"github.com/lintel-run/lintel/runtime/problem"
)

// envGracePeriod is how long a .env may be missing or empty before its values go,
// since somebody may be replacing it.
const envGracePeriod = 500 * time.Millisecond

// Root is a directory of elements: the app's, a parent's or the library.
type Root struct {
	// Dir is absolute; empty for the library.
	Dir  string
	Tree Tree
	App  *manifest.App // nil for the library
	// Env holds the values of .env.
	Env map[string]string
	// Units are the element directories as of the last scan, in order of their path.
	Units []*Unit

	label    string // begins the names of its files in problems
	appStamp Stamp
	// envMissing is when the .env that Env was read from was first missed.
	envMissing time.Time
	top        *directory
	// skip is the data directory, if it lies within the root.
	skip string
	// links means that there are links, whose targets aren't watched.
	links bool
	// numbers of directories and elements, against the limits.
	directories, elements int
	limited               bool
}

// Owner returns the appId that the root's elements belong to, empty for the library.
func (r *Root) Owner() string {
	if r.App == nil {
		return ""
	}
	return r.App.AppID
}

// File returns how problems call one of the root's files.
func (r *Root) File(name string) string { return r.label + name }

func openRoot(dir string) (*Root, error) {
	opened, err := openDisk(dir)
	if err != nil {
		return nil, err
	}
	return &Root{Dir: dir, Tree: opened}, nil
}

// displaced reports whether something else, or nothing, now lies at the path where
// the root was opened.
func (r *Root) displaced(path string) bool {
	current, err := os.Stat(path)
	if err != nil {
		return true
	}
	opened, err := r.Tree.Stat(".")
	return err != nil || stampOf(current).inode != opened.inode
}

// readEnv reads .env. A broken one leaves the last good values. It reports whether
// the values changed, and when to look again unless that is zero.
func (r *Root) readEnv(now time.Time) (changed bool, again time.Time, wrong *problem.Problem) {
	src, _, err := readText(r.Tree, ".env")
	var values map[string]string
	switch {
	case err == nil && len(src) > 0:
		values, err = variables.ParseFile(src)
	case err == nil || errors.Is(err, fs.ErrNotExist):
		if len(r.Env) == 0 {
			return false, time.Time{}, nil
		}
		if r.envMissing.IsZero() {
			r.envMissing = now
		}
		if again = r.envMissing.Add(envGracePeriod); now.Before(again) {
			return false, again, nil
		}
		r.Env, r.envMissing = nil, time.Time{}
		return true, time.Time{}, nil
	}
	r.envMissing = time.Time{}
	if err != nil {
		return false, time.Time{}, envProblem(r.File(".env"), err)
	}
	changed = !maps.Equal(values, r.Env)
	r.Env = values
	return changed, time.Time{}, nil
}

func envProblem(file string, err error) *problem.Problem {
	var bad *variables.FileError
	if errors.As(err, &bad) {
		return &problem.Problem{Code: problem.CodeVariable, File: file, Line: bad.Line, Message: bad.Error()}
	}
	p := manifest.FileProblem("", file, err)
	return &p
}

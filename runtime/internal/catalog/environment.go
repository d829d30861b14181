package catalog

import (
	"errors"
	"io/fs"
	"time"

	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
)

// envGrace is how long a .env may be missing, or empty, before its values go:
// meanwhile somebody may be replacing it.
const envGrace = 500 * time.Millisecond

// readEnv reads the root's .env; a broken one leaves the last good values. It
// says whether the values changed, and when to look again where that isn't zero.
func (r *root) readEnv(now time.Time) (changed bool, again time.Time, problem *Problem) {
	src, _, err := r.tree.read(".env", maxFile)
	var values map[string]string
	switch {
	case err == nil && len(src) > 0:
		values, err = variables.ParseFile(src)
	case err == nil || errors.Is(err, fs.ErrNotExist):
		if len(r.env) == 0 {
			return false, time.Time{}, nil
		}
		if r.envGone.IsZero() {
			r.envGone = now
		}
		if again = r.envGone.Add(envGrace); now.Before(again) {
			return false, again, nil
		}
		r.env, r.envGone = nil, time.Time{}
		return true, time.Time{}, nil
	}
	r.envGone = time.Time{}
	if err != nil {
		return false, time.Time{}, envProblem(r.file(".env"), err)
	}
	changed = len(values) != len(r.env)
	for name, value := range values {
		if old, ok := r.env[name]; !ok || old != value {
			changed = true
		}
	}
	r.env = values
	return changed, time.Time{}, nil
}

func envProblem(file string, err error) *Problem {
	var bad *variables.FileError
	if errors.As(err, &bad) {
		return &Problem{Code: CodeVariable, File: file, Line: bad.Line, Message: bad.Error()}
	}
	p := fileProblem("", file, err)
	return &p
}

package scan

import (
	"path"
	"strings"

	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/problem"
)

// intended returns the name that a file was probably meant to have, empty if nothing
// is wrong with its own.
func intended(file string) string {
	folded := strings.ToLower(file)
	for right, wrong := range map[string][]string{
		"e.json":      {"e.json", "e.yml", "e.yaml", "e.jsonc", "e.json5", "e.json.txt"},
		"app.json":    {"app.json", "app.yml", "app.yaml", "app.jsonc", "app.json5", "app.json.txt"},
		"lintel.yaml": {"lintel.yaml", "lintel.yml", "lintel.json", "lintel.toml", "lintel.yaml.txt"},
	} {
		for _, name := range wrong {
			if folded == name && file != right {
				return right
			}
		}
	}
	return ""
}

// misnamed warns of files of a directory that nothing reads for their name. Only the
// root holds an app.json and settings.
func (w *walker) misnamed(dir string, l listing) []problem.Problem {
	var problems []problem.Problem
	for _, file := range l.misnamed {
		right := intended(file)
		if (right == "e.json") == (dir == ".") || right == "e.json" && l.has("e.json") {
			continue
		}
		var message string
		switch {
		case strings.EqualFold(file, right):
			message = "nothing reads a file called " + file + ": name it " + right
		case right == "lintel.yaml":
			message = "nothing reads " + file + ": settings are in lintel.yaml"
		default:
			message = "nothing reads " + file + ": write JSON, in a file called " + right
		}
		problems = append(problems, problem.Problem{Code: problem.CodeFile, File: w.root.File(path.Join(dir, file)), Warning: true, Message: message})
	}
	return problems
}

// noApp describes an app.json that can't be read. It names a file that was probably
// meant to be it.
func noApp(t Tree, err error) problem.Problem {
	p := manifest.FileProblem("", "app.json", err)
	if l, listed := t.list("."); listed == nil && !l.has("app.json") {
		for _, file := range l.misnamed {
			if intended(file) == "app.json" {
				p.Message += "; is " + file + " meant to be it? It must be JSON, and be called app.json"
				break
			}
		}
	}
	return p
}

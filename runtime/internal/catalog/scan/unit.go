package scan

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/lintel-run/lintel/internal/strictjson"
	"github.com/lintel-run/lintel/internal/utf8file"
	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/problem"
)

// maxFile bounds e.json, app.json, .env and configuration files.
const maxFile = 1 << 20

// readText reads one of those files. Its text must be UTF-8.
func readText(t Tree, name string) ([]byte, Stamp, error) {
	src, at, err := t.Read(name, maxFile)
	if err == nil {
		src, err = utf8file.Text(src)
	}
	return src, at, err
}

// Unit is the directory of an element as last seen.
type Unit struct {
	Root *Root
	// Dir is its path below the root.
	Dir string
	// Name is the full name, Folded the same in lower case.
	Name, Folded string
	// Version changes when one of its files does.
	Version uint64
	// Manifest is the newest readable e.json. Unreadable tells why it isn't the newest.
	Manifest   *manifest.Manifest
	Unreadable []problem.Problem

	files []fileStamp
	// missing is when e.json was first missed, lacking when defaults.json was.
	missing, lacking time.Time
}

// File returns how problems call one of the unit's files.
func (u *Unit) File(name string) string { return u.Root.File(path.Join(u.Dir, name)) }

// Missing reports whether e.json is gone. The unit stays for a grace period.
func (u *Unit) Missing() bool { return !u.missing.IsZero() }

// Lacking reports whether defaults.json has gone within the grace period.
func (u *Unit) Lacking() bool { return !u.lacking.IsZero() }

// HasDefaults reports whether there is a defaults.json, or was within the grace
// period.
func (u *Unit) HasDefaults() bool { return u.Has("defaults.json") || u.Lacking() }

// Access returns the access modifier as last read.
func (u *Unit) Access() string {
	if u.Manifest == nil {
		return manifest.Public
	}
	return u.Manifest.Access
}

// Has reports whether there is a JSON file of this name.
func (u *Unit) Has(name string) bool {
	if slices.ContainsFunc(u.files, func(f fileStamp) bool { return f.name == name }) {
		return true
	}
	if !strings.Contains(name, "/") {
		return false
	}
	_, err := u.Root.Tree.Stat(path.Join(u.Dir, name))
	return err == nil
}

// ReadJSON reads one of the unit's files.
func (u *Unit) ReadJSON(name string) (*strictjson.Value, *problem.Problem) {
	file := u.File(name)
	src, _, err := readText(u.Root.Tree, path.Join(u.Dir, name))
	var v *strictjson.Value
	if err == nil {
		v, err = strictjson.Parse(file, src)
	}
	if err != nil {
		p := manifest.FileProblem(u.Name, file, err)
		return nil, &p
	}
	return v, nil
}

// ReadObject reads a configuration or defaults.json, without its $schema.
func (u *Unit) ReadObject(name string) (*strictjson.Value, *problem.Problem) {
	v, p := u.ReadJSON(name)
	switch {
	case p != nil:
		return nil, p
	case v.Kind != strictjson.Object:
		return nil, &problem.Problem{Element: u.Name, Code: problem.CodeConfig, File: v.File, Line: v.Line, Message: "a configuration must be an object"}
	}
	return v.Without("$schema"), nil
}

// TypeProblem returns a problem with the "type" of e.json.
func (u *Unit) TypeProblem(message string) *problem.Problem {
	p := &problem.Problem{Element: u.Name, Code: problem.CodeType, File: u.File("e.json"), Pointer: "/type", Message: message}
	if u.Manifest != nil {
		p.Line = u.Manifest.TypeLine
	}
	return p
}

// readManifest reads e.json.
func (u *Unit) readManifest() {
	src, _, err := readText(u.Root.Tree, path.Join(u.Dir, "e.json"))
	if err != nil {
		u.Unreadable = []problem.Problem{manifest.FileProblem(u.Name, u.File("e.json"), err)}
		return
	}
	m, problems := manifest.Parse(u.Name, u.File("e.json"), src)
	if problem.Failed(problems) {
		u.Unreadable = problems
		return
	}
	u.Unreadable = nil
	if u.Manifest == nil || !u.Manifest.Equal(m) {
		u.Manifest = m
		u.stampDeep()
	}
}

// stampDeep adds the stamp of a configuration file further down.
func (u *Unit) stampDeep() {
	if u.Manifest == nil || !strings.Contains(u.Manifest.ConfigFile, "/") {
		return
	}
	name := u.Manifest.ConfigFile
	if slices.ContainsFunc(u.files, func(f fileStamp) bool { return f.name == name }) {
		return
	}
	if at, err := u.Root.Tree.Stat(path.Join(u.Dir, name)); err == nil {
		u.files = append(u.files, fileStamp{name, at})
	}
}

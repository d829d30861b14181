// Package code finds the code of Types: built-in Types, executables beside e.json or
// in the plugin directories, and the descriptions beside them. It knows no
// inheritance and starts nothing.
package code

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/internal/catalog/scan"
	"github.com/lintel-run/lintel/runtime/internal/catalog/schema"
	"github.com/lintel-run/lintel/runtime/problem"
)

const (
	// descriptionSuffix follows the name of an executable in that of its description.
	descriptionSuffix = ".types.json"
	maxDescription    = 4 << 20
)

// The kinds of Entry.
const (
	Builtin = "builtin"
	Exec    = "exec"
)

// Entry is the code of a Type.
type Entry struct {
	// Kind is Builtin or Exec; empty for a Meta.
	Kind string
	// Path is the absolute path of the executable or, with an interpreter, the script.
	Path string
	Args []string
	// Interpreter is a bare name or an absolute path, as in e.json.
	Interpreter string
	// Dir is the absolute directory of the Type that has the code; empty in the
	// official library.
	Dir string
	// Described is the sha256 of the description, in hex.
	Described string
	// Stamp changes when the executable does, when its description does, and for a
	// script when a file with its extension does, in the element's directory or below.
	Stamp string
}

// Equal reports whether both are the same code, unchanged.
func (e Entry) Equal(o Entry) bool {
	return e.Kind == o.Kind && e.Path == o.Path && e.Interpreter == o.Interpreter && e.Dir == o.Dir && e.Stamp == o.Stamp && slices.Equal(e.Args, o.Args)
}

// Described is the description of a Type.
type Described struct {
	Description *elementv1.TypeDescription
	Schema      *schema.Schema
	// Functions are those that callers outside the app may call.
	Functions []element.Function
	// Err tells why the description can't be used.
	Err error
}

func describe(d *elementv1.TypeDescription) *Described {
	s, err := schema.Compile(d.GetConfigSchema())
	if err == nil && d.GetConfigFile() != "" {
		if _, ok := manifest.LocalFile(d.GetConfigFile()); !ok {
			err = errors.New("the name of its configuration file is not a file name")
		}
	}
	return &Described{Description: d, Schema: s, Functions: exposed(d), Err: err}
}

// exposed returns the functions that a description offers to callers outside.
func exposed(d *elementv1.TypeDescription) []element.Function {
	var list []element.Function
	for _, f := range d.GetFunctions() {
		if !f.GetExposed() {
			continue
		}
		out := element.Function{Name: f.GetName(), Title: f.GetTitle(), Desc: f.GetDesc(), ReturnType: f.GetReturnType(), LoginRequired: f.GetLoginRequired(),
			Changes: f.GetChanges() || f.GetRunsToEnd()}
		if text := []byte(f.GetReturnSchema()); json.Valid(text) {
			out.ReturnSchema = text
		}
		for _, a := range f.GetArgs() {
			arg := element.Argument{Name: a.GetName(), Title: a.GetTitle(), DataType: a.GetDataType(), Required: a.GetRequired()}
			if text := a.GetDefaultJson(); text != "" && json.Unmarshal([]byte(text), &arg.Value) != nil {
				arg.Value = nil
			}
			out.Args = append(out.Args, arg)
		}
		list = append(list, out)
	}
	return list
}

// descriptionFile is a description file as last read.
type descriptionFile struct {
	stamp scan.Stamp
	text  string
	sum   string // sha256 of text, in hex
	types []*Described
	err   error
}

// find finds a Type by its full name or that name's last segment.
func (f *descriptionFile) find(name string) *Described {
	for _, match := range []string{name, manifest.LastSegment(name)} {
		for _, t := range f.types {
			if t.Description.GetName() == match {
				return t
			}
		}
	}
	return nil
}

// Finder finds code and keeps the descriptions that it has read. Its methods must not
// be called at the same time.
type Finder struct {
	pinned   Pinned
	dirs     []pluginDir
	files    map[string]*descriptionFile
	builtins map[string]*Described
	// stamps are those of this pass, by where the code is.
	stamps map[string]string
	now    time.Time
}

// pluginDir is a directory of executables, which may not exist yet.
type pluginDir struct {
	dir  string
	tree scan.Tree
}

// Pinned reports whether the description with a sha256, in hex, may be used for a Type of
// an app.
type Pinned func(app, typeName, sum string) bool

// NewFinder returns a Finder that looks up bare names in the plugin directories, in
// order. A nil pinned allows every description.
func NewFinder(pluginDirs []string, pinned Pinned) *Finder {
	f := &Finder{pinned: pinned, files: make(map[string]*descriptionFile), builtins: make(map[string]*Described)}
	for _, dir := range pluginDirs {
		if abs, err := filepath.Abs(dir); err == nil {
			f.dirs = append(f.dirs, pluginDir{abs, scan.Late(abs)})
		}
	}
	return f
}

// Dirs returns the absolute plugin directories.
func (f *Finder) Dirs() []string {
	dirs := make([]string, len(f.dirs))
	for i, d := range f.dirs {
		dirs[i] = d.dir
	}
	return dirs
}

// Begin starts a pass, in which each file is stamped once.
func (f *Finder) Begin(now time.Time) { f.now, f.stamps = now, make(map[string]string) }

// location is where an executable lies: in a root or a plugin directory.
type location struct {
	tree scan.Tree
	dir  string // absolute
	name string // below dir
}

func (at location) path() string { return filepath.Join(at.dir, filepath.FromSlash(at.name)) }

// locate finds the executable of a unit that names one.
func (f *Finder) locate(u *scan.Unit) (at location, found bool) {
	switch c := u.Manifest.Code; c.Kind {
	case manifest.NoCode, manifest.BuiltinCode:
	case manifest.LocalCode:
		at = location{u.Root.Tree, u.Root.Dir, path.Join(u.Dir, c.Name)}
		_, err := at.tree.Stat(at.name)
		return at, err == nil && at.dir != ""
	case manifest.BareCode:
		for _, d := range f.dirs {
			at = location{d.tree, d.dir, c.Name}
			if s, err := at.tree.Stat(at.name); err == nil && !s.Mode.IsDir() {
				return at, true
			}
		}
	}
	return location{}, false
}

// Stamp changes when the code of a Type or its description does.
func (f *Finder) Stamp(u *scan.Unit) string {
	if u.Manifest == nil {
		return ""
	}
	key := u.Manifest.Code.Name
	switch u.Manifest.Code.Kind {
	case manifest.NoCode, manifest.BuiltinCode:
		return ""
	case manifest.LocalCode:
		key = u.Root.Dir + "\x00" + u.Dir + "\x00" + key
	case manifest.BareCode:
	}
	if known, ok := f.stamps[key]; ok {
		return known
	}
	text := "none"
	if at, found := f.locate(u); found {
		text = at.path()
		for _, name := range []string{at.name, at.name + descriptionSuffix} {
			s, err := at.tree.Stat(name)
			switch {
			case err != nil:
				text += " none"
			case name == at.name:
				text += " " + stampOf(u, at, s)
			default:
				text += " " + s.String()
			}
		}
	}
	f.stamps[key] = text
	return text
}

// stampOf changes when the code at a location does, with an interpreter also when
// other scripts do.
func stampOf(u *scan.Unit, at location, s scan.Stamp) string {
	text := s.String()
	if ext := path.Ext(at.name); u.Manifest.Interpreter != "" && ext != "" {
		if scripts := scan.ScriptStamp(at.tree, u.Dir, ext); scripts != "" {
			text += "-" + scripts
		}
	}
	return text
}

// Fail adds a problem with the backendBundleEntry of a unit.
type Fail func(code, format string, args ...any)

// Builtin returns the description of a built-in Type, nil if there is none.
func (f *Finder) Builtin(name string) *Described {
	if known := f.builtins[name]; known != nil {
		return known
	}
	b := element.BuiltinOf(name)
	if b == nil {
		return nil
	}
	f.builtins[name] = describe(b.Description)
	return f.builtins[name]
}

// Executable finds the executable that a unit names, and its description. Either may
// be missing, which fail is called for.
func (f *Finder) Executable(u *scan.Unit, fail Fail) (Entry, *Described) {
	m := u.Manifest
	at, found := f.locate(u)
	if !found {
		if m.Code.Kind == manifest.BareCode {
			fail(problem.CodeExecutable, "there is no %s in the plugin directories", m.Code.Name)
		} else {
			fail(problem.CodeExecutable, "there is no such file in the element's directory")
		}
		return Entry{}, nil
	}
	s, err := at.tree.Stat(at.name)
	switch {
	case err != nil || !s.Mode.IsRegular():
		fail(problem.CodeExecutable, "this is not a regular file")
		return Entry{}, nil
	case m.Interpreter == "" && s.Mode&0o111 == 0:
		fail(problem.CodeExecutable, "the file is not executable")
		return Entry{}, nil
	}
	entry := Entry{Kind: Exec, Path: at.path(), Args: m.Args, Interpreter: m.Interpreter, Stamp: stampOf(u, at, s)}
	if u.Root.Dir != "" {
		entry.Dir = filepath.Join(u.Root.Dir, filepath.FromSlash(u.Dir))
	}
	name := path.Base(at.name) + descriptionSuffix
	file := f.description(at)
	switch {
	case errors.Is(file.err, fs.ErrNotExist):
		fail(problem.CodeDescription, "its description %s is missing beside it", name)
		return entry, nil
	case file.err != nil:
		fail(problem.CodeDescription, "its description %s can't be read: it must be the JSON form of a DescribeResponse", name)
		return entry, nil
	}
	entry.Described = file.sum
	if f.pinned != nil && !f.pinned(u.Root.Owner(), u.Name, file.sum) {
		fail(problem.CodeDescription, "its description %s is not the one that lintel.lock pins; if it was changed on purpose, run lintel lock", name)
		return entry, nil
	}
	own := file.find(u.Name)
	if own == nil {
		fail(problem.CodeDescription, "its description %s lists no Type %s or %s", name, u.Name, manifest.LastSegment(u.Name))
	}
	// What the process may ask of the host depends on the description.
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(file.text))
	entry.Stamp += "-" + strconv.FormatUint(sum.Sum64(), 36)
	return entry, own
}

// description returns the description beside an executable, read again if it changed.
func (f *Finder) description(at location) *descriptionFile {
	name, key := at.name+descriptionSuffix, at.path()
	known := f.files[key]
	readable := known != nil && known.err == nil
	if s, err := at.tree.Stat(name); err == nil && readable && known.stamp == s && !s.Recent(f.now) {
		return known
	}
	text, s, err := at.tree.Read(name, maxDescription)
	if err == nil && readable && known.text == string(text) {
		known.stamp = s
		return known
	}
	next := &descriptionFile{stamp: s, text: string(text), sum: fmt.Sprintf("%x", sha256.Sum256(text)), err: err}
	if err == nil {
		var response elementv1.DescribeResponse
		next.err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(text, &response)
		for _, t := range response.GetTypes() {
			next.types = append(next.types, describe(t))
		}
	}
	f.files[key] = next
	return next
}

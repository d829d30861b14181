package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog/jsonsource"
	"github.com/lintel-run/lintel/runtime/internal/catalog/schema"
)

// descriptionSuffix is what the name of a description adds to its executable's.
const descriptionSuffix = ".types.json"

// described is a Type's description with its schema compiled.
type described struct {
	description *elementv1.TypeDescription
	schema      *schema.Schema
	functions   []Function
	err         error
}

func describe(d *elementv1.TypeDescription) *described {
	s, err := schema.Compile(d.GetConfigSchema())
	if err == nil && d.GetConfigFile() != "" {
		if _, ok := localFile(d.GetConfigFile()); !ok {
			err = errors.New("its configuration file's name is no file name")
		}
	}
	return &described{description: d, schema: s, functions: exposed(d), err: err}
}

// descriptions is one description file as it was read.
type descriptions struct {
	stamp stamp
	src   string
	types []*described
	err   error
}

// of finds a Type by its full name or the last segment of that, as the contract
// has it: another Type's code would refuse to serve it.
func (d *descriptions) of(name string) *described {
	for _, match := range []string{name, lastSegment(name)} {
		for _, t := range d.types {
			if t.description.GetName() == match {
				return t
			}
		}
	}
	return nil
}

// place is where an executable lies: in a root or a plugin directory.
type place struct {
	tree tree
	dir  string // absolute
	name string // below dir
}

func (at place) path() string { return filepath.Join(at.dir, filepath.FromSlash(at.name)) }

// place finds the executable of a unit that has one of its own.
func (p *pass) place(u *unit) (at place, found bool) {
	switch kind, name := classify(u.source.entry); kind {
	case localCode:
		at = place{u.root.tree, u.root.dir, path.Join(u.dir, name)}
		_, err := at.tree.stat(at.name)
		return at, err == nil && at.dir != ""
	case noCode, builtinCode, badCode:
	case bareCode:
		for _, dir := range p.plugins {
			at = place{dir.tree, dir.dir, name}
			if s, err := at.tree.stat(name); err == nil && !s.mode.IsDir() {
				return at, true
			}
		}
	}
	return place{}, false
}

// codeStamp changes when the code of a Type does.
func (p *pass) codeStamp(u *unit) string {
	if u.source == nil {
		return ""
	}
	switch kind, name := classify(u.source.entry); kind {
	case noCode, builtinCode, badCode:
	case localCode, bareCode:
		key := name
		if kind == localCode {
			key = u.root.dir + "\x00" + u.dir + "\x00" + name
		}
		if known, ok := p.stamps[key]; ok {
			return known
		}
		text := "none"
		if at, found := p.place(u); found {
			parts := []string{at.path(), "none", "none"}
			if s, err := at.tree.stat(at.name); err == nil {
				parts[1] = stampOfCode(u, at, s)
			}
			if s, err := at.tree.stat(at.name + descriptionSuffix); err == nil {
				parts[2] = s.String()
			}
			text = strings.Join(parts, " ")
		}
		p.stamps[key] = text
		return text
	}
	return ""
}

// code gives a Type its code: its own, or its base's.
func (p *pass) code(u *unit, e *Element, kind codeKind) []Problem {
	var problems []Problem
	fail := func(code, format string, args ...any) {
		problems = append(problems, Problem{Element: u.name, Code: code, File: e.file, Line: u.source.entryLine,
			Pointer: "/backendBundleEntry", Message: fmt.Sprintf(format, args...)})
	}
	var own *described
	switch kind {
	case noCode:
		if e.above.Rank == Meta {
			fail(CodeExecutable, "a Type of the Meta %s needs code: backendBundleEntry is missing", e.Type)
			break
		}
		e.CodeType, e.CodeApp, e.Entry, e.Description, e.schema = e.above.CodeType, e.above.CodeApp, e.above.Entry, e.above.Description, e.above.schema
		problems = append(problems, e.expose(u, e.above.Functions)...)
	case builtinCode:
		e.CodeType, e.CodeApp, e.Entry = u.name, e.App, Entry{Kind: Builtin}
		if own = p.builtin(u.name); own == nil {
			fail(CodeExecutable, "the runtime has no built-in code for %s", u.name)
		}
	default:
		e.CodeType, e.CodeApp = u.name, e.App
		own = p.executable(u, e, fail)
	}
	if own != nil {
		e.Description, e.schema = own.description, own.schema
		if own.err != nil {
			fail(CodeDescription, "the description of %s can't be used: %s", u.name, own.err)
		}
		problems = append(problems, e.expose(u, own.functions)...)
	}
	return append(problems, p.typeDefaults(u, e)...)
}

// executable finds the file and its description.
func (p *pass) executable(u *unit, e *Element, fail func(code, format string, args ...any)) *described {
	m := u.source
	at, found := p.place(u)
	if !found {
		if kind, name := classify(m.entry); kind == bareCode {
			fail(CodeExecutable, "there is no %s in the plugin directories", name)
		} else {
			fail(CodeExecutable, "there is no such file in the element's directory")
		}
		return nil
	}
	s, err := at.tree.stat(at.name)
	switch {
	case err != nil || !s.mode.IsRegular():
		fail(CodeExecutable, "this is no regular file")
		return nil
	case m.interpreter == "" && s.mode&0o111 == 0:
		fail(CodeExecutable, "the file is not executable")
		return nil
	}
	e.Entry = Entry{Kind: Exec, Path: at.path(), Args: m.args, Interpreter: m.interpreter, Stamp: stampOfCode(u, at, s),
		Dir: filepath.Join(u.root.dir, filepath.FromSlash(u.dir))}
	if u.root.dir == "" {
		e.Entry.Dir = ""
	}
	file := path.Base(at.name) + descriptionSuffix
	list := p.description(at)
	switch {
	case errors.Is(list.err, fs.ErrNotExist):
		fail(CodeDescription, "its description %s is missing beside it", file)
		return nil
	case list.err != nil:
		fail(CodeDescription, "its description %s can't be read: it must be the JSON form of a DescribeResponse", file)
		return nil
	}
	own := list.of(u.name)
	if own == nil {
		fail(CodeDescription, "its description %s lists no Type %s or %s", file, u.name, lastSegment(u.name))
	}
	// What a process may ask of the host follows the description.
	e.Entry.Stamp += "-" + stampOfText(list.src)
	return own
}

// description reads the description beside an executable, once per change.
func (l *Loader) description(at place) *descriptions {
	name, key := at.name+descriptionSuffix, at.path()
	known := l.described[key]
	if s, err := at.tree.stat(name); err == nil && known != nil && known.err == nil && known.stamp == s && !s.fresh(l.now()) {
		return known
	}
	src, s, err := at.tree.read(name, maxDescription)
	if err == nil && known != nil && known.err == nil && known.src == string(src) {
		known.stamp = s
		return known
	}
	next := &descriptions{stamp: s, src: string(src), err: err}
	if err == nil {
		var response elementv1.DescribeResponse
		next.err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(src, &response)
		for _, t := range response.GetTypes() {
			next.types = append(next.types, describe(t))
		}
	}
	l.described[key] = next
	return next
}

// builtin gives the description of a Type in the runtime's own process.
func (l *Loader) builtin(name string) *described {
	if known := l.builtins[name]; known != nil {
		return known
	}
	b := element.BuiltinOf(name)
	if b == nil {
		return nil
	}
	l.builtins[name] = describe(b.Description)
	return l.builtins[name]
}

// typeDefaults reads a Type's defaults.json on top of its base's.
func (p *pass) typeDefaults(u *unit, e *Element) []Problem {
	e.defaults = e.above.defaults
	if _, there := u.stamp("defaults.json"); !there {
		if !u.lacking.IsZero() {
			return []Problem{fileProblem(u.name, u.file("defaults.json"), fs.ErrNotExist)}
		}
		return nil
	}
	own, problem := readObject(u, "defaults.json")
	if problem != nil {
		return []Problem{*problem}
	}
	e.defaults = jsonsource.Merge(e.above.defaults, own)
	if e.schema == nil {
		return nil
	}
	// What the instances' files may still complete is not looked at here.
	var problems []Problem
	for _, f := range e.schema.Validate(own) {
		if f.Unknown {
			problems = append(problems, findingProblem(u.name, own, f))
		}
	}
	return problems
}

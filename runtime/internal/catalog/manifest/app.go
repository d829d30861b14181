package manifest

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/lintel-run/lintel/internal/nearest"
	"github.com/lintel-run/lintel/internal/strictjson"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
	"github.com/lintel-run/lintel/runtime/problem"
)

// App is the content of an app.json.
type App struct {
	AppID     string
	Name      string
	Title     string
	Version   string
	Variables []variables.Declaration
	Extends   []Extension
	// Defaults are the default elements that it names, by kind.
	Defaults map[string]Default
	Warnings []problem.Problem
	// Text is the text of the file.
	Text string
}

// Extension is an entry of "extends".
type Extension struct {
	AppID   string
	Version *semver.Constraints // nil: any
	Path    string
	// Line and Pointer are the place of the entry.
	Line    int
	Pointer string
}

// Default is an entry of "defaultElement".
type Default struct {
	Name string
	Line int
}

// Families are the kinds of default elements, with the Meta of each and the element
// that is provided.
var Families = map[string]struct{ Meta, Provided string }{
	element.DefaultCache:    {"caches.Meta", "caches.Default"},
	element.DefaultDatabase: {"databases.Meta", "databases.Default"},
	element.DefaultCorp:     {"corps.Meta", "corps.Default"},
}

// ParseApp reads the text of an app.json. Problems call it file.
func ParseApp(file string, src []byte) (*App, []problem.Problem) {
	v, err := strictjson.Parse(file, src)
	if err != nil {
		return nil, []problem.Problem{FileProblem("", file, err)}
	}
	var problems []problem.Problem
	if v.Kind != strictjson.Object {
		return nil, []problem.Problem{{Code: problem.CodeApp, File: file, Line: v.Line, Message: "app.json must be an object"}}
	}
	k := keys{object: v, code: problem.CodeApp, problems: &problems}
	k.warnMisspelt(appKeys, "appId")
	a := &App{Text: string(src),
		AppID: k.text("appId", true), Name: k.text("name", false), Title: k.text("title", false),
		Version: k.text("version", false), Variables: k.declarations(), Defaults: map[string]Default{},
	}
	if v.Get("appId") != nil && !problem.Failed(problems) && !appIDPattern.MatchString(a.AppID) {
		k.fail("appId", `"appId" must be an organisation and a name joined by a dot, of letters, digits, _ and -, such as acme.shop, not %q`, clip(a.AppID))
	}
	if a.Name == "" {
		a.Name = LastSegment(a.AppID)
	}
	if a.Title == "" {
		a.Title = a.Name
	}
	for _, in := range k.objects("extends") {
		a.Extends = append(a.Extends, readExtension(in))
	}
	if settings := v.Get("settings"); settings != nil {
		a.readSettings(k.at(settings, "settings"))
	}
	if problem.Failed(problems) {
		return nil, problems
	}
	a.Warnings = append(a.Warnings, problems...)
	return a, nil
}

func readExtension(in keys) Extension {
	in.warnMisspelt(extensionKeys, "appId", "path")
	e := Extension{AppID: in.text("appId", true), Path: in.text("path", true), Line: in.object.Line, Pointer: strictjson.Pointer(in.pointer)}
	if text := in.text("version", false); text != "" {
		rng, err := semver.NewConstraint(text)
		if err != nil {
			in.fail("version", `"version" must be a range of semantic versions, such as ^1.2, not %q`, clip(text))
		}
		e.Version = rng
	}
	if filepath.IsAbs(e.Path) {
		in.fail("path", `"path" must be relative to app.json, not %q`, clip(e.Path))
	}
	return e
}

func (a *App) readSettings(k keys) {
	if k.object.Kind != strictjson.Object {
		k.fail("", `"settings" must be an object, not %s`, shown(k.object))
		return
	}
	k.warnMisspelt([]string{"defaultElement"})
	list := k.object.Get("defaultElement")
	if list == nil {
		return
	}
	in := k.at(list, "defaultElement")
	if list.Kind != strictjson.Object {
		in.fail("", `"defaultElement" must be an object, not %s`, shown(list))
		return
	}
	for _, m := range list.Members {
		if _, known := Families[m.Name]; !known {
			a.Warnings = append(a.Warnings, problem.Problem{Code: problem.CodeApp, File: list.File, Line: m.Line, Warning: true,
				Pointer: strictjson.Pointer(append(in.pointer, m.Name)), Message: unknownDefault(m.Name)})
			continue
		}
		name := in.text(m.Name, false)
		switch {
		case name == "":
		case !ValidName(name):
			in.fail(m.Name, "%q must be the full name of an element, not %q", m.Name, clip(name))
		default:
			a.Defaults[m.Name] = Default{name, m.Line}
		}
	}
}

func unknownDefault(kind string) string {
	if near := nearest.Name(kind, slices.Collect(maps.Keys(Families))); near != "" {
		return fmt.Sprintf("unknown default element %q changes nothing; did you mean %q?", kind, near)
	}
	return fmt.Sprintf("unknown default element %q changes nothing; the known ones are %s", kind, strings.Join(slices.Sorted(maps.Keys(Families)), ", "))
}

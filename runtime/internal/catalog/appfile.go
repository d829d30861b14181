package catalog

import (
	"path/filepath"

	"github.com/Masterminds/semver/v3"

	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog/jsonsource"
	"github.com/lintel-run/lintel/runtime/internal/catalog/variables"
)

// appFile is what an app.json says.
type appFile struct {
	AppID     string
	Name      string
	Title     string
	Version   string
	Variables []variables.Declaration
	extends   []extension
	defaults  map[string]namedDefault
	warnings  []Problem
	src       string
}

type extension struct {
	appID string
	rng   *semver.Constraints
	path  string
	line  int
	// pointer is the entry's place.
	pointer string
}

type namedDefault struct {
	name string
	line int
}

// families of app.json's default elements, and what is provided for each.
var families = map[string]struct{ meta, provided string }{
	element.DefaultCache:    {"caches.Meta", "caches.Default"},
	element.DefaultDatabase: {"databases.Meta", "databases.Default"},
	element.DefaultCorp:     {"corps.Meta", "corps.Default"},
}

// parseApp reads the text of an app.json; file is how problems call it.
func parseApp(file string, src []byte) (*appFile, []Problem) {
	v, err := jsonsource.Parse(file, src)
	if err != nil {
		p := fileProblem("", file, err)
		return nil, []Problem{p}
	}
	var problems []Problem
	if v.Kind != jsonsource.Object {
		return nil, []Problem{{Code: CodeApp, File: file, Line: v.Line, Message: "app.json must be an object"}}
	}
	k := keys{object: v, code: CodeApp, problems: &problems}
	a := &appFile{
		AppID: k.text("appId", true), Name: k.text("name", false), Title: k.text("title", false),
		Version: k.text("version", false), Variables: k.declarations(), defaults: map[string]namedDefault{},
	}
	if v.Get("appId") != nil && !failed(problems) && !appIDPattern.MatchString(a.AppID) {
		k.fail("appId", `"appId" must be an organisation and a name joined by a dot, of letters, digits, _ and -`)
	}
	if a.Name == "" {
		a.Name = lastSegment(a.AppID)
	}
	if a.Title == "" {
		a.Title = a.Name
	}
	for _, in := range k.objects("extends") {
		a.extends = append(a.extends, readExtension(in))
	}
	if settings := v.Get("settings"); settings != nil {
		a.readSettings(k.at(settings, "settings"))
	}
	if failed(problems) {
		return nil, problems
	}
	return a, nil
}

func readExtension(in keys) extension {
	e := extension{appID: in.text("appId", true), path: in.text("path", true), line: in.object.Line, pointer: jsonsource.Pointer(in.pointer)}
	if text := in.text("version", false); text != "" {
		rng, err := semver.NewConstraint(text)
		if err != nil {
			in.fail("version", `"version" must be a range of semantic versions, such as ^1.2`)
		}
		e.rng = rng
	}
	if filepath.IsAbs(e.path) {
		in.fail("path", `"path" must be relative to app.json`)
	}
	return e
}

func (a *appFile) readSettings(k keys) {
	if k.object.Kind != jsonsource.Object {
		k.fail("", `"settings" must be an object`)
		return
	}
	list := k.object.Get("defaultElement")
	if list == nil {
		return
	}
	in := k.at(list, "defaultElement")
	if list.Kind != jsonsource.Object {
		in.fail("", `"defaultElement" must be an object`)
		return
	}
	for _, m := range list.Members {
		if _, known := families[m.Name]; !known {
			a.warnings = append(a.warnings, Problem{Code: CodeApp, File: list.File, Line: m.Line, Warning: true,
				Pointer: jsonsource.Pointer(append(in.pointer, m.Name)), Message: "this default element is not known here and changes nothing"})
			continue
		}
		name := in.text(m.Name, false)
		switch {
		case name == "":
		case !ValidName(name):
			in.fail(m.Name, "%q must be the full name of an element", m.Name)
		default:
			a.defaults[m.Name] = namedDefault{name, m.Line}
		}
	}
}

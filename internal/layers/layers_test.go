// Package layers_test holds the imports of every package to the table of
// docs/architecture.md, "What it doesn't know".
package layers_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/lintel-run/lintel"

// rule lists what the packages of one room must not import. "a/..." is package a and
// those below it. Packages of this module must not be imported indirectly, either;
// "std:" marks packages that count only if imported directly.
type rule struct {
	room      string // the row's first cell
	ignorance string // the row's last cell
	packages  []string
	except    []string
	forbidden []string
}

// httpEnds are the families' ends of HTTP.
var httpEnds = []string{
	"elements/auths/loginTypes/services/sessionhttp", "elements/SMS/receipts", "elements/SMS/outboxpage", "elements/caches/idempotency",
}

var rules = []rule{
	{
		room: "plugins/", ignorance: "the runtime, any element",
		packages: []string{"plugins/..."}, forbidden: []string{"runtime/...", "elements/...", "server/...", "web/...", "cmd/..."},
	},
	{
		room: "runtime", ignorance: "HTTP, vendors, phones, any element",
		packages: []string{"runtime/..."}, forbidden: []string{"elements/...", "server/...", "web/...", "cmd/...", "std:net/http"},
	},
	{
		room: "runtime/element", ignorance: "any particular Type, the rest of the runtime",
		packages: []string{"runtime/element"}, forbidden: []string{"elements/...", "runtime/..."},
	},
	{
		room: "runtime/errortable, runtime/problem", ignorance: "the rest of the runtime",
		packages: []string{"runtime/errortable", "runtime/problem"}, forbidden: []string{"runtime/..."},
	},
	{
		room: "runtime/internal/catalog", ignorance: "processes",
		packages: []string{"runtime/internal/catalog/..."}, forbidden: []string{"runtime", "runtime/internal/plugin/...", "std:os/exec"},
	},
	{
		room: "runtime/internal/plugin", ignorance: "the file system of apps",
		packages: []string{"runtime/internal/plugin/..."}, forbidden: []string{"runtime", "runtime/internal/catalog/..."},
	},
	{
		room: "elements/", ignorance: "HTTP, the server, the pages, App",
		packages: []string{"elements/..."}, except: httpEnds, forbidden: []string{"runtime", "runtime/internal/...", "server/...", "web/...", "cmd/..."},
	},
	{
		room: "elements/standard", ignorance: "HTTP, the server, the pages, App",
		packages: []string{"elements/standard"}, forbidden: append([]string{"runtime", "server/...", "web/..."}, httpEnds...),
	},
	{
		room: strings.Join(httpEnds, ", "), ignorance: "the server, the pages, each other",
		packages: httpEnds, forbidden: append([]string{"server", "web/...", "cmd/..."}, httpEnds...),
	},
	{
		room: "server/extension", ignorance: "the server, the pages, any element",
		packages: []string{"server/extension"}, forbidden: []string{"server", "web/...", "elements/...", "cmd/..."},
	},
	{
		room: "server", ignorance: "the pages, any element",
		packages: []string{"server/..."}, forbidden: []string{"web/...", "elements/...", "cmd/..."},
	},
	{
		room: "web", ignorance: "the server, any element",
		packages: []string{"web/..."}, forbidden: []string{"server", "elements/...", "cmd/..."},
	},
	{
		room: "cmd/lintel-types", ignorance: "the runtime, the server",
		packages: []string{"cmd/lintel-types"}, forbidden: []string{"runtime/...", "server/...", "web/..."},
	},
	{
		room: "internal/admission, internal/children, internal/decimal, internal/memo, internal/nearest, internal/outbound, internal/seal, internal/strictjson, internal/utf8file", ignorance: "everything else",
		packages:  []string{"internal/admission", "internal/children", "internal/decimal", "internal/memo", "internal/nearest", "internal/outbound", "internal/seal", "internal/strictjson", "internal/utf8file"},
		forbidden: []string{"plugins/...", "runtime/...", "elements/...", "server/...", "web/...", "cmd/...", "internal/..."},
	},
	{
		room: "test/blackbox, test/browser, test/clients", ignorance: "what they test",
		packages: []string{"test/blackbox", "test/browser", "test/clients"}, forbidden: []string{"runtime/...", "elements/...", "plugins/...", "server/...", "web/...", "cmd/..."},
	},
}

func TestNoPackageImportsWhatItDoesNotKnow(t *testing.T) {
	packages := load(t)
	for _, r := range rules {
		t.Run(r.room, func(t *testing.T) {
			checked := 0
			for _, p := range packages {
				name, ok := strings.CutPrefix(p.ImportPath, module+"/")
				if !ok || !matchesAny(r.packages, name) || matchesAny(r.except, name) {
					continue
				}
				checked++
				for _, dep := range p.Deps {
					if dep, ours := strings.CutPrefix(dep, module+"/"); ours && dep != name && matchesAny(r.forbidden, dep) {
						t.Errorf("%s imports %s, directly or not", name, dep)
					}
				}
				for _, dep := range p.Imports {
					if slices.Contains(r.forbidden, "std:"+dep) {
						t.Errorf("%s imports %s", name, dep)
					}
				}
			}
			require.NotZero(t, checked, "no such packages")
		})
	}
}

func TestTheTableOfTheDocumentationIsTheOneThatIsChecked(t *testing.T) {
	text, err := os.ReadFile("../../docs/architecture.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "| What it doesn't know |")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	documented := make(map[string]string)
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 {
			continue
		}
		room, ignorance := plain(cells[0]), plain(cells[2])
		if strings.Trim(ignorance, "-") != "" {
			documented[room] = ignorance
		}
	}
	checked := make(map[string]string)
	for _, r := range rules {
		checked[r.room] = r.ignorance
	}
	require.Equal(t, checked, documented)
}

func TestTheDocumentationNamesRealPackages(t *testing.T) {
	text, err := os.ReadFile("../../docs/architecture.md")
	require.NoError(t, err)
	for _, match := range regexp.MustCompile("`((?:cmd|plugins|runtime|elements|server|web|clients|examples|internal|test|docs)/[^`*…]*)`").FindAllStringSubmatch(string(text), -1) {
		if !strings.HasSuffix(match[1], "/NAME") {
			_, err := os.Stat("../../" + match[1])
			require.NoError(t, err)
		}
	}
}

// plain returns a cell's text without its markup.
func plain(cell string) string { return strings.TrimSpace(strings.ReplaceAll(cell, "`", "")) }

type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func load(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps", "./...")
	cmd.Dir = "../.."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var packages []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		below, all := strings.CutSuffix(pattern, "/...")
		return name == below || all && strings.HasPrefix(name, below+"/")
	})
}

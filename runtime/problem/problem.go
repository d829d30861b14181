// Package problem describes what is wrong with an app or one of its elements. It
// knows neither how problems are found nor how they are shown.
package problem

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is something wrong with an element or the app.
type Problem struct {
	// Element is a full name; empty means the app.
	Element string `json:"element,omitempty"`
	// Code is a short stable name for the kind of problem, one of the Code constants.
	Code string `json:"code"`
	// File is relative to the app's root; that of a parent begins with its appId and a
	// colon, that of the official library with "library:". Line counts from 1. Pointer
	// is a JSON pointer. Each may be missing.
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Pointer string `json:"pointer,omitempty"`
	// Message holds no secret and no path outside the roots.
	Message string `json:"message"`
	// Warning means that the element serves all the same.
	Warning bool `json:"warning,omitempty"`
	// Serving means that the last good configuration goes on serving.
	Serving bool `json:"serving,omitempty"`
}

// The codes of problems.
const (
	CodeApp         = "app"         // app.json, or that of a parent
	CodeName        = "name"        // a directory's name, or two elements of one name
	CodeFile        = "file"        // a file is missing, unreadable or outside its root
	CodeSyntax      = "syntax"      // a file isn't JSON
	CodeDefinition  = "definition"  // a key of e.json
	CodeType        = "type"        // type names nothing, the wrong rank, or a cycle
	CodeProtected   = "protected"   // a protected element can't be replaced
	CodeFunctions   = "functions"   // functionList adds or lowers something
	CodeExecutable  = "executable"  // the code of a Type is missing
	CodeDescription = "description" // the description of a Type is missing or unreadable
	CodeConfig      = "config"      // a configuration doesn't match its schema
	CodeErrors      = "errors"      // errors.json of a Meta
	CodeVariable    = "variable"    // a variable has no value
	CodeReference   = "reference"   // a configuration names an element that doesn't exist
	CodeLimit       = "limit"       // something is too large, too deep or too many
	CodePlugin      = "plugin"      // a changed executable could not be started
	CodeConfigure   = "configure"   // a Type could not take or rejected a configuration
)

// Error returns "file:line: pointer: message".
func (p Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": ")
	}
	if p.Pointer != "" {
		b.WriteString(p.Pointer + ": ")
	}
	return b.String() + p.Message
}

// List is an error made of several problems.
type List []Problem

// Error returns a line for each problem.
func (ps List) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Failed reports whether any of the problems is more than a warning.
func Failed(ps []Problem) bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return !p.Warning })
}

// Sort orders problems by element and place.
func Sort(ps []Problem) {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Element, b.Element), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Pointer, b.Pointer))
	})
}

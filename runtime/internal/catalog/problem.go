package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/runtime/internal/catalog/jsonsource"
)

// Problem is something wrong with an element or the app.
type Problem struct {
	// Element's full name; empty: the app.
	Element string `json:"element,omitempty"`
	// Code is a short stable name, one of the Code constants.
	Code string `json:"code"`
	// File below the app's root, with line from 1, and JSON pointer where they
	// apply. A parent's file begins with its appId and a colon, the official
	// library's with "library:".
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Pointer string `json:"pointer,omitempty"`
	// Message holds no secret and no path outside the roots.
	Message string `json:"message"`
	// Warning: it serves all the same.
	Warning bool `json:"warning,omitempty"`
	// Serving: the element's last good generation still serves.
	Serving bool `json:"serving,omitempty"`
}

// The codes of problems.
const (
	// CodeApp: app.json, or a parent's.
	CodeApp = "app"
	// CodeName: a directory's name, or two elements of one name.
	CodeName = "name"
	// CodeFile: a file is missing, unreadable, too large or outside its root.
	CodeFile = "file"
	// CodeSyntax: a file is no JSON.
	CodeSyntax = "syntax"
	// CodeDefinition: a key of e.json.
	CodeDefinition = "definition"
	// CodeType: type names nothing, or an element of the wrong rank, or a cycle.
	CodeType = "type"
	// CodeProtected: a protected element can't be replaced.
	CodeProtected = "protected"
	// CodeFunctions: functionList adds or lowers something.
	CodeFunctions = "functions"
	// CodeExecutable: a Type's code is missing.
	CodeExecutable = "executable"
	// CodeDescription: a Type's description is missing or unreadable.
	CodeDescription = "description"
	// CodeErrors: the error codes of a family.
	CodeErrors = "errors"
	// CodeConfig: a configuration doesn't fit its schema.
	CodeConfig = "config"
	// CodeVariable: a variable has no value.
	CodeVariable = "variable"
	// CodeReference: a configuration names an element that isn't there.
	CodeReference = "reference"
	// CodeLimit: something is too large, too deep or too many.
	CodeLimit = "limit"
)

// Error is "file:line: message".
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

// Problems is an error made of several. New returns it.
type Problems []Problem

// Error is one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// failed says whether any of the problems is more than a warning.
func failed(ps []Problem) bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return !p.Warning })
}

func sortProblems(ps []Problem) {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Element, b.Element), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Pointer, b.Pointer))
	})
}

// errLimit and errIrregular are in the chain of what trees return.
var (
	errLimit     = errors.New("too large")
	errIrregular = errors.New("not a regular file")
)

// fileProblem words an error of reading a file.
func fileProblem(element, file string, err error) Problem {
	p := Problem{Element: element, File: file, Code: CodeFile}
	var syntax *jsonsource.SyntaxError
	switch {
	case errors.As(err, &syntax):
		p.Code, p.Line, p.Pointer, p.Message = CodeSyntax, syntax.Line, syntax.Pointer, syntax.Message
	case errors.Is(err, errLimit):
		p.Code, p.Message = CodeLimit, "the file is larger than allowed"
	case errors.Is(err, errIrregular):
		p.Message = "this is no regular file"
	case errors.Is(err, fs.ErrNotExist):
		p.Message = "the file is missing"
	case errors.Is(err, fs.ErrPermission):
		p.Message = "the file may not be read"
	case strings.Contains(err.Error(), "escapes from parent"):
		p.Message = "the name or link leads outside the app's directory"
	default:
		p.Message = "the file can't be read"
	}
	return p
}

package manifest

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/lintel-run/lintel/internal/strictjson"
	"github.com/lintel-run/lintel/internal/utf8file"
	"github.com/lintel-run/lintel/runtime/problem"
)

// Errors of reading a file.
var (
	ErrTooLarge  = errors.New("too large")
	ErrIrregular = errors.New("not a regular file")
)

// FileProblem describes an error of reading a file.
func FileProblem(element, file string, err error) problem.Problem {
	p := problem.Problem{Element: element, File: file, Code: problem.CodeFile}
	var syntax *strictjson.SyntaxError
	var encoding *utf8file.Error
	switch {
	case errors.As(err, &encoding):
		p.Code, p.Line, p.Message = problem.CodeSyntax, encoding.Line, encoding.Error()
	case errors.As(err, &syntax):
		p.Code, p.Line, p.Pointer, p.Message = problem.CodeSyntax, syntax.Line, syntax.Pointer, syntax.Message
	case errors.Is(err, ErrTooLarge):
		p.Code, p.Message = problem.CodeLimit, "the file is larger than allowed"
	case errors.Is(err, ErrIrregular):
		p.Message = "this is not a regular file"
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

package catalog

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/lintel-run/lintel/internal/strictjson"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/errortable"
	"github.com/lintel-run/lintel/runtime/internal/catalog/configure"
	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
	"github.com/lintel-run/lintel/runtime/internal/catalog/scan"
	"github.com/lintel-run/lintel/runtime/internal/catalog/schema"
	"github.com/lintel-run/lintel/runtime/problem"
)

// errorsFile holds the error codes of a family, beside its Meta.
const errorsFile = "errors.json"

// ownCodes are those that the server answers itself. errors.schema.json reserves the
// numbers below 21000 for them.
var ownCodes = []errcode.Code{
	errcode.Internal, errcode.Params, errcode.LoginRequired, errcode.Forbidden, errcode.ElementNotFound,
	errcode.FunctionNotFound, errcode.ElementUnavailable, errcode.StoreUnavailable, errcode.DeadlineExceeded,
}

var codeName = regexp.MustCompile(`^[A-Z][A-Z0-9_]{2,63}$`)

//go:embed errors.schema.json
var errorsSchemaText string

var errorsSchema = sync.OnceValue(func() *schema.Schema {
	s, err := schema.Compile(errorsSchemaText)
	if err != nil {
		panic(err) // embedded
	}
	return s
})

// familyErrors are the codes that a Meta declares.
type familyErrors struct {
	file  string
	table errortable.Table
	lines map[errcode.Code]int
}

// readErrors reads the errors.json of a Meta, nil if it has none.
func readErrors(u *scan.Unit) (*familyErrors, []problem.Problem) {
	if !u.Has(errorsFile) {
		return nil, nil
	}
	v, wrong := u.ReadJSON(errorsFile)
	if wrong != nil {
		return nil, []problem.Problem{*wrong}
	}
	var problems []problem.Problem
	for _, finding := range errorsSchema().Validate(v) {
		found := configure.Problem(u.Name, v, finding)
		found.Code = problem.CodeErrors
		problems = append(problems, found)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	codes := v.Get("errors").Members
	for _, m := range codes {
		if !codeName.MatchString(m.Name) {
			problems = append(problems, problem.Problem{Element: u.Name, Code: problem.CodeErrors, File: u.File(errorsFile), Line: m.Line, Pointer: strictjson.Pointer([]string{"errors", m.Name}),
				Message: "a code is 3 to 64 capital letters, digits and _, such as FAX_BUSY"})
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	var declared struct {
		Errors errortable.Table `json:"errors"`
	}
	if err := json.Unmarshal(manifest.Compact(v), &declared); err != nil {
		return nil, []problem.Problem{{Element: u.Name, Code: problem.CodeErrors, File: u.File(errorsFile), Message: "the file doesn't hold error codes"}}
	}
	f := &familyErrors{file: u.File(errorsFile), table: declared.Errors, lines: make(map[errcode.Code]int)}
	for _, m := range codes {
		f.lines[errcode.Code(m.Name)] = m.Line
	}
	return f, nil
}

// claim is the place where a code, or a number, was declared first.
type claim struct {
	family *familyErrors
	code   errcode.Code
}

func (c claim) String() string { return fmt.Sprintf("%s:%d", c.family.file, c.family.lines[c.code]) }

// errorTable joins the codes of all Metas. If two declare the same code or number, the
// first has it: that of the library, then the first by name.
func (s *Snapshot) errorTable() {
	metas := slices.DeleteFunc(append(s.Elements(), s.Others()...), func(e *Element) bool { return e.errors == nil || e.Broken })
	slices.SortStableFunc(metas, func(a, b *Element) int { return cmp.Compare(min(len(a.App), 1), min(len(b.App), 1)) })
	free := 0
	for _, meta := range metas {
		for _, entry := range meta.errors.table {
			free = max(free, entry.Number+1)
		}
	}
	s.Errors = make(errortable.Table)
	codes, numbers := make(map[errcode.Code]claim), make(map[int]claim)
	for _, meta := range metas {
		for _, code := range slices.Sorted(maps.Keys(meta.errors.table)) {
			entry, own := meta.errors.table[code], claim{meta.errors, code}
			byCode, codeTaken := codes[code]
			byNumber, numberTaken := numbers[entry.Number]
			var message string
			switch {
			case slices.Contains(ownCodes, code):
				message = fmt.Sprintf("%s is a code of the runtime; give the family's code a name of its own", code)
			case codeTaken:
				message = fmt.Sprintf("%s is declared in %s too; give one of them another name", code, byCode)
			case numberTaken && byNumber.family != meta.errors:
				message = fmt.Sprintf("%s has the number %d of %s in %s; %d is free", code, entry.Number, byNumber.code, byNumber, free)
			default:
				s.Errors[code], codes[code], numbers[entry.Number] = entry, own, own
				continue
			}
			s.Problems = append(s.Problems, problem.Problem{Element: meta.FullName, Code: problem.CodeErrors, File: meta.errors.file, Line: meta.errors.lines[code],
				Pointer: strictjson.Pointer([]string{"errors", string(code)}), Message: message, Serving: true})
		}
	}
}

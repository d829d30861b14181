package codes

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheConstantsAreTheCodesOfTheMeta(t *testing.T) {
	text, err := os.ReadFile("../Meta/errors.json")
	require.NoError(t, err)
	var declared struct{ Errors map[string]any }
	require.NoError(t, json.Unmarshal(text, &declared))
	var want []string
	for code := range declared.Errors {
		want = append(want, code)
	}

	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	require.NoError(t, err)
	var have []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			have = append(have, code)
		}
		return true
	})
	require.ElementsMatch(t, want, have)
}

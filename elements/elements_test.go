package elements_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
)

// This package doesn't import elements/standard.
func TestOpenNamesTheMissingImport(t *testing.T) {
	_, err := runtime.Open(t.Context(), t.TempDir())
	require.ErrorIs(t, err, errcode.Params)
	require.ErrorContains(t, err, `import _ "github.com/lintel-run/lintel/elements/standard"`)
	_, err = runtime.Validate(t.TempDir())
	require.ErrorContains(t, err, "elements/standard")
}

package phone

import (
	"go/build"
	"testing"

	"github.com/stretchr/testify/require"
)

// The host links this package, and libphonenumber's tables cost memory.
func TestOnlyTheStandardLibraryIsImported(t *testing.T) {
	p, err := build.ImportDir(".", 0)
	require.NoError(t, err)
	for _, path := range p.Imports {
		require.NotContains(t, path, ".", "an import from outside the standard library")
	}
}

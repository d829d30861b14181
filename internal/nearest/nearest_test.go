package nearest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{"timout": "timeout", "Timeout": "timeout", "itmeout": "timeout", "x": "", "completely": ""} {
		require.Equal(t, want, Name(name, []string{"timeout", "url"}), name)
	}
}

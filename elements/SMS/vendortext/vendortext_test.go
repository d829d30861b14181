package vendortext_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/vendortext"
)

func TestClean(t *testing.T) {
	private := []string{"493027", "5", ""}
	for word, want := range map[string]string{"isv.OK": "isv.OK", "": "", "a\r\nb\x00灯c": "abc", "in 5 minutes": "in 5 minutes", strings.Repeat("x", 500): strings.Repeat("x", 128)} {
		got, ok := vendortext.Clean(word, private)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	for _, word := range []string{"493027", "code=493027;", strings.Repeat("x", 500) + "493027"} {
		got, ok := vendortext.Clean(word, private)
		require.False(t, ok)
		require.Empty(t, got)
	}
}

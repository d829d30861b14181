package variables

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseFileQuotesNothing(t *testing.T) {
	values, err := ParseFile([]byte("\xef\xbb\xbf# comment\nA=1\nexport B='x y'\r\nC=\n"))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"A": "1", "B": "x y", "C": ""}, values)
	for text, line := range map[string]int{
		"A='hunter2":                  1,
		"hunter2":                     1,
		"hunter2-!=x":                 1,
		"A=1\n\n# c\nhunter2\nB=2\n":  4,
		"A=\"x\ny\"\nB='hunter2\nC=3": 3,
		strings.Repeat("A=1\n", maxSearched+1) + "hunter2": 0,
	} {
		_, err := ParseFile([]byte(text))
		var bad *FileError
		require.ErrorAs(t, err, &bad, text)
		require.Equal(t, line, bad.Line, text)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

// A generated key, or a hash, may well hold a $ and capitals.
func TestADollarInAFileIsADollar(t *testing.T) {
	for text, want := range map[string]string{
		`$2a$10$N9qo8uLOickgx2ZMRZoMye`:   `$2a$10$N9qo8uLOickgx2ZMRZoMye`,
		`'$HOME'`:                         `$HOME`,
		`"a$HOME b"`:                      `a$HOME b`,
		`"a\$B"`:                          `a$B`,
		"p${X}$(id)\ue000q # a comment $": "p${X}$(id)\ue000q",
		`{{A}}"`:                          `{{A}}"`,
	} {
		values, err := ParseFile([]byte("HOME=/h\nB=b\nV=" + text + "\n"))
		require.NoError(t, err, text)
		require.Equal(t, want, values["V"])
	}
}

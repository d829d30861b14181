package normaltype

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/corps"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func TestCorp(t *testing.T) {
	env := element.Env{Element: "corps.acme", Title: "Instance"}
	for _, test := range []struct {
		config, title string
		allow         bool
	}{
		{`{}`, "Instance", true},
		{`{"title": "Acme"}`, "Acme", true},
		{`{"title": "Acme", "allowJoin": 0}`, "Acme", false},
		{`{"allowJoin": 1}`, "Instance", true},
	} {
		i, err := element.BuiltinOf(Name).Open(t.Context(), env, json.RawMessage(test.config))
		require.NoError(t, err)
		c := i.(corps.Corp)
		require.Equal(t, "corps.acme", c.FullName())
		require.Equal(t, test.title, c.Title())
		require.Equal(t, test.allow, c.AllowJoin())
		title, err := i.Get(t.Context(), "title")
		require.NoError(t, err)
		require.Equal(t, test.title, title)
		allow, err := i.Get(t.Context(), "allowJoin")
		require.NoError(t, err)
		require.Equal(t, test.allow, allow)
		_, err = i.Get(t.Context(), "other")
		require.ErrorIs(t, err, errcode.FunctionNotFound)
		_, err = i.Call(t.Context(), "other", nil)
		require.ErrorIs(t, err, errcode.FunctionNotFound)
		require.NoError(t, i.Close())
	}
}

package runtime

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

func sendFunction() function {
	return &elementv1.Function{Name: "send", Args: []*elementv1.Argument{
		{Name: "phone", DataType: "Phone", Required: true},
		{Name: "times", DataType: "Numeric", DefaultJson: "3"},
		{Name: "extra", DataType: "JitDict"},
	}}
}

func TestBindTakesArgumentsInOrderOrByName(t *testing.T) {
	want := Args{"phone": "138", "times": 2.0}
	inOrder, err := bind(sendFunction(), []any{"138", 2.0})
	require.NoError(t, err)
	require.Equal(t, want, inOrder)
	byName, err := bind(sendFunction(), []any{Args{"times": 2.0, "phone": "138"}})
	require.NoError(t, err)
	require.Equal(t, want, byName)
}

func TestNoTextIsUnstorable(t *testing.T) {
	text := func(dataType string) function {
		return &elementv1.Function{Name: "f", Args: []*elementv1.Argument{{Name: "a", DataType: dataType}, {Name: "b", DataType: dataType}}}
	}
	for _, bad := range []string{"\x00", "x\x00", "\x00x", "x\xff", "\xc0\x80", "\xed\xa0\x80"} {
		dict, list := map[string]any{"k": []any{map[string]any{"k": bad}}}, []any{"x", []any{bad}}
		for dataType, values := range map[string][]any{
			"Stext": {bad}, "Ltext": {bad}, "JitDict": {dict, map[string]any{bad: 1.0}}, "RowData": {dict}, "JitList": {list},
		} {
			for _, value := range values {
				_, err := bind(text(dataType), []any{value})
				e, ok := errcode.As(err)
				require.True(t, ok, "%s %q", dataType, value)
				require.Equal(t, errcode.Params, e.Code)
				require.Equal(t, "a", e.Details["arg"])
				require.NotContains(t, e.Message, bad)
				_, err = bind(text(dataType), []any{Args{"b": value}})
				e, _ = errcode.As(err)
				require.Equal(t, "b", e.Details["arg"])
			}
		}
	}
	_, err := bind(text("JitDict"), []any{map[string]any{"k": []string{"\x00"}}})
	require.ErrorIs(t, err, errcode.Params, "Go values too")
	_, err = bind(text("JitList"), []any{[]string{"\x00"}})
	require.ErrorIs(t, err, errcode.Params)
	_, err = bind(text("Phone"), []any{"138\x00"})
	require.NoError(t, err, "the login's Type refuses it as a phone")
	for _, good := range []string{"", "\x01", "\ufeff", "\ufffd", "名", "\u202d1"} {
		_, err := bind(text("Ltext"), []any{good})
		require.NoError(t, err, "%q", good)
	}
}

func TestBindFillsDefaults(t *testing.T) {
	bound, err := bind(sendFunction(), []any{"138"})
	require.NoError(t, err)
	require.Equal(t, Args{"phone": "138", "times": 3.0}, bound)
}

func TestBindNamesTheArgumentThatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		args []any
		arg  any
	}{
		"missing":    {[]any{}, "phone"},
		"null":       {[]any{nil}, "phone"},
		"wrong type": {[]any{138}, "phone"},
		"undeclared": {[]any{Args{"phone": "138", "nick": "x"}}, "nick"},
		"too many":   {[]any{"138", 1, map[string]any{}, "x"}, "4"},
		"a long name is clipped": {
			[]any{Args{"phone": "138", strings.Repeat("é", 100): "x"}}, strings.Repeat("é", 32) + "…",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := bind(sendFunction(), test.args)
			e, ok := errcode.As(err)
			require.True(t, ok)
			require.Equal(t, errcode.Params, e.Code)
			require.Equal(t, test.arg, e.Details["arg"])
		})
	}
}

func TestTyped(t *testing.T) {
	long := strings.Repeat("长", 256)
	for _, test := range []struct {
		dataType string
		value    any
		want     any
		ok       bool
	}{
		{"Stext", strings.Repeat("长", 255), strings.Repeat("长", 255), true},
		{"Stext", long, nil, false},
		{"Ltext", long, long, true},
		{"Numeric", 1.5, 1.5, true},
		{"Numeric", 7, 7.0, true},
		{"Numeric", json.Number("12"), json.Number("12"), true},
		{"Numeric", math.NaN(), nil, false},
		{"Numeric", "7", nil, false},
		{"Numeric", true, nil, false},
		{"Checkbox", true, true, true},
		{"Checkbox", 0, false, true},
		{"Checkbox", json.Number("1"), true, true},
		{"Checkbox", 2, nil, false},
		{"Checkbox", "1", nil, false},
		{"JitDict", map[string]any{"a": 1}, map[string]any{"a": 1}, true},
		{"JitDict", struct{ A int }{1}, map[string]any{"A": 1.0}, true},
		{"JitDict", []any{}, nil, false},
		{"RowData", map[string]any{}, map[string]any{}, true},
		{"JitList", []string{"a"}, []any{"a"}, true},
		{"JitList", map[string]any{}, nil, false},
		{"Unknown", "x", nil, false},
	} {
		got, ok := typed(test.dataType, test.value)
		require.Equal(t, test.ok, ok, "%s %T", test.dataType, test.value)
		if ok {
			require.Equal(t, test.want, got)
		}
	}
}

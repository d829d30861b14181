package server

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
)

func TestNestingIsBounded(t *testing.T) {
	nested := func(n int) []byte { return []byte(strings.Repeat(`{"a":`, n-1) + "{}" + strings.Repeat("}", n-1)) }
	_, err := decodeArgs(nested(deepestBody))
	require.NoError(t, err)
	_, err = decodeArgs(nested(deepestBody + 1))
	require.ErrorIs(t, err, errcode.Params)
	_, err = decodeArgs([]byte(`{"a":` + strings.Repeat("[", deepestBody) + strings.Repeat("]", deepestBody) + `}`))
	require.ErrorIs(t, err, errcode.Params)
}

// FuzzDecodeArgs checks that what decodeArgs accepts means the same to the standard
// library and repeats no key, and that a refusal has a code.
func FuzzDecodeArgs(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"a":1,"a":2}`, `{"a":{"b":[1,"x",null,true]}}`, `{"a":1}x`, `[]`, `{"\u0061":1,"a":2}`,
		"{\"\xff\":1}", `{"a":1e400}`, `{"\ud800":1}`, `{"a" 1}`, `{"a":[1 2]}`, strings.Repeat(`{"a":`, 50),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		args, err := decodeArgs(body)
		if err != nil {
			if errcode.Of(err) != errcode.Params {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		if len(body) == 0 {
			return
		}
		if !utf8.Valid(body) {
			t.Fatalf("%q is not UTF-8", body)
		}
		var want map[string]any
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("%q: the standard library says %v", body, err)
		}
		if !reflect.DeepEqual(map[string]any(args), want) {
			t.Fatalf("%q: %v, want %v", body, args, want)
		}
		again, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeArgs(again); err != nil && len(again) <= longestBody {
			t.Fatalf("%q was taken, but not what it means: %v", body, err)
		}
	})
}

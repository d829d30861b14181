package smscode

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
)

func TestTheCodesAreThoseOfTheMeta(t *testing.T) {
	text, err := os.ReadFile("../Meta/errors.json")
	require.NoError(t, err)
	var table struct{ Errors map[errcode.Code]any }
	require.NoError(t, json.Unmarshal(text, &table))
	require.ElementsMatch(t, []errcode.Code{Params, Refused, Failed}, slices.Collect(maps.Keys(table.Errors)))
}

func TestReached(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"refused by the vendor": {errcode.New(Refused, "no").With(RefusalReason, string(Balance)), true},
		"refused before it":     {errcode.New(Refused, "no").With(Outcome, errcode.OutcomeNotExecuted), false},
		"parameters":            {errcode.New(Params, "no"), false},
		"not executed":          {errcode.Unavailable(errcode.OutcomeNotExecuted, "down"), false},
		"perhaps executed":      {errcode.Unavailable(errcode.OutcomeUnknown, "down"), true},
		"unknown":               {errcode.New(Failed, "?"), true},
		"without any code":      {errors.New("x"), true},
	} {
		require.Equal(t, tt.want, Reached(tt.err), name)
	}
}

func TestUnsent(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"refused":          {errcode.New(Refused, "no"), true},
		"parameters":       {errcode.New(Params, "no"), true},
		"the call's own":   {errcode.New(errcode.Params, "no"), true},
		"no such element":  {errcode.New(errcode.ElementNotFound, "no"), true},
		"not executed":     {errcode.Unavailable(errcode.OutcomeNotExecuted, "down"), true},
		"perhaps executed": {errcode.Unavailable(errcode.OutcomeUnknown, "down"), false},
		"unknown":          {errcode.New(Failed, "?"), false},
		"out of time":      {errcode.New(errcode.DeadlineExceeded, "late"), false},
		"internal":         {errcode.New(errcode.Internal, "x"), false},
		"without any code": {errors.New("x"), false},
		"no error":         {nil, false},
	} {
		require.Equal(t, tt.want, Unsent(tt.err), name)
	}
}

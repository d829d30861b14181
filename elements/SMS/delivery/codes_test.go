package delivery_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

func TestACodeCoversThoseBelowIt(t *testing.T) {
	codes := delivery.NewCodes(map[delivery.Reason][]string{
		delivery.Auth:        {"Auth"},
		delivery.Balance:     {"Auth.Arrears"},
		delivery.Throttled:   {"Limit", "Limit.Number"},
		delivery.Unavailable: {"Busy"},
	}, map[string]delivery.Limit{"Limit.Number": {Scope: delivery.ScopeNumber, Wait: time.Minute}}, "Internal")
	for _, c := range []struct {
		code   string
		status int
		want   delivery.Status
		reason delivery.Reason
		scope  delivery.Scope
		wait   time.Duration
	}{
		{"Auth", 200, delivery.StatusRefused, delivery.Auth, "", 0},
		{"Auth.Expired.Long", 200, delivery.StatusRefused, delivery.Auth, "", 0},
		{"Auth.Arrears", 200, delivery.StatusRefused, delivery.Balance, "", 0},
		{"Authority", 200, delivery.StatusRefused, delivery.Other, "", 0},
		{"Limit.App", 429, delivery.StatusRefused, delivery.Throttled, delivery.ScopeAccount, 0},
		{"Limit.Number", 200, delivery.StatusRefused, delivery.Throttled, delivery.ScopeNumber, time.Minute},
		{"Limit.Number.Day", 200, delivery.StatusRefused, delivery.Throttled, delivery.ScopeNumber, time.Minute},
		{"Busy", 200, delivery.StatusRefused, delivery.Unavailable, "", 0},
		// Why the vendor wouldn't send is an answer with any status; its own failures aren't.
		{"Auth", 500, delivery.StatusRefused, delivery.Auth, "", 0},
		{"Busy", 503, delivery.StatusUnknown, "", "", 0},
		{"New", 500, delivery.StatusUnknown, "", "", 0},
		{"Internal.Timeout", 200, delivery.StatusUnknown, "", "", 0},
		{"Auth", 302, delivery.StatusUnknown, "", "", 0},
	} {
		o := codes.Outcome(c.code, c.status)
		require.Equal(t, []any{c.want, c.reason, c.scope, c.wait, c.code}, []any{o.Status(), o.Reason, o.Scope, o.Wait, o.Code}, "%s %d", c.code, c.status)
	}
}

func TestATableWithAMistakePanics(t *testing.T) {
	require.Panics(t, func() {
		delivery.NewCodes(map[delivery.Reason][]string{delivery.Auth: {"A"}, delivery.Number: {"A"}}, nil)
	})
	require.Panics(t, func() { delivery.NewCodes(map[delivery.Reason][]string{delivery.Auth: {"A"}}, nil, "A") })
	require.Panics(t, func() {
		delivery.NewCodes(map[delivery.Reason][]string{delivery.Auth: {"A"}}, map[string]delivery.Limit{"A": {}})
	})
}

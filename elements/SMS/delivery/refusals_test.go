package delivery_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

func TestACodeCoversThoseBelowIt(t *testing.T) {
	table := delivery.NewRefusals(map[smscode.Reason][]string{
		smscode.Auth:        {"Auth"},
		smscode.Balance:     {"Auth.Arrears"},
		smscode.Throttled:   {"Limit", "Limit.Number"},
		smscode.Unavailable: {"Busy"},
	}, map[string]delivery.Limit{"Limit.Number": {Scope: smscode.ScopeNumber, Wait: time.Minute}}, "Internal")
	for _, c := range []struct {
		code   string
		status int
		want   delivery.Status
		reason smscode.Reason
		scope  smscode.Scope
		wait   time.Duration
	}{
		{"Auth", 200, delivery.StatusRefused, smscode.Auth, "", 0},
		{"Auth.Expired.Long", 200, delivery.StatusRefused, smscode.Auth, "", 0},
		{"Auth.Arrears", 200, delivery.StatusRefused, smscode.Balance, "", 0},
		{"Authority", 200, delivery.StatusRefused, smscode.Other, "", 0},
		{"Limit.App", 429, delivery.StatusRefused, smscode.Throttled, smscode.ScopeAccount, 0},
		{"Limit.Number", 200, delivery.StatusRefused, smscode.Throttled, smscode.ScopeNumber, time.Minute},
		{"Limit.Number.Day", 200, delivery.StatusRefused, smscode.Throttled, smscode.ScopeNumber, time.Minute},
		{"Busy", 200, delivery.StatusRefused, smscode.Unavailable, "", 0},
		// A code that says why the vendor refused counts with any status; its own failure
		// doesn't.
		{"Auth", 500, delivery.StatusRefused, smscode.Auth, "", 0},
		{"Busy", 503, delivery.StatusUnknown, "", "", 0},
		{"New", 500, delivery.StatusUnknown, "", "", 0},
		{"Internal.Timeout", 200, delivery.StatusUnknown, "", "", 0},
		{"Auth", 302, delivery.StatusUnknown, "", "", 0},
	} {
		o := table.Outcome(c.code, c.status)
		require.Equal(t, []any{c.want, c.reason, c.scope, c.wait, c.code}, []any{o.Status(), o.Reason, o.Scope, o.Wait, o.Code}, "%s %d", c.code, c.status)
	}
}

func TestATableWithAMistakePanics(t *testing.T) {
	require.Panics(t, func() {
		delivery.NewRefusals(map[smscode.Reason][]string{smscode.Auth: {"A"}, smscode.Number: {"A"}}, nil)
	})
	require.Panics(t, func() { delivery.NewRefusals(map[smscode.Reason][]string{smscode.Auth: {"A"}}, nil, "A") })
	require.Panics(t, func() {
		delivery.NewRefusals(map[smscode.Reason][]string{smscode.Auth: {"A"}}, map[string]delivery.Limit{"A": {}})
	})
}

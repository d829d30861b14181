package plugin

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// A plugin that doesn't serve Carrier, as one in another language, is served all the
// same.
func TestWithAndWithoutCarrier(t *testing.T) {
	for name, args := range map[string][]string{"carried": nil, "uncarried": {"uncarried"}} {
		t.Run(name, func(t *testing.T) {
			calls := &asked{call: func(context.Context, element.Call, string, string, json.RawMessage) (json.RawMessage, error) {
				return json.RawMessage(`"nested"`), nil
			}}
			h, _ := testHost(t, Config{Calls: calls, Services: family("test.Meta")})
			p := h.Process(hostileSpec(args...))
			configure(t, p, 1, `{"a":1}`)
			require.JSONEq(t, `{"a":1}`, mustCall(t, p, "config", nil))
			require.Equal(t, "nested", mustCall(t, p, "nest", map[string]string{"element": "x", "function": "f"}))
			require.Len(t, mustCall(t, p, "big", map[string]string{"bytes": "8000000"}), 8_000_000)
			_, err := call(testContext(t), p, "error", nil)
			require.ErrorIs(t, err, errcode.Code("SMS_REFUSED"))
			_, err = call(testContext(t), p, "no such function", nil)
			require.ErrorIs(t, err, errcode.FunctionNotFound)

			before := p.State().PID
			_, err = call(testContext(t), p, "exit", nil)
			requireOutcome(t, err, errcode.OutcomeUnknown)
			require.JSONEq(t, `{"a":1}`, mustCall(t, p, "config", nil))
			require.NotEqual(t, before, p.State().PID)
			before = p.State().PID
			_, err = call(testContext(t), p, "freeze", nil)
			requireOutcome(t, err, errcode.OutcomeUnknown)
			mustCall(t, p, "echo", nil)
			require.NotEqual(t, before, p.State().PID)
		})
	}
}

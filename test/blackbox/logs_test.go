package blackbox_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// Each line of the log, from the host and from plugins, has keys in snake_case and no
// empty value: after sends, refusals, a crash, reloads good and bad, and a stop.
func TestLogFieldsAreSnakeCaseAndNotEmpty(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.Open(1, blackbox.Start{Args: []string{"--log-format", "json"}})
	s := shop.Servers[0]
	c := s.Client()
	p := shop.SignUp(blackbox.Login)
	c.Call(blackbox.Login, "sendMessage", blackbox.Args{"phone": p.Phone})
	c.Call(blackbox.Login, "sendMessage", blackbox.Args{"phone": "12"}).Fails(t, http.StatusBadRequest, "PHONE_INVALID")
	c.Call(blackbox.Login, "nothing", nil)

	killPlugin(t, s, loginType)
	blackbox.Eventually(t, 10*time.Second, "the crash is logged", func() bool { return strings.Contains(s.Log(), "plugin ended") })
	shop.SetLogin(map[string]any{"resendInterval": 7})
	blackbox.Eventually(t, 10*time.Second, "the change is used", func() bool { return strings.Contains(s.Log(), "configuration changed") })
	shop.SetLogin(map[string]any{"resendInterval": "never"})
	blackbox.Eventually(t, 10*time.Second, "the bad change is logged", func() bool { return strings.Contains(s.Log(), "last good configuration kept") })
	s.Stop()

	lines := 0
	for line := range strings.Lines(s.Log()) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		lines++
		var fields map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &fields), line)
		for key, value := range fields {
			require.Regexp(t, snakeCase, key, line)
			require.NotContains(t, []any{"", nil}, value, "%s in %s", key, line)
		}
	}
	require.Greater(t, lines, 10, s.Log())
}

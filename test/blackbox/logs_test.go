package blackbox_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// fieldsOfPlugins are all that a line from a plugin may have. Its own are below "plugin".
var fieldsOfPlugins = []string{"time", "level", "msg", "type", "stream", "element", "request_id", "trace_id", "plugin"}

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
	p.Call(blackbox.Sessions, "currentUser", nil).OK(t)

	killPlugin(t, s, loginType)
	blackbox.Eventually(t, 10*time.Second, "the crash is logged", func() bool { return strings.Contains(s.Log(), "plugin ended") })
	shop.SetLogin(map[string]any{"resendInterval": 7})
	blackbox.Eventually(t, 10*time.Second, "the change is used", func() bool { return strings.Contains(s.Log(), "configuration changed") })
	shop.SetLogin(map[string]any{"resendInterval": "never"})
	blackbox.Eventually(t, 10*time.Second, "the bad change is logged", func() bool { return strings.Contains(s.Log(), "last good configuration kept") })
	s.Stop()

	lines, ofTheUser := 0, 0
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
			if fields["stream"] != nil {
				require.Contains(t, fieldsOfPlugins, key, line)
			}
		}
		if fields["user_id"] == p.UserID && fields["session_id"] != nil {
			ofTheUser++
		}
		require.NotContains(t, line, p.Phone)
	}
	require.NotZero(t, ofTheUser, "a request's line has user and session")
	require.Greater(t, lines, 10, s.Log())
}

// At any load, each send has the line of its vendor's Type in the log.
func TestNoLineOfABusyPluginIsLost(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.Open(1, blackbox.Start{Args: []string{"--log-format", "json"}})
	c := shop.Visitor()
	sends := blackbox.Rounds(2000, 20_000)
	begun := time.Now()
	var next atomic.Int64
	blackbox.AtOnce(64, func(int) {
		for next.Add(1) <= int64(sends) {
			spelt, _ := blackbox.Phone()
			c.Send(spelt).OK(t)
		}
	})
	t.Logf("%.0f sends a second", float64(sends)/time.Since(begun).Seconds())
	accepted := func() (n int) {
		for line := range strings.Lines(shop.Log()) {
			var fields struct {
				Message   string `json:"msg"`
				RequestID string `json:"request_id"`
			}
			if json.Unmarshal([]byte(line), &fields) == nil && fields.Message == "sms accepted" && fields.RequestID != "" {
				n++
			}
		}
		return n
	}
	blackbox.Eventually(t, time.Minute, "all lines", func() bool { return accepted() == sends })
	require.NotContains(t, shop.Log(), "dropped")
}

package blackbox_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
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

// metric returns the value of a metric without labels.
func metric(t *testing.T, s *blackbox.Server, name string) (value float64) {
	t.Helper()
	_, text := s.Operator("/metrics")
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			_, err := fmt.Sscan(rest, &value)
			require.NoError(t, err)
			return value
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// Whoever reads the log may go away: the server lives on and counts.
func TestTheLogsReaderGoesAway(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	read, write, err := os.Pipe()
	require.NoError(t, err)
	shop.Open(1, blackbox.Start{Stderr: write})
	require.NoError(t, write.Close())
	shop.SignUp(blackbox.Login)
	require.NoError(t, read.Close())
	for range 20 {
		shop.SignUp(blackbox.Login)
	}
	require.Positive(t, metric(t, shop.Servers[0], "lintel_log_lines_dropped_total"))
	shop.Servers[0].Signal(syscall.SIGTERM)
	require.Equal(t, 0, shop.Servers[0].Exit())
}

// The log's reader may stall: no request waits, and the number of lost lines is logged when
// it reads again.
func TestTheLogsReaderStalls(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	shop.Open(1, blackbox.Start{Stderr: write})
	require.NoError(t, write.Close())
	s := shop.Servers[0]
	for metric(t, s, "lintel_log_lines_dropped_total") == 0 {
		blackbox.AtOnce(16, func(int) {
			for range 500 {
				s.Client().Call(blackbox.Login, "getLoginConfig", nil).OK(t)
			}
		})
	}
	shop.SignUp(blackbox.Login)
	missed := make(chan string)
	go func() {
		defer close(missed)
		lines := bufio.NewScanner(read)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "log lines were dropped") {
				missed <- lines.Text()
				return
			}
		}
	}()
	select {
	case line := <-missed:
		require.Regexp(t, ` lines=\d+$`, line)
	case <-time.After(time.Minute):
		t.Fatal("nothing says that lines were dropped")
	}
}

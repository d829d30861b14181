package redact_test

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/cmd/lintel/internal/redact"
)

type person struct{ Phone string }

type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.StringValue("+14155550132") }

func TestMasksWhatMayNotBeRead(t *testing.T) {
	tests := []struct {
		name  string
		log   func(*slog.Logger)
		shows string
		hides string
	}{
		{"a phone in the message", func(l *slog.Logger) { l.Info("sent to 13800138000.") }, "138****8000", "13800138000"},
		{"with its country code", func(l *slog.Logger) { l.Info("x", "to", "+8613800138000") }, "8000", "13800138000"},
		{"spelt with dashes", func(l *slog.Logger) { l.Info("x", "to", "138-0013-8000") }, "138****8000", "0013"},
		{"two in a row", func(l *slog.Logger) { l.Info("13800138000,13900139000") }, "139****9000", "13900139000"},
		{"of another country", func(l *slog.Logger) { l.Info("x", "to", "+14155550132") }, "32", "4155550132"},
		{"in an error", func(l *slog.Logger) { l.Info("x", "error", errors.New("no 13800138000")) }, "138****8000", "13800138000"},
		{"in a struct", func(l *slog.Logger) { l.Info("x", "who", person{"13800138000"}) }, "138****8000", "13800138000"},
		{"in a list", func(l *slog.Logger) { l.Info("x", "who", []string{"13800138000"}) }, "138****8000", "13800138000"},
		{"in a group", func(l *slog.Logger) { l.Info("x", slog.Group("g", "p", "13800138000")) }, "g.p=138****8000", "13800138000"},
		{"behind a LogValuer", func(l *slog.Logger) { l.Info("x", "v", valuer{}) }, "v=", "4155550132"},
		{"an attribute of the logger", func(l *slog.Logger) { l.With("p", "13800138000").Info("x") }, "138****8000", "13800138000"},
		{"under a group of the logger", func(l *slog.Logger) { l.WithGroup("g").Info("x", "accessSecret", "hunter2") }, "[masked]", "hunter2"},
		{"a secret by its name", func(l *slog.Logger) { l.Info("x", "refresh_token", "abc") }, "[masked]", "abc"},
		{"a verification code", func(l *slog.Logger) { l.Info("x", "code", "012345") }, "[masked]", "012345"},
		{"a bearer token", func(l *slog.Logger) { l.Info("x", "header", "Bearer abcdefghijkl") }, "Bearer [masked]", "abcdefghijkl"},
		{"a JWT", func(l *slog.Logger) { l.Info("got eyJhbGciOi.eyJzdWIi.c2ln") }, "[masked]", "eyJzdWIi"},
		{"a password in an address", func(l *slog.Logger) { l.Info("x", "url", "redis://u:hunter2@db:6379/0") }, "redis://u:[masked]@db:6379/0", "hunter2"},
		{"a signed query", func(l *slog.Logger) { l.Info("GET /?a=1&Signature=zzz&b=2") }, "Signature=[masked]&b=2", "zzz"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			test.log(slog.New(redact.New(slog.NewTextHandler(&out, nil))))
			require.Contains(t, out.String(), test.shows)
			require.NotContains(t, out.String(), test.hides)
		})
	}
}

func TestLeavesTheRestAlone(t *testing.T) {
	var out bytes.Buffer
	remove := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(redact.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: remove})))
	logger.Info("reloaded",
		"element", "SMS.aliyunSms", "code", "SEND_TOO_FREQUENT", "ms", int64(1754983379088),
		"requestId", "0194a1b2-c3d4-7e5f-8a9b-0123456789ab", "took", 3*time.Millisecond, "nothing", nil,
		"address", "127.0.0.1:8080", "url", "https://gw.example:8443/send", "masked", "138****8000")
	require.Equal(t, `level=INFO msg=reloaded element=SMS.aliyunSms code=SEND_TOO_FREQUENT ms=1754983379088`+
		` requestId=0194a1b2-c3d4-7e5f-8a9b-0123456789ab took=3ms nothing=<nil>`+
		` address=127.0.0.1:8080 url=https://gw.example:8443/send masked=138****8000`+"\n", out.String())
}

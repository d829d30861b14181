package logging_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/lintel-run/lintel/cmd/lintel/internal/logging"
)

type person struct{ Phone string }

type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.StringValue("+14155550132") }

type emptyValuer struct{}

func (emptyValuer) LogValue() slog.Value { return slog.StringValue("") }

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
		{"a phone as a plugin's number", func(l *slog.Logger) { l.Info("x", slog.Group("plugin", "p", json.Number("13800138000"))) }, "plugin.p=138****8000", "13800138000"},
		{"a code as a plugin's number", func(l *slog.Logger) { l.Info("x", slog.Group("plugin", "code", json.Number("123456"))) }, "plugin.code=[masked]", "123456"},
		{"a phone in a key", func(l *slog.Logger) { l.Info("x", slog.Group("plugin", "of 13800138000", 1)) }, "138****8000", "13800138000"},
		{"a signed query", func(l *slog.Logger) { l.Info("GET /?a=1&Signature=zzz&b=2") }, "Signature=[masked]&b=2", "zzz"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			test.log(slog.New(logging.NewHandler(&out, false, slog.LevelInfo)))
			require.Contains(t, out.String(), test.shows)
			require.NotContains(t, out.String(), test.hides)
		})
	}
}

func TestALineNamesItsTrace(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(logging.NewHandler(&out, true, slog.LevelInfo)).With("a", 1)
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, 2}, SpanID: trace.SpanID{3}})
	logger.InfoContext(trace.ContextWithSpanContext(t.Context(), span), "traced")
	require.Contains(t, out.String(), `"trace_id":"01020000000000000000000000000000"`)
	out.Reset()
	logger.InfoContext(t.Context(), "not traced")
	require.NotContains(t, out.String(), "trace_id")
}

func TestLeavesTheRestAlone(t *testing.T) {
	var out bytes.Buffer
	slog.New(logging.NewHandler(&out, false, slog.LevelInfo)).Info("reloaded",
		"element", "SMS.aliyunSms", "code", "SEND_TOO_FREQUENT", "ms", int64(1754983379088),
		"request_id", "0194a1b2-c3d4-7e5f-8a9b-0123456789ab", "took", 3*time.Millisecond, "count", 0, "found", false,
		"address", "127.0.0.1:8080", "url", "https://gw.example:8443/send", "masked", "138****8000")
	_, line, _ := strings.Cut(out.String(), " ")
	require.Equal(t, `level=INFO msg=reloaded element=SMS.aliyunSms code=SEND_TOO_FREQUENT ms=1754983379088`+
		` request_id=0194a1b2-c3d4-7e5f-8a9b-0123456789ab took=3ms count=0 found=false`+
		` address=127.0.0.1:8080 url=https://gw.example:8443/send masked=138****8000`+"\n", line)
}

func TestEmptyAttributesAreLeftOut(t *testing.T) {
	for name, value := range map[string]any{
		"a text": "", "nil": nil, "an error": error(nil), "a list": []string{}, "a map": map[string]any{}, "a LogValuer": emptyValuer{},
	} {
		var out bytes.Buffer
		logger := slog.New(logging.NewHandler(&out, true, slog.LevelInfo))
		logger.With("a", value).WithGroup("g").Info("x", "b", value, slog.Group("c", "d", value), "e", 1)
		var line map[string]any
		require.NoError(t, json.Unmarshal(out.Bytes(), &line))
		delete(line, slog.TimeKey)
		require.Equal(t, map[string]any{"level": "INFO", "msg": "x", "g": map[string]any{"e": 1.0}}, line, name)
	}
}

func BenchmarkLine(b *testing.B) {
	logger := slog.New(logging.NewHandler(io.Discard, true, slog.LevelInfo)).With("element", "SMS.aliyunSms")
	b.ReportAllocs()
	for b.Loop() {
		logger.Info("call", "function", "sendMessage", "request_id", "0194a1b2-c3d4-7e5f-8a9b-0123456789ab",
			"duration_ms", 12, "code", "SEND_TOO_FREQUENT", "user_id", "")
	}
}

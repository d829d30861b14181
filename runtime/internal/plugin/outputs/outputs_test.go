package outputs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLinesAreBoundedAndFoundAgain(t *testing.T) {
	var got []string
	l := NewLines(func(line []byte) { got = append(got, string(line)) })
	write := func(text string) {
		n, err := l.Write([]byte(text))
		require.NoError(t, err)
		require.Equal(t, len(text), n)
	}
	write("a")
	write("b\r\n\n")
	write(strings.Repeat("x", MaxLine-1))
	write("xyz")
	write(strings.Repeat("z", 3*MaxLine))
	write("end\nnext\nlast")
	l.Flush()
	l.Flush()
	require.Equal(t, []string{"ab", strings.Repeat("x", MaxLine), "next", "last"}, got)
}

func logged(t *testing.T, raw string) map[string]any {
	t.Helper()
	var buf bytes.Buffer
	log := NewLog(slog.New(slog.NewJSONHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug})), DefaultLimits())
	_, _ = log.Stream("stderr").Write([]byte(raw + "\n"))
	var line map[string]any
	require.NoError(t, json.Unmarshal(buf.Bytes(), &line))
	return line
}

func TestEntries(t *testing.T) {
	tests := []struct{ raw, level, message string }{
		{`plain`, "INFO", "plain"},
		{`[WARN] careful`, "WARN", "careful"},
		{`[other] thing`, "INFO", "[other] thing"},
		{`panic: oh`, "ERROR", "panic: oh"},
		{`{"@level":"error","@message":"m","@timestamp":"t","n":1,"s":"v"}`, "ERROR", "m"},
		{`{"@message": 5}`, "INFO", `{"@message": 5}`},
		{`{"@level": 7, "@message": "m", "@timestamp": {}}`, "INFO", "m"},
		{`{"@message":"half`, "INFO", `{"@message":"half`},
		{"esc\x1b[2J bell\x07 bad\xff tab\there \u202e", "INFO", "esc\ufffd[2J bell\ufffd bad\ufffd tab here \ufffd"},
		{`{"@message":"a\nb"}`, "INFO", "a\ufffdb"},
	}
	for _, tt := range tests {
		line := logged(t, tt.raw)
		require.Equal(t, tt.level, line["level"], tt.raw)
		require.Equal(t, tt.message, line["msg"], tt.raw)
	}
	line := logged(t, tests[4].raw)
	require.Equal(t, "v", line["s"])
	require.InDelta(t, 1, line["n"], 0)
}

func TestAttributesAreBounded(t *testing.T) {
	fields := map[string]any{"long": strings.Repeat("l", 10_000), "deep": map[string]any{"a": []any{1}}}
	for i := range 40 {
		fields[fmt.Sprintf("k%02d", i)] = true
	}
	attrs := Attributes(fields)
	require.Len(t, attrs, maxAttributes)
	for _, a := range attrs {
		require.LessOrEqual(t, len(a.Value.String()), maxAttribute+len("…"))
	}
}

func TestFloodIsCutAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var buf bytes.Buffer
		limits := DefaultLimits()
		log := NewLog(slog.New(slog.NewTextHandler(&buf, nil)), limits)
		stream := log.Stream("stderr")
		for i := range 10_000 {
			_, _ = fmt.Fprintf(stream, "line %d\n", i)
		}
		require.Equal(t, int(2*limits.LinesPerSecond), strings.Count(buf.String(), "line "))
		last := log.Last()
		require.Len(t, last, limits.Kept)
		require.Equal(t, "line 9936", last[0])
		require.Equal(t, "line 9999", last[len(last)-1], "what was dropped is kept for a crash report")
		time.Sleep(time.Second)
		_, _ = fmt.Fprintln(stream, "after")
		require.Contains(t, buf.String(), "lines=9600")
		require.Contains(t, buf.String(), "after")
	})
}

func TestFewHugeLinesAreCutToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var buf bytes.Buffer
		log := NewLog(slog.New(slog.NewTextHandler(&buf, nil)), DefaultLimits())
		stream := log.Stream("stdout")
		for range 200 {
			_, _ = stream.Write([]byte(strings.Repeat("h", MaxLine) + "\n"))
		}
		require.Less(t, buf.Len(), 3<<20)
	})
}

func FuzzEntry(f *testing.F) {
	f.Add([]byte(`{"@message":5}`))
	f.Add([]byte("[ERROR] x"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e := parse(raw)
		if strings.ContainsAny(e.message, "\n\r\x1b\x00") {
			t.Fatalf("not printable: %q", e.message)
		}
	})
}

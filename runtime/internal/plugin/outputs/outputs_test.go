package outputs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
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

// knownCall knows one call.
func knownCall(id string) []slog.Attr {
	if id != "c-1" {
		return nil
	}
	return []slog.Attr{slog.String("element", "a.b"), slog.String("request_id", "r-1")}
}

func logged(t *testing.T, raw string) map[string]any {
	t.Helper()
	var buf bytes.Buffer
	log := NewLog(slog.New(slog.NewJSONHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug})), DefaultLimits(), knownCall)
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
	require.Equal(t, map[string]any{"s": "v", "n": 1.0}, line["plugin"])
}

// No field of a plugin stands where the host's stand, whatever its name.
func TestAPluginsFieldsForgeNothing(t *testing.T) {
	nested := `{"@message":"m","a":` + strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000) + "}"
	for _, raw := range []string{
		`{"@message":"m","time":"2020","level":"ERROR","msg":"the store is down","source":"x","type":"SMS.Other","stream":"host","element":"SMS.other","request_id":"r-9","trace_id":"t","error":"e"}`,
		`{"@message":"m","plugin":{"level":"ERROR"},"plugin.x":1,"":2," ":3,"a\nb":4,"x=1 level":"ERROR","\"msg\"":5}`,
		`{"@message":"m","level":"a","level":"b","@level":"info","@level":"error","element":{"element":["x"]}}`,
		`{"@message":"m\ntime=2020 level=ERROR msg=forged","v":"\n{\"level\":\"ERROR\"}\u2028"}`,
		`{"@message":"m","@call":"another's","element":"SMS.other","request_id":"r-9"}`,
		`{"@message":"m","@call":{"a":1},"n":` + strings.Repeat("9", 400) + `}`,
		`{"@message":"m"} {"level":"ERROR"}`,
		`{"time":"2020","level":"ERROR","msg":"no line of a plugin","element":"x"}`,
		nested,
		strings.Repeat(`{"@message":"m","a":`, 3000),
	} {
		line := logged(t, raw)
		for key := range line {
			require.Contains(t, []string{"time", "level", "msg", "stream", "plugin"}, key, raw)
		}
		require.NotContains(t, line["time"], "2020")
		require.Equal(t, "stderr", line["stream"])

		var text bytes.Buffer
		log := NewLog(slog.New(slog.NewTextHandler(&text, nil)), DefaultLimits(), knownCall)
		_, _ = log.Stream("stderr").Write([]byte(raw + "\n"))
		require.Equal(t, 1, strings.Count(text.String(), "\n"), "one line")
		require.Regexp(t, `^time=\S+ level=\S+ msg=("([^"\\]|\\.)*"|\S+) stream=stderr( plugin\.\S+=("([^"\\]|\\.)*"|\S+)| "plugin\.([^"\\]|\\.)*"=("([^"\\]|\\.)*"|\S+))*\n$`, text.String())
	}
}

// A line that names a call of the process has the host's word for it, once.
func TestALineOfACallHasItsElementAndRequest(t *testing.T) {
	line := logged(t, `{"@message":"m","@call":"c-1","element":"a.b","request_id":"r-9","n":12345678901234567890}`)
	require.Equal(t, "a.b", line["element"])
	require.Equal(t, "r-1", line["request_id"])
	require.Equal(t, "r-9", line["plugin"].(map[string]any)["request_id"])
	require.NotContains(t, line["plugin"], "element")
	line = logged(t, `{"@message":"m","@call":"c-1","element":"a.b","request_id":"r-1"}`)
	require.NotContains(t, line, "plugin")
}

func TestAttributesAreBounded(t *testing.T) {
	fields := map[string]any{"long": strings.Repeat("l", 10_000), "deep": map[string]any{"a": []any{1}}}
	for i := range 40 {
		fields[fmt.Sprintf("k%02d", i)] = true
	}
	attrs := Attribute(fields, nil).Value.Group()
	require.Len(t, attrs, maxAttributes)
	for _, a := range attrs {
		require.LessOrEqual(t, len(a.Value.String()), maxAttribute+len("…"))
	}
}

// lockedBuffer is a buffer that the goroutine of a timer writes to as well.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func TestFloodIsCutAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var buf lockedBuffer
		limits := DefaultLimits()
		log := NewLog(slog.New(slog.NewTextHandler(&buf, nil)), limits, nil)
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
		synctest.Wait()
		require.Contains(t, buf.String(), "lines=9600 info=9600\n", "without another line")
		_, _ = fmt.Fprintln(stream, "after")
		require.Contains(t, buf.String(), "after")
	})
}

// A flood of lines displaces no warning, and losses are logged by level.
func TestAFloodDisplacesNoWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var buf lockedBuffer
		log := NewLog(slog.New(slog.NewTextHandler(&buf, nil)), DefaultLimits(), nil)
		stream := log.Stream("stderr")
		for i := range 1000 {
			_, _ = fmt.Fprintf(stream, "line %d\n[DEBUG] not logged %d\n", i, i)
			_, _ = fmt.Fprintf(stream, `{"@message":"debug %d", "@level": "debug"}`+"\n", i)
		}
		for i := range 300 {
			_, _ = fmt.Fprintf(stream, "[WARN] warning %d\n"+`{"a":1,"@message":"failure %d","@level": "error"}`+"\n", i, i)
		}
		log.Close()
		require.Equal(t, 200, strings.Count(buf.String(), "warning "))
		require.Equal(t, 200, strings.Count(buf.String(), "failure "))
		require.NotContains(t, buf.String(), "debug ")
		require.Contains(t, buf.String(), "lines=800 info=600 warn=100 error=100\n")
		log.Close()
		require.Equal(t, 1, strings.Count(buf.String(), "dropped"))
	})
}

// A process that serves many calls may log some lines for each.
func TestABusyProcessLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var buf lockedBuffer
		limits := DefaultLimits()
		log := NewLog(slog.New(slog.NewTextHandler(&buf, nil)), limits, nil)
		stream := log.Stream("stderr")
		const calls = 3000
		for range calls {
			log.Served()
			for range int(limits.LinesPerCall) / 2 {
				_, _ = fmt.Fprintf(stream, `{"@level":"info","@message":"a line","x":%q}`+"\n", strings.Repeat("x", 500))
			}
		}
		require.Equal(t, calls*int(limits.LinesPerCall)/2, strings.Count(buf.String(), "a line"))
		time.Sleep(10 * reportInterval)
		require.NotContains(t, buf.String(), "dropped")
		// What a flood may use of that is bounded.
		buf.Reset()
		for range 100_000 {
			log.Served()
		}
		for range 100_000 {
			_, _ = fmt.Fprintln(stream, "a line")
		}
		require.LessOrEqual(t, strings.Count(buf.String(), "a line"), savedCalls*int(limits.LinesPerCall)+1000)
		log.Close()
	})
}

func TestFewHugeLinesAreCutToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var buf lockedBuffer
		log := NewLog(slog.New(slog.NewTextHandler(&buf, nil)), DefaultLimits(), nil)
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
		for _, a := range Attribute(e.fields, nil).Value.Group() {
			if a.Key == "" || strings.ContainsAny(a.Key, "\n\r\x1b\x00") {
				t.Fatalf("not printable: %q", a.Key)
			}
		}
	})
}

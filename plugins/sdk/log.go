package sdk

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// stderrLogger returns the logger of the process. It writes one JSON object per line
// to standard error, with go-plugin's keys.
var stderrLogger = sync.OnceValue(func() *slog.Logger {
	return newLogger(newLineQueue(os.Stderr))
})

func newLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) > 0 {
				return a
			}
			switch a.Key {
			case slog.LevelKey:
				return slog.String("@level", strings.ToLower(a.Value.String()))
			case slog.MessageKey:
				a.Key = "@message"
			case slog.TimeKey:
				return slog.String("@timestamp", a.Value.Time().UTC().Format(time.RFC3339Nano))
			}
			return a
		},
	}))
}

// lineQueue writes lines to a writer that may stall, such as a frozen host, without
// blocking the caller. Lines that don't fit are dropped and counted.
type lineQueue struct {
	lines   chan []byte
	dropped atomic.Int64
}

const queuedLines = 256

// newLineQueue starts the goroutine that writes. It lives as long as the process.
func newLineQueue(w io.Writer) *lineQueue {
	q := &lineQueue{lines: make(chan []byte, queuedLines)}
	go func() {
		for line := range q.lines {
			if n := q.dropped.Swap(0); n > 0 {
				fmt.Fprintf(w, `{"@level":"warn","@message":"log lines were dropped","@timestamp":%q,"count":%d}`+"\n",
					time.Now().UTC().Format(time.RFC3339Nano), n)
			}
			_, _ = w.Write(line)
		}
	}()
	return q
}

func (q *lineQueue) Write(line []byte) (int, error) {
	select {
	case q.lines <- append([]byte(nil), line...):
	default:
		q.dropped.Add(1)
	}
	return len(line), nil
}

func instanceLogger(base *slog.Logger, instance string) *slog.Logger {
	return base.With("element", instance)
}

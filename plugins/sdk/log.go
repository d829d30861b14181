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

	"github.com/lintel-run/lintel/plugins/handshake"
)

// stderrLogger returns the logger of the process. It writes one JSON object per line
// to standard error, with go-plugin's keys.
var stderrLogger = sync.OnceValue(func() *slog.Logger {
	return newLogger(newLineQueue(os.Stderr), hostLevel())
})

// hostLevel returns the lowest level that the host logs, debug if it doesn't say.
func hostLevel() slog.Level {
	level := slog.LevelDebug
	_ = level.UnmarshalText([]byte(os.Getenv(handshake.EnvLogLevel)))
	return level
}

func newLogger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: level,
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

const (
	queuedLines = 4096
	// batchSize is how many bytes of lines are written at once.
	batchSize = 32 << 10
)

// newLineQueue starts the goroutine that writes. It lives as long as the process.
func newLineQueue(w io.Writer) *lineQueue {
	q := &lineQueue{lines: make(chan []byte, queuedLines)}
	go func() {
		var batch []byte
		for line := range q.lines {
			batch = batch[:0]
			if n := q.dropped.Swap(0); n > 0 {
				batch = fmt.Appendf(batch, `{"@timestamp":%q,"@level":"warn","@message":"log lines were dropped","count":%d}`+"\n",
					time.Now().UTC().Format(time.RFC3339Nano), n)
			}
			for line != nil {
				batch = append(batch, line...)
				line = q.next(len(batch))
			}
			_, _ = w.Write(batch)
		}
	}()
	return q
}

// next returns another line for a batch of size bytes, nil if there is none.
func (q *lineQueue) next(size int) []byte {
	if size > batchSize {
		return nil
	}
	select {
	case line := <-q.lines:
		return line
	default:
		return nil
	}
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

package outputs

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Limits bound the lines that one process logs.
type Limits struct {
	// LinesPerSecond and BytesPerSecond allow bursts of twice as much.
	LinesPerSecond, BytesPerSecond float64
	// Kept is how many of the last lines are kept for a crash report, KeptLine how many
	// bytes of each.
	Kept, KeptLine int
}

// DefaultLimits returns limits for a production log.
func DefaultLimits() Limits {
	return Limits{LinesPerSecond: 200, BytesPerSecond: 1 << 20, Kept: 64, KeptLine: 1024}
}

// Log logs the lines of all streams of one process. All methods may be called from any
// goroutine.
type Log struct {
	logger *slog.Logger
	limits Limits

	mu      sync.Mutex
	last    []string
	next    int
	lines   float64
	bytes   float64
	filled  time.Time
	dropped int
	since   time.Time // when the first of them was dropped
}

// reportInterval is how often the number of dropped lines is logged.
const reportInterval = time.Second

// NewLog returns a Log that writes to logger.
func NewLog(logger *slog.Logger, limits Limits) *Log {
	return &Log{logger: logger, limits: limits, lines: 2 * limits.LinesPerSecond, bytes: 2 * limits.BytesPerSecond, filled: time.Now()}
}

// Stream returns the writer for one of the process's streams.
func (l *Log) Stream(name string) *Lines {
	return NewLines(func(raw []byte) {
		l.keep(raw)
		if !l.admit(len(raw)) {
			return
		}
		e := parse(raw)
		l.logger.LogAttrs(context.Background(), e.level, e.message, append(e.attrs, slog.String("stream", name))...)
	})
}

// Record logs a line that the plugin sent as such. The attributes must come from
// Attributes or the host.
func (l *Log) Record(level slog.Level, message string, attrs ...slog.Attr) {
	if len(message) > MaxLine {
		message = message[:MaxLine]
	}
	size := len(message)
	for _, a := range attrs {
		size += len(a.Key) + len(a.Value.String())
	}
	if l.admit(size) {
		l.logger.LogAttrs(context.Background(), level, Printable(message), attrs...)
	}
}

// Last returns the last lines, oldest first, safe to print.
func (l *Log) Last() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]string, 0, len(l.last))
	for i := range l.last {
		out = append(out, l.last[(l.next+i)%len(l.last)])
	}
	return out
}

func (l *Log) keep(raw []byte) {
	if len(raw) > l.limits.KeptLine {
		raw = raw[:l.limits.KeptLine]
	}
	line := Printable(string(raw))
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) < l.limits.Kept {
		l.last = append(l.last, line)
		return
	}
	l.last[l.next] = line
	l.next = (l.next + 1) % len(l.last)
}

// admit reports whether a line is within the limits. It counts dropped lines and logs
// their number once a second while lines come.
func (l *Log) admit(size int) bool {
	l.mu.Lock()
	now := time.Now()
	passed := now.Sub(l.filled).Seconds()
	l.filled = now
	l.lines = min(l.lines+passed*l.limits.LinesPerSecond, 2*l.limits.LinesPerSecond)
	l.bytes = min(l.bytes+passed*l.limits.BytesPerSecond, 2*l.limits.BytesPerSecond)
	ok := l.lines >= 1 && l.bytes >= float64(size)
	if ok {
		l.lines--
		l.bytes -= float64(size)
	} else {
		if l.dropped == 0 {
			l.since = now
		}
		l.dropped++
	}
	dropped := 0
	if l.dropped > 0 && now.Sub(l.since) >= reportInterval {
		dropped, l.dropped = l.dropped, 0
	}
	l.mu.Unlock()
	if dropped > 0 {
		l.logger.Warn("plugin output dropped", "lines", dropped)
	}
	return ok
}

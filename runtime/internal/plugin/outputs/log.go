package outputs

import (
	"context"
	"log/slog"
	"sync"
)

// Calls returns what the host logs of a call of the process, by the call's id. It
// returns nothing for an id that it doesn't know.
type Calls func(id string) []slog.Attr

// Log logs the lines of all streams of one process. All methods may be called from any
// goroutine.
type Log struct {
	logger *slog.Logger
	limits Limits
	calls  Calls

	admission *admission

	mu   sync.Mutex
	last []string
	next int
}

// NewLog returns a Log that writes to logger.
func NewLog(logger *slog.Logger, limits Limits, calls Calls) *Log {
	return &Log{logger: logger, limits: limits, calls: calls, admission: newAdmission(limits, func(d Dropped) {
		lines := d.Debug + d.Info + d.Warn + d.Error
		attrs := []slog.Attr{slog.Int("lines", lines)}
		for _, level := range []struct {
			name string
			n    int
		}{{"debug", d.Debug}, {"info", d.Info}, {"warn", d.Warn}, {"error", d.Error}} {
			if level.n > 0 {
				attrs = append(attrs, slog.Int(level.name, level.n))
			}
		}
		logger.LogAttrs(context.Background(), slog.LevelWarn, "plugin output dropped: too much of it", attrs...)
	})}
}

// Served notes a call of the process, which allows it more lines.
func (l *Log) Served() { l.admission.calls.Add(1) }

// Close logs how many lines were dropped at last.
func (l *Log) Close() { l.admission.flush() }

// Stream returns the writer for one of the process's streams.
func (l *Log) Stream(name string) *Lines {
	return NewLines(func(raw []byte) {
		l.keep(raw)
		if !l.admit(levelOf(raw), len(raw)) {
			return
		}
		e := parse(raw)
		l.write(e.level, e.message, e.call, e.fields, slog.String("stream", name))
	})
}

// Record logs a line that the plugin sent as such, with fields as a JSON object, for a
// call.
func (l *Log) Record(level slog.Level, message string, fields []byte, call string) {
	if len(message) > MaxLine {
		message = message[:MaxLine]
	}
	if len(fields) > MaxLine {
		fields = nil
	}
	if !l.admit(level, len(message)+len(fields)) {
		return
	}
	read, _ := Fields(fields)
	l.write(level, Printable(message), call, read)
}

// write logs a line: the host's attributes, then the plugin's fields.
func (l *Log) write(level slog.Level, message, call string, fields map[string]any, attrs ...slog.Attr) {
	if call != "" {
		attrs = append(attrs, l.calls(call)...)
	}
	if len(fields) > 0 {
		attrs = append(attrs, Attribute(fields, attrs))
	}
	l.logger.LogAttrs(context.Background(), level, message, attrs...)
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

// admit reports whether a line is to be logged. One whose level isn't logged costs
// nothing of the limits.
func (l *Log) admit(level slog.Level, size int) bool {
	return l.logger.Enabled(context.Background(), level) && l.admission.admit(level, size)
}

// Package fault says of a panic what a log may hold: what kind it was and where. What
// a program panics with may quote anything, a phone or a key, and a stack names paths;
// neither gets out.
package fault

import (
	"fmt"
	"log/slog"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// deepest is how many frames are looked at.
const deepest = 64

// Attrs describes the panic that recover gave value of, in the deferred function that
// called recover: "panic", the runtime's words or else the value's Go type, and "at",
// the function that panicked with its file's name and line.
func Attrs(value any) []any {
	kind := fmt.Sprintf("a value of type %T", value)
	if e, ok := value.(runtime.Error); ok {
		kind = e.Error()
	}
	return []any{slog.String("panic", kind), slog.String("at", at())}
}

// at finds the first frame below the panic that isn't the runtime's own.
func at() string {
	var counters [deepest]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(1, counters[:])])
	panicked := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicked = true
		case panicked && !strings.HasPrefix(frame.Function, "runtime."):
			return fmt.Sprintf("%s (%s:%d)", path.Base(frame.Function), filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return ""
		}
	}
}

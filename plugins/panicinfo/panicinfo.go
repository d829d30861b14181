// Package panicinfo describes a panic for logs: what kind it was and where it
// happened. It leaves out the value and the stack, since a value may quote a secret
// or a phone number, and a stack holds paths.
package panicinfo

import (
	"fmt"
	"log/slog"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

const maxFrames = 64

// Attrs returns log attributes for a recovered panic. The deferred function that
// called recover must call it. The attribute "panic" is the text of a runtime error
// or the Go type of any other value; "at" is the function that panicked, with its
// file name and line.
func Attrs(value any) []any {
	kind := fmt.Sprintf("a value of type %T", value)
	if e, ok := value.(runtime.Error); ok {
		kind = e.Error()
	}
	return []any{slog.String("panic", kind), slog.String("at", at())}
}

// at returns the first frame below the panic that is outside package runtime.
func at() string {
	var counters [maxFrames]uintptr
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

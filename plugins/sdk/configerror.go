package sdk

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// configError is one fault of a configuration.
type configError struct{ pointer, message string }

func (e configError) Error() string {
	if e.pointer == "" {
		return e.message
	}
	return e.pointer + ": " + e.message
}

// ConfigError returns the error with which open refuses a configuration. pointer is a
// JSON pointer into the configuration, "" for the whole. The message is a sentence
// that quotes no value. Join several with errors.Join.
func ConfigError(pointer, format string, args ...any) error {
	return configError{pointer, fmt.Sprintf(format, args...)}
}

// diagnosticsOf returns the diagnostics of an error of open. The text of an error
// that is neither a ConfigError nor an *errcode.Error may hold a secret: it isn't
// shown, but returned as unexplained.
func diagnosticsOf(err error) (found []*elementv1.Diagnostic, unexplained error) {
	var coded *errcode.Error
	if err == nil {
		return nil, nil
	}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, one := range joined.Unwrap() {
			d, u := diagnosticsOf(one)
			found, unexplained = append(found, d...), errors.Join(unexplained, u)
		}
		return found, unexplained
	}
	var own configError
	if errors.As(err, &own) {
		return []*elementv1.Diagnostic{{Pointer: own.pointer, Message: own.message}}, nil
	}
	if errors.As(err, &coded) {
		return []*elementv1.Diagnostic{{Message: coded.Message}}, nil
	}
	return []*elementv1.Diagnostic{{Message: "the instance could not be opened; the plugin's log says why"}}, err
}

type warningsKey struct{}

type warnings struct {
	mu    sync.Mutex
	found []*elementv1.Diagnostic
}

// Warn warns operators about the configuration that is being opened, when the app
// starts and when it is validated. ctx is the context given to open. pointer and
// message are as for ConfigError.
func Warn(ctx context.Context, pointer, format string, args ...any) {
	w, _ := ctx.Value(warningsKey{}).(*warnings)
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found = append(w.found, &elementv1.Diagnostic{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

func (w *warnings) list() []*elementv1.Diagnostic {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*elementv1.Diagnostic(nil), w.found...)
}

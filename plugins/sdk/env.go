package sdk

import (
	"context"
	"log/slog"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// Env is what open may know of the instance it opens.
type Env struct {
	// Instance is the instance's full name.
	Instance string
	// Title is the instance's title, for people.
	Title string
	// Generation numbers the configuration; it grows.
	Generation uint64
	// App is the app the instance lies in.
	App App
	// Logger writes to the host's log under the instance's name.
	Logger *slog.Logger
}

// App is what an instance may know of the app it lies in.
type App struct {
	ID, Title string
	// Dev: started with --dev.
	Dev bool
}

func appOf(a *elementv1.App) App {
	return App{ID: a.GetAppId(), Title: a.GetTitle(), Dev: a.GetDev()}
}

// Checker is a value that can be tested beyond its configuration: credentials, a
// connection, a real message. Check is called on a value of its own, which is
// closed afterwards.
type Checker interface {
	Check(ctx context.Context) []CheckStep
}

// CheckStep is one step of a check, in the order tried.
type CheckStep struct {
	Name    string
	OK      bool
	Message string
}

// Rung is the former name of CheckStep.
//
// Deprecated: use CheckStep.
type Rung = CheckStep

// Closer is a value that holds something to let go. Close is called once, when
// the last call on it has ended.
type Closer interface {
	Close(ctx context.Context) error
}

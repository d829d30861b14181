package sdk

import (
	"context"
	"log/slog"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// Env describes the instance that open opens.
type Env struct {
	// Instance is the instance's full name.
	Instance string
	// Title is the instance's title, for people.
	Title string
	// Generation is the version of the instance's configuration. It grows with each
	// change.
	Generation uint64
	// App is the app that the instance belongs to.
	App App
	// Logger writes to the host's log under the instance's name.
	Logger *slog.Logger
}

// App describes the app that an instance belongs to.
type App struct {
	ID, Title string
	// Dev is set if the app was started with --dev.
	Dev bool
	// Dir is the app's directory, absolute. Relative file names in configurations are
	// below it.
	Dir string
	// Outbound is how requests leave this network.
	Outbound Outbound
}

// Outbound is how a plugin makes requests to other machines. The plugin's environment
// says nothing of it.
type Outbound struct {
	// Proxy is the URL of the HTTP proxy, perhaps with a password, for every host that
	// isn't written as a loopback address; empty if there is none.
	Proxy string
	// Authorities are certificates in PEM that are trusted besides the system's.
	Authorities []byte
}

func appOf(a *elementv1.App) App {
	return App{
		ID: a.GetAppId(), Title: a.GetTitle(), Dev: a.GetDev(), Dir: a.GetDirectory(),
		Outbound: Outbound{Proxy: a.GetOutbound().GetProxy(), Authorities: a.GetOutbound().GetAuthorities()},
	}
}

// Checker is implemented by a value whose configuration can be tried out: its
// credentials, a connection, a real message. Check runs on a value that is opened
// for it and closed afterwards.
type Checker interface {
	Check(ctx context.Context) []CheckStep
}

// CheckStep is one step of a check. Steps are listed in the order they were tried.
type CheckStep struct {
	Name    string
	OK      bool
	Message string
}

// Rung is the former name of CheckStep.
//
// Deprecated: use CheckStep.
type Rung = CheckStep

// Closer is implemented by a value that holds resources. Close is called once, after
// the last call on the value.
type Closer interface {
	Close(ctx context.Context) error
}

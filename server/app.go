package server

import (
	"context"

	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/errortable"
	"github.com/lintel-run/lintel/server/extension"
)

// App is what the server needs of a runtime.App.
type App interface {
	extension.App
	// Definitions returns the definitions of all elements, in name order.
	Definitions() []runtime.Definition
	GetElementDefine(fullName string) (*runtime.Definition, error)
	Status(ctx context.Context) runtime.Status
	// Errors returns the error codes of the app's families.
	Errors() errortable.Table
}

var _ App = extension.RuntimeApp{}

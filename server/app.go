package server

import (
	"context"
	"encoding/json"

	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/errortable"
)

// App is what the server needs of a runtime.App, which see.
type App interface {
	Info() runtime.Info
	Find(fullName string) (Element, error)
	Select(selector string) ([]Element, error)
	// Definitions are those of all elements, in name order.
	Definitions() []runtime.Definition
	GetElementDefine(fullName string) (*runtime.Definition, error)
	Builtin(fullName string) (element.Instance, func(), error)
	BuiltinDefault(kind string) (element.Instance, func(), error)
	Key(purpose string) ([]byte, error)
	Status(ctx context.Context) runtime.Status
	// Errors are the error codes of the app's families.
	Errors() errortable.Table
}

// Element is what the server needs of a runtime.Element.
type Element interface {
	FullName() string
	Meta() string
	Has(function string) bool
	Serve(ctx context.Context, function string, args runtime.Args) (json.RawMessage, error)
	Call(ctx context.Context, function string, args ...any) (any, error)
}

// running is an App that is a runtime.App.
type running struct{ *runtime.App }

func (r running) Find(fullName string) (Element, error) {
	e, err := r.GetElement(fullName)
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (r running) Select(selector string) ([]Element, error) {
	found, err := r.FindElements(selector)
	if err != nil {
		return nil, err
	}
	elements := make([]Element, len(found))
	for i, e := range found {
		elements[i] = e
	}
	return elements, nil
}

var _ App = running{}

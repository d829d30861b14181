package receipts

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

// answering is an app whose element answers parseReceipt so, with a database that
// keeps receipts unless it is down.
type answering struct {
	reader
	answer any
	err    error
	down   bool
	kept   []databases.Receipt
}

func (a *answering) Find(string) (extension.Element, error) {
	return answeringElement{readerElement{&a.reader}, a}, nil
}

func (a *answering) BuiltinDefault(string) (element.Instance, func(), error) {
	return keeper{app: a}, func() {}, nil
}

type answeringElement struct {
	readerElement
	app *answering
}

func (e answeringElement) Call(context.Context, string, ...any) (any, error) {
	return e.app.answer, e.app.err
}

// keeper is the database.
type keeper struct {
	element.Instance
	app *answering
}

func (k keeper) AddSends(context.Context, []databases.Send) error { return nil }
func (k keeper) Sends(context.Context, databases.SendFilter) ([]databases.Send, error) {
	return nil, nil
}

func (k keeper) AddReceipts(_ context.Context, list []databases.Receipt) error {
	if k.app.down {
		return errors.New("down")
	}
	k.app.kept = append(k.app.kept, list...)
	return nil
}

// A vendor that hears 200 doesn't push again: it hears it only if nothing was lost.
func TestNoReceiptIsLostWithSuccess(t *testing.T) {
	report := func(id string) map[string]any { return map[string]any{"messageId": id, "state": "delivered"} }
	for name, c := range map[string]struct {
		app        answering
		want       *errcode.Code
		kept       int
		unreadable float64
	}{
		"all read":          {answering{answer: map[string]any{"reports": []any{report("a"), report("b")}, "reply": "ok"}}, nil, 2, 0},
		"none to keep":      {answering{answer: map[string]any{"reports": []any{}, "reply": "hello"}}, nil, 0, 0},
		"one can't be read": {answering{answer: map[string]any{"reports": []any{report("a")}, "reply": "ok", "unreadable": 1}}, ptr(errcode.Params), 1, 1},
		"none can be read":  {answering{answer: map[string]any{"reports": []any{}, "reply": "ok", "unreadable": 3}}, ptr(errcode.Params), 0, 3},
		"no reports at all": {answering{err: errcode.New(errcode.Params, "the body is no form")}, ptr(errcode.Params), 0, 1},
		"another's":         {answering{err: errcode.New(errcode.Forbidden, "the signature isn't the vendor's")}, ptr(errcode.Forbidden), 0, 0},
		"no database":       {answering{answer: map[string]any{"reports": []any{report("a")}, "unreadable": 1}, down: true}, ptr(errcode.StoreUnavailable), 0, 0},
		"a strange answer":  {answering{answer: map[string]any{"reports": "x"}}, ptr(errcode.Internal), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := NewEndpoint(&c.app, func() string { return "" })
			path := strings.TrimPrefix(Path(make([]byte, 32), "SMS.a"), Prefix)
			r := httptest.NewRequest(http.MethodPost, Prefix+path, strings.NewReader("body"))
			r.SetPathValue("path", path)
			w := httptest.NewRecorder()
			err := e.serve(push{w: w, r: r})
			if c.want == nil {
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, w.Code)
			} else {
				require.ErrorIs(t, err, *c.want)
				require.Empty(t, w.Body.String())
			}
			require.Len(t, c.app.kept, c.kept)
			require.InDelta(t, c.unreadable, unreadableOf(t, e), 0)
		})
	}
}

func ptr[T any](v T) *T { return &v }

// unreadableOf returns how many unreadable reports the endpoint has counted.
func unreadableOf(t *testing.T, e *Endpoint) (sum float64) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(e.Collector())
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "state" && label.GetValue() == stateUnreadable {
					sum += metric.GetCounter().GetValue()
				}
			}
		}
	}
	return sum
}

package server

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lintel-run/lintel/internal/memo"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
)

const (
	statusKept = 500 * time.Millisecond
	statusTime = time.Second
)

// health reports whether the app is fit to serve. Its callers share a recent status
// and a look at the app that is under way, so that nobody waits for more than one.
type health struct {
	draining *atomic.Bool
	known    *memo.Memo[struct{}, runtime.Status]
}

func newHealth(app App, draining *atomic.Bool) *health {
	return &health{draining, memo.New(statusKept, statusTime, func(ctx context.Context, _ struct{}) (runtime.Status, error) {
		return app.Status(ctx), nil
	})}
}

// status returns the app's status. Its error is that of a caller who has left.
func (h *health) status(ctx context.Context) (runtime.Status, error) {
	return h.known.Get(ctx, struct{}{})
}

// unfit is something that is not ready.
type unfit struct {
	// Kind is server, store, plugin or element.
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// takesTraffic reports whether a load balancer may send requests here: not while
// the server drains, nor without its stores, nor while none of the app's logins can
// serve here. Of several, one that serves will do.
func (h *health) takesTraffic(ctx context.Context) bool {
	if h.draining.Load() {
		return false
	}
	status, err := h.status(ctx)
	if err != nil {
		return false
	}
	for _, store := range status.Stores {
		if !store.Ready {
			return false
		}
	}
	return len(status.Hosted) == 0 || slices.ContainsFunc(status.Hosted, func(h runtime.Hosted) bool { return h.Ready })
}

// unfit lists what is not ready, for operators.
func (h *health) unfit(ctx context.Context) []unfit {
	list := []unfit{}
	if h.draining.Load() {
		list = append(list, unfit{"server", "server", "draining"})
	}
	status, err := h.status(ctx)
	if err != nil {
		return append(list, unfit{"server", "server", "its status could not be read"})
	}
	for _, store := range status.Stores {
		if !store.Ready {
			list = append(list, unfit{"store", store.Element, store.Error})
		}
	}
	for _, plugin := range status.Plugins {
		if plugin.State == "backoff" || plugin.State == "failed" {
			list = append(list, unfit{"plugin", plugin.Type, plugin.State + ": " + plugin.LastError})
		}
	}
	for _, problem := range status.Problems {
		if !problem.Warning && !problem.Serving {
			list = append(list, unfit{"element", problem.Element, problem.Code + ": " + problem.Message})
		}
	}
	return list
}

func (q *request) healthz() error {
	q.plain(http.StatusOK, map[string]any{"status": "ok"})
	return nil
}

// readyz is for load balancers: it names nothing.
func (q *request) readyz() error {
	ready := q.server.health.takesTraffic(q.r.Context())
	q.plain(readyStatus(ready), map[string]any{"ready": ready})
	return nil
}

// readyzDetails is for operators: ready only when nothing at all is wrong.
func (q *request) readyzDetails() error {
	list := q.server.health.unfit(q.r.Context())
	q.plain(readyStatus(len(list) == 0), map[string]any{"ready": len(list) == 0, "notReady": list})
	return nil
}

// statusDetails is the app's status with what Options.Status adds.
func (q *request) statusDetails() error {
	status, err := q.server.health.status(q.r.Context())
	if err != nil {
		return errcode.Wrap(err, errcode.Internal, "the app's status")
	}
	text, err := json.Marshal(status)
	if err != nil {
		return err
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	for name, section := range q.server.status {
		members[name] = section()
	}
	q.plain(http.StatusOK, members)
	return nil
}

func readyStatus(ready bool) int {
	if ready {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

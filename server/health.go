package server

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lintel-run/lintel/runtime"
)

const (
	statusBelieved = 500 * time.Millisecond
	statusTime     = time.Second
)

// health says whether the app is fit to serve. Those who ask share a look at it.
type health struct {
	app      App
	draining *atomic.Bool

	mu     sync.Mutex
	looked time.Time
	last   runtime.Status
}

func newHealth(app App, draining *atomic.Bool) *health { return &health{app: app, draining: draining} }

// status is the app's, half a second old at most.
func (h *health) status(ctx context.Context) runtime.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := time.Now(); h.looked.IsZero() || now.Sub(h.looked) >= statusBelieved {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), statusTime)
		defer cancel()
		h.last, h.looked = h.app.Status(bounded), now
	}
	return h.last
}

// unfit is one thing that is not ready.
type unfit struct {
	// Kind is server, store, plugin or element.
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// takesTraffic says whether requests are to be sent here: not while it drains,
// nor without its stores. A broken plugin or element is no reason: the rest
// serves, and every replica would break in the same way.
func (h *health) takesTraffic(ctx context.Context) bool {
	if h.draining.Load() {
		return false
	}
	for _, store := range h.status(ctx).Stores {
		if !store.Ready {
			return false
		}
	}
	return true
}

// unfit lists all that is not ready, for operators.
func (h *health) unfit(ctx context.Context) []unfit {
	list := []unfit{}
	if h.draining.Load() {
		list = append(list, unfit{"server", "server", "draining"})
	}
	status := h.status(ctx)
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

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	plain(w, http.StatusOK, map[string]any{"status": "ok"})
}

// readyz is for whoever balances the load: it names nothing.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ready := s.health.takesTraffic(r.Context())
	plain(w, readyStatus(ready), map[string]any{"ready": ready})
}

// readyzDetails is for operators: ready only when nothing at all is wrong.
func (s *Server) readyzDetails(w http.ResponseWriter, r *http.Request) {
	list := s.health.unfit(r.Context())
	plain(w, readyStatus(len(list) == 0), map[string]any{"ready": len(list) == 0, "notReady": list})
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	plain(w, http.StatusOK, struct {
		runtime.Status
		// Receipts is where vendors push delivery receipts.
		Receipts []receiptPath `json:"receipts"`
	}{s.health.status(r.Context()), s.receiptPaths()})
}

func readyStatus(ready bool) int {
	if ready {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

// plain writes JSON that is no envelope.
func plain(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}

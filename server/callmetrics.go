package server

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
)

// CallMetrics counts the calls of elements, including those that elements make of
// each other, such as a login's call of an SMS vendor. It is given to
// runtime.WithObserver and to Options.Calls.
type CallMetrics struct {
	calls   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	// errors is the table of the server; nil until there is one.
	errors atomic.Pointer[errorTable]
}

var _ runtime.Observer = (*CallMetrics)(nil)

// NewCallMetrics returns the metrics of one app.
func NewCallMetrics() *CallMetrics {
	return &CallMetrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lintel_calls_total", Help: "Calls of elements, from wherever, by how they ended.",
		}, []string{"element", "type", "function", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "lintel_call_seconds", Help: "How long calls of elements took.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"element", "function"}),
	}
}

// Called implements runtime.Observer. All codes that no table has share a label.
func (m *CallMetrics) Called(element, typeName, function string, took time.Duration, code errcode.Code) {
	label := "OK"
	if code != "" {
		label = "other"
		if table := m.errors.Load(); table != nil {
			if _, known := table.lookup(code); known {
				label = string(code)
			}
		}
	}
	m.calls.WithLabelValues(element, typeName, function, label).Inc()
	m.seconds.WithLabelValues(element, function).Observe(took.Seconds())
}

// Restarted implements runtime.Observer. Restarts are part of the app's status.
func (m *CallMetrics) Restarted(string) {}

// Describe implements prometheus.Collector.
func (m *CallMetrics) Describe(descs chan<- *prometheus.Desc) {
	m.calls.Describe(descs)
	m.seconds.Describe(descs)
}

// Collect implements prometheus.Collector.
func (m *CallMetrics) Collect(out chan<- prometheus.Metric) {
	m.calls.Collect(out)
	m.seconds.Collect(out)
}

// Package callmetrics counts calls of elements, those that one element makes of
// another too, which no HTTP request shows: a vendor's outcomes for one.
package callmetrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lintel-run/lintel/runtime"
)

// Observer is a runtime.Observer and a prometheus.Collector.
type Observer struct {
	calls *prometheus.CounterVec
	took  *prometheus.HistogramVec
}

var (
	_ runtime.Observer     = (*Observer)(nil)
	_ prometheus.Collector = (*Observer)(nil)
)

// New makes an Observer.
func New() *Observer {
	return &Observer{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lintel_element_calls_total", Help: "Calls of elements, from outside and from each other, by how they ended.",
		}, []string{"element", "function", "code"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "lintel_element_call_seconds", Help: "How long calls of elements took.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"element", "function"}),
	}
}

// Called counts a call.
func (o *Observer) Called(element, _, function string, took time.Duration, code runtime.Code) {
	if code == "" {
		code = "OK"
	}
	if code == "FUNCTION_NOT_FOUND" {
		// Whoever calls chooses such a name; it must not make a series.
		function = ""
	}
	o.calls.WithLabelValues(element, function, string(code)).Inc()
	o.took.WithLabelValues(element, function).Observe(took.Seconds())
}

// Restarted is counted by the server's own metrics.
func (*Observer) Restarted(string) {}

// Describe is a prometheus.Collector's.
func (o *Observer) Describe(to chan<- *prometheus.Desc) {
	o.calls.Describe(to)
	o.took.Describe(to)
}

// Collect is a prometheus.Collector's.
func (o *Observer) Collect(to chan<- prometheus.Metric) {
	o.calls.Collect(to)
	o.took.Collect(to)
}

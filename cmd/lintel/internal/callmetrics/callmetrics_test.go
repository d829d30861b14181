package callmetrics_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/cmd/lintel/internal/callmetrics"
)

func TestCallsAreCountedByHowTheyEnded(t *testing.T) {
	o := callmetrics.New()
	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(o))
	o.Called("SMS.a", "SMS.Http", "sendMessage", time.Millisecond, "")
	o.Called("SMS.a", "SMS.Http", "sendMessage", time.Millisecond, "")
	o.Called("SMS.a", "SMS.Http", "sendMessage", time.Second, "SMS_FAILED")
	o.Called("SMS.a", "SMS.Http", "whatever-1", 0, "FUNCTION_NOT_FOUND")
	o.Called("SMS.a", "SMS.Http", "whatever-2", 0, "FUNCTION_NOT_FOUND")
	families, err := registry.Gather()
	require.NoError(t, err)
	counts := make(map[string]float64)
	for _, family := range families {
		if family.GetName() != "lintel_element_calls_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			key := ""
			for _, label := range m.GetLabel() {
				key += label.GetValue() + " "
			}
			counts[key] = m.GetCounter().GetValue()
		}
	}
	// Labels come in alphabetical order: code, element, function.
	require.Equal(t, map[string]float64{
		"OK SMS.a sendMessage ":         2,
		"SMS_FAILED SMS.a sendMessage ": 1,
		"FUNCTION_NOT_FOUND SMS.a  ":    2,
	}, counts)
}

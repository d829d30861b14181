// Package figure holds benchmarks to their targets: what was measured becomes a
// metric of the benchmark, and a benchmark that misses its target fails.
package figure

import "testing"

// AtMost reports a figure that must not be larger than target.
func AtMost(b *testing.B, unit string, measured, target float64) {
	b.Helper()
	b.ReportMetric(measured, unit)
	b.Logf("%.4g %s, target at most %.4g", measured, unit, target)
	if measured > target {
		b.Errorf("target missed: %.4g %s, target at most %.4g", measured, unit, target)
	}
}

// AtLeast reports a figure that must not be smaller than target.
func AtLeast(b *testing.B, unit string, measured, target float64) {
	b.Helper()
	b.ReportMetric(measured, unit)
	b.Logf("%.4g %s, target at least %.4g", measured, unit, target)
	if measured < target {
		b.Errorf("target missed: %.4g %s, target at least %.4g", measured, unit, target)
	}
}

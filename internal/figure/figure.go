// Package figure reports measured figures as metrics of a benchmark, and fails a
// benchmark that misses its target.
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

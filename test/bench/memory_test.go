package bench

import (
	"testing"

	"github.com/lintel-run/lintel/internal/figure"
)

// logged is the number of logins before memory is measured.
const logged = 10_000

// BenchmarkMemory measures the memory of the host, the phone login and one vendor after
// many logins. Pages that they share count once.
func BenchmarkMemory(b *testing.B) {
	s := newScene(b, nil)
	var idle float64
	for b.Loop() {
		list := fresh(logged)
		s.users(b, list)
		s.lintel.sends(b, 1, fresh(1))
		idle = proportional(b, s.lintel.pid)
		s.lintel.sends(b, 64, list)
		s.lintel.logins(b, 64, list)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(idle, "MB-before")
	figure.AtMost(b, "MB", proportional(b, s.lintel.pid), 100)
}

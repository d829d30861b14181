package bench

import (
	"testing"

	"github.com/lintel-run/lintel/internal/figure"
)

// logged is after how many logins memory is looked at.
const logged = 10_000

// BenchmarkMemory: what the host, the phone login and one vendor take together
// after many logins, with the pages that they share counted once.
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

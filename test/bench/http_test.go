package bench

import (
	"fmt"
	"testing"

	"github.com/lintel-run/lintel/internal/figure"
)

const (
	// rounds alternate, so that other work of the machine affects both servers.
	rounds = 6
	// jobs is the number of one server's jobs in a round.
	jobs = 1200
)

// report reports the costs of a load besides the ratio.
func report(b *testing.B, ours, theirs *outcome) {
	b.Helper()
	b.ReportMetric(ours.rate(), "req/s")
	b.ReportMetric(theirs.rate(), "bare-req/s")
	b.ReportMetric(ours.percentile(0.5), "p50-ms")
	b.ReportMetric(ours.percentile(0.99), "p99-ms")
	b.ReportMetric(ours.cpuEach(), "cpu-µs/req")
	b.ReportMetric(theirs.cpuEach(), "bare-cpu-µs/req")
	b.ReportMetric(0, "ns/op")
	b.Logf("lintel %.0f/s p50 %.2f ms p99 %.2f ms cpu %.0f µs; bare %.0f/s p50 %.2f ms p99 %.2f ms cpu %.0f µs",
		ours.rate(), ours.percentile(0.5), ours.percentile(0.99), ours.cpuEach(),
		theirs.rate(), theirs.percentile(0.5), theirs.percentile(0.99), theirs.cpuEach())
}

// BenchmarkSend measures sendMessage over HTTP, with phones never used before.
func BenchmarkSend(b *testing.B) {
	s := newScene(b, nil)
	s.lintel.sends(b, 64, fresh(500))
	s.bare.sends(b, 64, fresh(500))
	for _, connections := range []int{16, 64} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			var ours, theirs outcome
			for b.Loop() {
				for range rounds {
					ours.add(s.lintel.sends(b, connections, fresh(jobs)))
					theirs.add(s.bare.sends(b, connections, fresh(jobs)))
				}
			}
			report(b, &ours, &theirs)
			figure.AtLeast(b, "ratio", ours.rate()/theirs.rate(), 1.0/3)
		})
	}
}

// BenchmarkLogin measures getLoginCode and loginByCode over HTTP, two requests per
// login, with phones that have users.
func BenchmarkLogin(b *testing.B) {
	s := newScene(b, nil)
	warm := fresh(500)
	s.users(b, warm)
	for _, t := range []*target{s.lintel, s.bare} {
		t.sends(b, 64, warm)
		t.logins(b, 64, warm)
	}
	for _, connections := range []int{16, 64} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			var ours, theirs outcome
			for b.Loop() {
				for range rounds {
					for _, turn := range []struct {
						target *target
						sum    *outcome
					}{{s.lintel, &ours}, {s.bare, &theirs}} {
						list := fresh(jobs / 2)
						s.users(b, list)
						turn.target.sends(b, 64, list)
						turn.sum.add(turn.target.logins(b, connections, list))
					}
				}
			}
			report(b, &ours, &theirs)
			figure.AtLeast(b, "ratio", ours.rate()/theirs.rate(), 1.0/3)
		})
	}
}

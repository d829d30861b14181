package bench

import (
	"fmt"
	"math"
	"testing"

	"github.com/lintel-run/lintel/internal/figure"
)

// BenchmarkUnseenPhone: a phone that nobody has used gets its answer in the time
// and for the cost of one that has a user and was sent codes before; where new
// users may come, and where they may not, so that nothing is sent to it.
func BenchmarkUnseenPhone(b *testing.B) {
	for _, register := range []int{1, 0} {
		b.Run(fmt.Sprintf("allowRegister=%d", register), func(b *testing.B) {
			s := newScene(b, map[string]any{"allowRegister": register})
			known := fresh(6000)
			s.users(b, known)
			s.lintel.sends(b, 8, known)
			var seen, unseen outcome
			for b.Loop() {
				// Small turns: what else the machine does must meet both alike.
				for i := range 20 {
					list := known[i*300 : (i+1)*300]
					if i%2 == 0 {
						seen.add(s.lintel.sends(b, 8, list))
					}
					unseen.add(s.lintel.sends(b, 8, fresh(300)))
					if i%2 == 1 {
						seen.add(s.lintel.sends(b, 8, list))
					}
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(seen.percentile(0.5), "known-p50-ms")
			b.ReportMetric(unseen.percentile(0.5), "unseen-p50-ms")
			b.ReportMetric(unseen.cpuEach()/seen.cpuEach(), "cpu-ratio")
			ratio := unseen.percentile(0.5) / seen.percentile(0.5)
			b.ReportMetric(ratio, "ratio")
			figure.AtMost(b, "off", math.Abs(ratio-1), 0.2)
		})
	}
}

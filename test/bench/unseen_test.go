package bench

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/lintel-run/lintel/internal/figure"
)

// cooldown is a little more than the scene's resendInterval.
const cooldown = 1100 * time.Millisecond

// BenchmarkUnseenPhone: a phone that nobody has used gets its answer in the time
// and for the cost of one that has a user and was sent codes before; where new
// users may come, and where they may not, so that nothing is sent to it.
func BenchmarkUnseenPhone(b *testing.B) {
	for _, register := range []int{1, 0} {
		b.Run(fmt.Sprintf("allowRegister=%d", register), func(b *testing.B) {
			s := newScene(b, map[string]any{"allowRegister": register})
			const turns, each, rate = 10, 100, 100
			known := fresh(turns * each)
			s.users(b, known)
			s.lintel.sends(b, 8, known)
			// At a rate that leaves the machine idle in between: what is done after an
			// answer must not count for the next one. Small turns: what else the machine
			// does must meet both alike.
			send := func(list []string) outcome {
				return load(b, s.lintel.address, s.lintel.pid, 8, len(list), rate,
					func(c *client, i int) error { return s.lintel.send(c, list[i]) })
			}
			var seen, unseen outcome
			for b.Loop() {
				time.Sleep(cooldown) // what was sent to last may be sent to again
				for i := range turns {
					list := known[i*each : (i+1)*each]
					if i%2 == 0 {
						seen.add(send(list))
					}
					unseen.add(send(fresh(each)))
					if i%2 == 1 {
						seen.add(send(list))
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

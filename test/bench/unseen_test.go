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

// BenchmarkUnseenPhone checks that an unknown phone takes the same time and costs the
// same as one that has a user and was sent codes before, both where new users may
// register and where they may not, so that nothing is sent.
func BenchmarkUnseenPhone(b *testing.B) {
	for _, register := range []int{1, 0} {
		b.Run(fmt.Sprintf("allowRegister=%d", register), func(b *testing.B) {
			s := newScene(b, map[string]any{"allowRegister": register})
			const turns, each, rate = 10, 100, 100
			known := fresh(turns * each)
			s.users(b, known)
			s.lintel.sends(b, 8, known)
			// The rate leaves the machine idle in between, so that work after an answer
			// doesn't count for the next one. Turns are short, so that other work of
			// the machine affects both sides.
			send := func(list []string) outcome {
				return load(b, s.lintel.address, s.lintel.pid, 8, len(list), rate,
					func(c *client, i int) error { return s.lintel.send(c, list[i]) })
			}
			var seen, unseen outcome
			for b.Loop() {
				time.Sleep(cooldown) // until the last phones may get another message
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

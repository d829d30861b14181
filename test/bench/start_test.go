package bench

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/lintel-run/lintel/internal/figure"
	"github.com/lintel-run/lintel/test/blackbox"
)

// starts is the number of starts. Their median counts, since one start says little on a
// busy machine.
const starts = 9

func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Microseconds()) / 1000
}

// BenchmarkServe measures the time from the start of lintel serve app.example to
// /readyz, then the first call of the phone login, which starts its process. The app's
// data exists from an earlier start; only the file cache is warm. For comparison it
// measures a start of the executable that does nothing.
func BenchmarkServe(b *testing.B) {
	app := blackbox.Example(quiet{b})
	info := blackbox.Start{Args: []string{"--log-level", "info"}}
	app.Serve(info).Stop()
	var ready, first, bare []time.Duration
	for b.Loop() {
		for range starts {
			begun := time.Now()
			blackbox.Lintel(b, app.Dir, nil, "version")
			bare = append(bare, time.Since(begun))

			begun = time.Now()
			server := app.Serve(info)
			until(b, func() bool {
				resp, err := http.Get(server.URL + "/readyz")
				if err == nil {
					_ = resp.Body.Close()
				}
				return err == nil && resp.StatusCode == http.StatusOK
			})
			ready = append(ready, time.Since(begun))

			c := server.Client()
			cold := time.Now()
			c.Call(blackbox.Login, "getLoginConfig", nil).OK(b)
			took := time.Since(cold)
			warm := time.Now()
			c.Call(blackbox.Login, "getLoginConfig", nil).OK(b)
			first = append(first, took-time.Since(warm))
			server.Stop()
		}
	}
	b.ReportMetric(0, "ns/op")
	exec := median(bare)
	b.ReportMetric(exec, "exec-ms")
	figure.AtMost(b, "ready-ms", median(ready), 150)
	b.ReportMetric(median(ready)/exec, "ready/exec")
	figure.AtMost(b, "first-call-ms", median(first), 60)
}

func until(b *testing.B, holds func() bool) {
	b.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatal("it took too long")
		}
	}
}

// BenchmarkSwap measures the time from writing a configuration to the first call that
// uses it, while other calls go on. It also measures how much longer the slowest calls
// took during the swap than just before, which bounds what the swap costs a call.
func BenchmarkSwap(b *testing.B) {
	s := newScene(b, nil)
	other := newVendor(b)
	s.app.WriteJSON("SMS/other/e.json", map[string]any{"title": "Other", "type": "SMS.Http"})
	s.app.WriteJSON("SMS/other/sms.json", other.config())
	time.Sleep(1500 * time.Millisecond) // until the change was seen and both Types are warm
	s.lintel.sends(b, 4, fresh(200))
	c, err := dial(s.lintel.address)
	if err != nil {
		b.Fatal(err)
	}
	defer c.conn.Close()
	var effective []time.Duration
	var calm, during []time.Duration
	vendors := []*vendor{other, s.vendor}
	names := []string{"SMS.other", "SMS.standIn"}
	for b.Loop() {
		for i := range 10 {
			to := vendors[i%2]
			for _, phone := range fresh(100) {
				begun := time.Now()
				if err := s.lintel.send(c, phone); err != nil {
					b.Fatal(err)
				}
				calm = append(calm, time.Since(begun))
			}
			before := to.taken.Load()
			written := time.Now()
			s.app.SetLogin(map[string]any{"smsFullName": names[i%2]})
			for to.taken.Load() == before {
				begun := time.Now()
				if err := s.lintel.send(c, fresh(1)[0]); err != nil {
					b.Fatal(err)
				}
				during = append(during, time.Since(begun))
				if time.Since(written) > patience {
					b.Fatal("the change was not seen")
				}
			}
			effective = append(effective, time.Since(written))
		}
	}
	b.ReportMetric(0, "ns/op")
	slices.Sort(effective)
	slices.Sort(calm)
	slices.Sort(during)
	b.ReportMetric(median(effective), "median-ms")
	figure.AtMost(b, "longest-ms", float64(effective[len(effective)-1].Microseconds())/1000, 1000)
	// The same share of the slowest calls is ignored on both sides, since a busy
	// machine causes some.
	at := func(times []time.Duration) float64 {
		return float64(times[int(float64(len(times)-1)*0.98)].Microseconds()) / 1000
	}
	b.ReportMetric(at(calm), "calm-p98-ms")
	b.ReportMetric(at(during), "swapping-p98-ms")
	figure.AtMost(b, "swap-ms", at(during)-at(calm), 5)
}

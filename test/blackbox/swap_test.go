package blackbox_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/test/blackbox"
)

// The vendor is swapped under load: A → B → A, a vendor's key changed, broken edits in
// between, a plugin's executable replaced. Nothing fails, is lost or sent twice, and
// each change takes effect within a second.
func TestSwappingTheVendorUnderLoadCostsNothing(t *testing.T) {
	swaps, rate := 8, 60
	if os.Getenv("LINTEL_SOAK") != "" {
		swaps, rate = 50, 200
	}
	// The Types run from the test's own directory, so that it can replace them.
	plugins := filepath.Join(t.TempDir(), "plugins")
	require.NoError(t, os.CopyFS(plugins, os.DirFS(blackbox.Bin(t))))
	types := filepath.Join(plugins, "lintel-types")

	app := blackbox.Example(t)
	a, b := blackbox.NewVendor(t), blackbox.NewVendor(t)
	app.UseVendor(b, "b")
	app.UseVendor(a, "a")
	app.SetLogin(map[string]any{"ipHourlyLimit": 1_000_000})
	s := app.Serve(blackbox.Start{Args: []string{"--plugin-dir", plugins}})
	c := s.Client()
	warm, _ := blackbox.Phone()
	c.Send(warm).OK(t)

	var mu sync.Mutex
	var phones []string // whose send succeeded
	var failures []string
	var stop atomic.Bool
	var calls sync.WaitGroup
	load := make(chan struct{})
	go func() {
		defer close(load)
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for !stop.Load() {
			<-tick.C
			calls.Go(func() {
				spelt, e164 := blackbox.Phone()
				answer, err := c.Try(blackbox.Login, "sendMessage", blackbox.Args{"phone": spelt})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err != nil:
					failures = append(failures, err.Error())
				case answer.Status != http.StatusOK:
					failures = append(failures, answer.Body)
				default:
					phones = append(phones, e164)
				}
			})
		}
	}()

	vendors := []*blackbox.Vendor{a, b}
	good := blackbox.Args{"captcha": "off", "smsConfig": map[string]any{"noticeText": "moved"}}
	for i := range swaps {
		from, to := vendors[i%2], vendors[(i+1)%2]
		// A broken edit first: it changes nothing.
		broken := []string{`{"smsFullName": `, `{"smsFullName": "SMS.none"}`, `{"smsFulName": "SMS.a"}`, ``}[i%4]
		app.Write(blackbox.LoginConfig, broken)
		time.Sleep(30 * time.Millisecond)
		good["smsFullName"], good["ipHourlyLimit"] = []string{"SMS.b", "SMS.a"}[i%2], 1_000_000
		watch, swapped := pace.Start(t), time.Now()
		app.WriteJSON(blackbox.LoginConfig, good)
		inEffect(t, watch, "the other vendor is used", func() bool {
			return lastSent(to).After(swapped) && lastSent(from).Before(time.Now().Add(-30*time.Millisecond))
		})
		switch i % 3 {
		case 1: // the key of the vendor in use; both keys are accepted during the change
			key := fmt.Sprintf("key-%d", i)
			to.AcceptKey(key)
			changed := pace.Start(t)
			app.Edit("SMS/"+[]string{"b", "a"}[i%2]+"/sms.json", func(config map[string]any) { config["secrets"] = map[string]any{"key": key} })
			inEffect(t, changed, "the new key is used", func() bool { return usesKey(to, key) })
		case 2: // the same program, a new file
			before := s.Plugins(2)["SMS.Http"]
			text, err := os.ReadFile(types)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(types+".new", text, 0o755))
			require.NoError(t, os.Rename(types+".new", types))
			blackbox.Eventually(t, 10*time.Second, "the new executable runs", func() bool { return s.Plugins(2)["SMS.Http"] != before })
		}
	}
	stop.Store(true)
	<-load
	calls.Wait()

	require.Empty(t, failures, "%d of %d failed", len(failures), len(failures)+len(phones))
	require.Greater(t, len(phones), swaps)
	for _, phone := range phones {
		require.Equal(t, 1, len(a.To(phone))+len(b.To(phone)), "messages to one phone")
	}
	t.Logf("%d sends over %d swaps", len(phones), swaps)
}

// inEffect waits for a change, which may take a second.
func inEffect(t *testing.T, since *pace.Watch, what string, holds func() bool) {
	t.Helper()
	blackbox.Eventually(t, 10*time.Second, what, holds)
	since.Within(t, 1500*time.Millisecond, what)
}

func lastSent(v *blackbox.Vendor) time.Time {
	sent := v.Sent()
	if len(sent) == 0 {
		return time.Time{}
	}
	return sent[len(sent)-1].Time
}

func usesKey(v *blackbox.Vendor, key string) bool {
	sent := v.Sent()
	return len(sent) > 0 && sent[len(sent)-1].Header.Get("Authorization") == "Bearer "+key
}

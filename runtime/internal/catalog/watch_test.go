package catalog

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// watched runs Watch and keeps the newest snapshot.
type watched struct {
	mu     sync.Mutex
	newest *Snapshot
}

func (w *watched) get() *Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.newest
}

func (a *app) watch(poll bool) *watched {
	a.t.Helper()
	first := a.load()
	a.loader.mu.Lock()
	a.loader.now = time.Now
	a.loader.mu.Unlock()
	w := &watched{newest: first}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	onChange := func(s *Snapshot) {
		w.mu.Lock()
		w.newest = s
		w.mu.Unlock()
	}
	go func() {
		if poll {
			done <- (&watcher{loader: a.loader, onChange: onChange, shown: first, poll: true}).run(ctx)
			return
		}
		done <- a.loader.Watch(ctx, onChange)
	}()
	a.t.Cleanup(func() {
		cancel()
		require.NoError(a.t, <-done)
	})
	return w
}

func TestWatchSeesEachChange(t *testing.T) {
	for _, poll := range []bool{false, true} {
		name := map[bool]string{false: "told", true: "looking"}[poll]
		t.Run(name, func(t *testing.T) {
			a := newApp(t, with(sms("SMS/one", `{"url":"{{V}}"}`), map[string]string{".env": "V=1"}))
			w := a.watch(poll)
			soon := func(what string, test func(*Snapshot) bool) {
				t.Helper()
				// The bound is a second; a busy machine may need longer.
				require.Eventually(t, func() bool { return test(w.get()) }, 10*time.Second, 5*time.Millisecond, what)
			}
			a.write("SMS/one/sms.json", `{"url":"two"}`)
			soon("a changed configuration", func(s *Snapshot) bool { return url(s, "SMS.one") == "two" })

			tmp := filepath.Join(a.dir, "SMS/one/.sms.json.swp")
			require.NoError(t, os.WriteFile(tmp, []byte(`{"url":"{{V}}three"}`), 0o644))
			require.NoError(t, os.Rename(tmp, filepath.Join(a.dir, "SMS/one/sms.json")))
			soon("a renamed file", func(s *Snapshot) bool { return url(s, "SMS.one") == "1three" })

			a.write(".env", "V=2")
			soon(".env", func(s *Snapshot) bool { return url(s, "SMS.one") == "2three" })

			for name, text := range sms("deep/down/here/one", `{"url":"new"}`) {
				a.write(name, text)
			}
			soon("new directories", func(s *Snapshot) bool { e := s.Lookup("deep.down.here.one"); return e != nil && !e.Broken })
			a.write("deep/down/here/one/sms.json", `{"url":"newer"}`)
			soon("a change in a new directory", func(s *Snapshot) bool { return url(s, "deep.down.here.one") == "newer" })

			a.write("SMS/one/sms.json", `{"url":`)
			soon("a broken file", func(s *Snapshot) bool { return len(s.Problems) == 1 && s.Problems[0].Serving })
			require.Equal(t, "2three", url(w.get(), "SMS.one"))
			a.write("SMS/one/sms.json", `{"url":"mended"}`)
			soon("a mended file", func(s *Snapshot) bool { return len(s.Problems) == 0 && url(s, "SMS.one") == "mended" })

			a.remove("deep")
			soon("a removed element", func(s *Snapshot) bool { return s.Lookup("deep.down.here.one") == nil })
			for name, text := range sms("deep/down/here/one", `{"url":"again"}`) {
				a.write(name, text)
			}
			soon("directories that came back", func(s *Snapshot) bool { e := s.Lookup("deep.down.here.one"); return e != nil && !e.Broken })

			stamp := w.get().Lookup("SMS.Http").Entry.Stamp
			require.NoError(t, os.WriteFile(filepath.Join(a.plugins, "next"), []byte("newer code"), 0o755))
			require.NoError(t, os.Rename(filepath.Join(a.plugins, "next"), filepath.Join(a.plugins, "plugin")))
			soon("a new executable", func(s *Snapshot) bool { return s.Lookup("SMS.Http").Entry.Stamp != stamp })

			a.write("app.json", `{"appId":"org.app","title":"Newer"}`)
			soon("app.json", func(s *Snapshot) bool { return s.App.Title == "Newer" })
		})
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	a := newApp(t, nil)
	a.load()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, a.loader.Watch(ctx, func(*Snapshot) {}))

	l, err := New(a.cfg)
	require.NoError(t, err)
	defer l.Close()
	require.Error(t, l.Watch(context.Background(), func(*Snapshot) {}))
}

func TestWatchFollowsADirectoryThatIsReplaced(t *testing.T) {
	a := newApp(t, sms("SMS/one", `{"url":"first"}`))
	w := a.watch(false)
	soon := func(what string) {
		t.Helper()
		require.Eventually(t, func() bool { return url(w.get(), "SMS.one") == what }, 10*time.Second, 5*time.Millisecond, what)
	}
	soon("first")
	for name, text := range with(sms("SMS/one", `{"url":"second"}`), map[string]string{"app.json": appJSON}) {
		a.write("../next/"+name, text)
	}
	require.NoError(t, os.Rename(a.dir, a.dir+"-before"))
	require.NoError(t, os.Rename(filepath.Join(a.dir, "../next"), a.dir))
	soon("second")
	a.write("SMS/one/sms.json", `{"url":"third"}`)
	soon("third")
	a.write("../app-before/SMS/one/sms.json", `{"url":"elsewhere"}`)
	a.write("SMS/one/sms.json", `{"url":"fourth"}`)
	soon("fourth")
}

package catalog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/lintel-run/lintel/internal/figure"
)

// many writes an app of n SMS instances.
func many(b testing.TB, n int) Config {
	b.Helper()
	base := b.TempDir()
	put := func(name, text string) {
		name = filepath.Join(base, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			b.Fatal(err)
		}
	}
	put("plugins/plugin", "code")
	put("plugins/plugin.types.json", smsTypes)
	put("app/app.json", `{"appId":"org.app","variables":[{"name":"HOST","default":"gw.example"}]}`)
	for i := range n {
		put(fmt.Sprintf("app/SMS/group%d/sms%d/e.json", i/100, i), fmt.Sprintf(`{"title":"SMS %d","type":"SMS.Http","backendBundleEntry":".","frontBundleEntry":"sms.json"}`, i))
		put(fmt.Sprintf("app/SMS/group%d/sms%d/sms.json", i/100, i), fmt.Sprintf(`{"url":"https://{{HOST}}/%d","timeout":%d,"secret":"s3cret-%d","list":["a","b"],"nested":{"alpha":"x","beta":1.5}}`, i, i+1, i))
	}
	return Config{Root: filepath.Join(base, "app"), Library: library(), PluginDirs: []string{filepath.Join(base, "plugins")}}
}

const benchElements = 10_000

func BenchmarkLoad10000(b *testing.B) {
	cfg := many(b, benchElements)
	var heap float64
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		l, err := New(cfg)
		if err != nil {
			b.Fatal(err)
		}
		s := l.Load(context.Background())
		if len(s.Problems) > 0 {
			b.Fatal(s.Problems[0])
		}
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		heap = float64(after.HeapAlloc-before.HeapAlloc) / benchElements
		runtime.KeepAlive(l)
		_ = l.Close()
		b.StartTimer()
	}
	figure.AtMost(b, "heapB/element", heap, 8<<10)
	figure.AtMost(b, "s/load", b.Elapsed().Seconds()/float64(b.N), 1)
}

func BenchmarkReloadOneOf10000(b *testing.B) {
	cfg := many(b, benchElements)
	l, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	first := l.Load(context.Background())
	dir := filepath.Join(l.scanner.Roots[0].Dir, "SMS/group42/sms4242")
	before := first.Lookup("SMS.group42.sms4242").Revision
	var times []time.Duration
	for i := 0; b.Loop(); i++ {
		begun := time.Now()
		if err := os.WriteFile(filepath.Join(dir, "sms.json"), fmt.Appendf(nil, `{"url":"https://changed/%d"}`, i), 0o644); err != nil {
			b.Fatal(err)
		}
		l.mu.Lock()
		s := l.load(context.Background(), map[string]bool{dir: false})
		l.mu.Unlock()
		if e := s.Lookup("SMS.group42.sms4242"); e.Revision == before {
			b.Fatal("the change was not seen")
		} else {
			before = e.Revision
		}
		times = append(times, time.Since(begun))
	}
	slices.Sort(times)
	figure.AtMost(b, "median-ms", float64(times[len(times)/2].Microseconds())/1000, 50)
}

// BenchmarkReloadAll looks at every file by itself, as polling does.
func BenchmarkReloadAll10000(b *testing.B) {
	l, err := New(many(b, benchElements))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	l.Load(context.Background())
	for b.Loop() {
		l.Load(context.Background())
	}
}

func BenchmarkLookupAmong10000(b *testing.B) {
	l, err := New(many(b, benchElements))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	s := l.Load(context.Background())
	names := make([]string, 0, 1024)
	for i := range 1024 {
		names = append(names, fmt.Sprintf("SMS.group%d.sms%d", i*9/100, i*9))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if s.Lookup(names[i&1023]) == nil {
			b.Fatal("not found")
		}
		i++
	}
}

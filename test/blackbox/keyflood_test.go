package blackbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/testredis"
	"github.com/lintel-run/lintel/test/blackbox"
)

// flooded is a shop whose cache takes a flood of Idempotency-Keys.
type flooded struct {
	*blackbox.Shop
	t    *testing.T
	keys atomic.Int64
	// size returns how much the cache holds, in its own unit.
	size func() int64
}

// flood makes n calls, each with a key of its own, from addresses that from returns.
func (f *flooded) flood(n int, function string, from func(i int) string) {
	const workers = 8
	c := f.Visitor()
	blackbox.AtOnce(workers, func(worker int) {
		for i := worker; i < n; i += workers {
			keyed := c.With("Idempotency-Key", fmt.Sprintf("a-key-of-a-flood-%d", f.keys.Add(1))).With("X-Forwarded-For", from(i))
			args := blackbox.Args{}
			if function == "getLoginCode" {
				args = blackbox.Args{"phone": "13800138000", "code": "000000"}
			}
			if a := keyed.Call(blackbox.Login, function, args); a.Status >= 500 {
				f.t.Errorf("%s: %d %s", function, a.Status, a.Body)
			}
		}
	})
}

// isServed requires that another address sends and logs in, with keys too.
func (f *flooded) isServed(from string) {
	f.t.Helper()
	c := f.Visitor().With("X-Forwarded-For", from)
	spelt, e164 := blackbox.Phone()
	key := func(name string) *blackbox.Client { return c.With("Idempotency-Key", name+spelt) }
	for range 2 {
		key("the-send-of-another").Call(blackbox.Login, "sendMessage", blackbox.Args{"phone": spelt}).OK(f.t)
	}
	require.Len(f.t, f.Codes(e164), 1, "the repeat is answered")
	var user blackbox.Dict
	for range 2 {
		again := key("the-register-of-another").Call(blackbox.Login, "register",
			blackbox.Args{"phone": spelt, "code": f.Newest(e164), "nick": "N"}).OK(f.t)
		require.True(f.t, user == nil || user.Text("userId") == again.Text("userId"))
		user = again
	}
	login := c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": user.Text("loginCode"), "platform": "api"}).OK(f.t)
	c.Bearer(login.Text("accessToken")).Call(blackbox.Sessions, "currentUser", nil).OK(f.t)
}

func fileSize(t *testing.T, pattern string) (sum int64) {
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		if about, err := os.Stat(file); err == nil {
			sum += about.Size()
		}
	}
	return sum
}

// A flood of Idempotency-Keys costs its sender, never another's send or login.
func TestAFloodOfKeys(t *testing.T) {
	t.Parallel()
	for store, test := range map[string]struct {
		open func(t *testing.T, f *flooded)
		most int64 // that a flood of 4,000 may leave, in the unit of size
	}{
		"sqlite": {func(t *testing.T, f *flooded) {
			f.size = func() int64 { return fileSize(t, filepath.Join(f.Dir, "appData", "caches.db*")) }
		}, 8 << 20},
		"memory": {func(_ *testing.T, f *flooded) {
			f.Store("defaultCache", "caches.small", "caches.MemoryType", map[string]any{"maxEntries": 1000})
		}, 0},
		"redis": {func(t *testing.T, f *flooded) {
			server := testredis.Start(t)
			f.Store("defaultCache", "caches.main", "caches.RedisType", map[string]any{"url": server.URL()})
			options, err := redis.ParseURL(server.URL())
			require.NoError(t, err)
			client := redis.NewClient(options)
			t.Cleanup(func() { _ = client.Close() })
			f.size = func() int64 { return client.DBSize(t.Context()).Val() }
		}, 4100},
	} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			f := &flooded{Shop: blackbox.NewShop(t), t: t, size: func() int64 { return 0 }}
			test.open(t, f)
			f.Open(1, blackbox.Start{Env: []string{"LINTEL_TRUSTED_PROXIES=127.0.0.1/32"}})
			f.isServed("198.51.100.1")

			before := f.size()
			one := func(int) string { return "203.0.113.7" }
			for _, function := range []string{"getLoginConfig", "generateCaptcha", "register", "bind", "noSuchFunction"} {
				f.flood(800, function, one) // register lacks its arguments, bind its user
			}
			require.LessOrEqual(t, f.size(), before+test.most/100, "calls that change nothing, or are refused, leave nothing")

			f.flood(4000, "getLoginCode", one)
			f.isServed("198.51.100.2")
			f.isServed("2001:db8:1::1")
			require.LessOrEqual(t, f.size(), before+test.most)
			f.flood(4000, "getLoginCode", func(i int) string { return fmt.Sprintf("2001:db8:2:%x::1", i) })
			f.isServed("198.51.100.3")
			require.LessOrEqual(t, f.size(), before+3*test.most)
		})
	}
}

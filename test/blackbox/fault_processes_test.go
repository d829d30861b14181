package blackbox_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/pace"
	"github.com/lintel-run/lintel/internal/testpostgres"
	"github.com/lintel-run/lintel/internal/testredis"
	"github.com/lintel-run/lintel/test/blackbox"
)

// A confirmed registration survives kill -9, and the embedded stores' files are intact.
func TestFaultEmbeddedStoresSurviveAKilledHost(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	type member struct{ phone, e164, id string }
	var (
		mu      sync.Mutex
		members []member
	)
	for range blackbox.Rounds(3, 50) {
		shop.Servers = nil
		shop.Open(1)
		s := shop.Servers[0]
		var asked atomic.Int64
		var done sync.WaitGroup
		for range 8 {
			done.Go(func() {
				for c := s.Client(); ; {
					spelt, e164 := blackbox.Phone()
					if sent, err := c.Try(blackbox.Login, "sendMessage", blackbox.Args{"phone": spelt}); err != nil || sent.Status != 200 {
						return
					}
					code := shop.Codes(e164)[0]
					asked.Add(1)
					made, err := c.Try(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": "n"})
					if err != nil || made.Status != 200 {
						return
					}
					mu.Lock()
					members = append(members, member{spelt, e164, made.OK(t).Text("userId")})
					mu.Unlock()
				}
			})
		}
		blackbox.Eventually(t, 20*time.Second, "registrations are under way", func() bool { return asked.Load() > 40 })
		s.Kill()
		done.Wait()
	}
	nothingHalfInFile(t, filepath.Join(shop.Dir, "appData"))
	shop.Servers = nil
	shop.SetLogin(map[string]any{"resendInterval": 1})
	shop.Open(1)
	time.Sleep(time.Second)
	for _, m := range members[max(0, len(members)-40):] {
		var code string
		blackbox.Eventually(t, 46*time.Second, "a phone is blocked no longer than its interval", func() bool {
			if shop.Servers[0].Client().Send(m.phone).Status != 200 {
				return false
			}
			code = shop.Newest(m.e164)
			return true
		})
		user := shop.Servers[0].Client().Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": m.phone, "code": code}).OK(t)
		require.Equal(t, m.id, user.Text("userId"))
	}
}

// If nothing can be written, nothing is served, and an error says so in time.
func TestFaultDataDirectoryThatCanNotBeWritten(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	data := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(data, nil, 0o600))
	out := blackbox.Lintel(t, t.TempDir(), nil, "serve", app.Dir, "--listen", "127.0.0.1:0", "--dev", "--data", data)
	require.Equal(t, 1, out.Code, out.Stderr)
	if os.Getuid() == 0 {
		return // root may write anywhere
	}
	data = t.TempDir()
	require.NoError(t, os.Chmod(data, 0o500))
	out = blackbox.Lintel(t, t.TempDir(), nil, "serve", app.Dir, "--listen", "127.0.0.1:0", "--dev", "--data", data)
	require.Equal(t, 1, out.Code, out.Stderr)
}

// Processes that start at the same time on one empty data directory, or one empty
// database, share a secret and a signing key.
func TestFaultFirstStartsAtOnce(t *testing.T) {
	t.Parallel()
	settings := []struct {
		name string
		make func(t *testing.T, s *blackbox.Shop) []blackbox.Start
	}{
		{"an empty data directory", func(*testing.T, *blackbox.Shop) []blackbox.Start {
			return make([]blackbox.Start, 4)
		}},
		{"an empty database", func(t *testing.T, s *blackbox.Shop) []blackbox.Start {
			s.Store("defaultCache", "caches.main", "caches.RedisType", map[string]any{"url": testredis.Start(t).URL()})
			s.Store("defaultDatabase", "databases.main", "databases.PostgresType",
				map[string]any{"url": testpostgres.Start(t).NewURL(t)})
			starts := make([]blackbox.Start, 4)
			for i := range starts {
				starts[i] = blackbox.Start{
					Args: []string{"--data", t.TempDir()},
					Env:  []string{"LINTEL_SECRET=c29tZS1zZWNyZXQtZm9yLXRlc3RzLW9mLWZpcnN0LXN0YXJ0cw=="},
				}
			}
			return starts
		}},
	}
	for _, setting := range settings {
		t.Run(setting.name, func(t *testing.T) {
			t.Parallel()
			for range blackbox.Rounds(1, 20) {
				shop := blackbox.NewShop(t)
				starts := setting.make(t, shop)
				servers := make([]*blackbox.Server, len(starts))
				for i, start := range starts {
					start.NoDev = true
					s, err := shop.Begin(start)
					require.NoError(t, err)
					servers[i] = s
				}
				for _, s := range servers {
					require.NoError(t, s.Await())
				}
				shop.Servers = servers
				p := shop.SignUp(blackbox.Login)
				var keys string
				for i, s := range servers {
					me := s.Client().Bearer(p.AccessToken).Call(blackbox.Sessions, "currentUser", nil).OK(t)
					require.Equal(t, p.UserID, me.Text("userId"))
					_, now := public(t, s, "/.well-known/jwks.json")
					if i > 0 {
						require.JSONEq(t, keys, now, "one signing key")
					}
					keys = now
				}
				var set struct{ Keys []any }
				require.NoError(t, json.Unmarshal([]byte(keys), &set))
				require.Len(t, set.Keys, 1)
				for _, s := range servers {
					s.Stop()
				}
			}
		})
	}
}

// One of three replicas is frozen: the others serve and don't wait for it.
func TestFaultFrozenReplica(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, nil)
	f.Open(3)
	p := f.SignUp(blackbox.Login)
	// The frozen replica holds a claim that it can't end.
	spelt, e164 := blackbox.Phone()
	code := f.Code(f.Servers[0].Client(), blackbox.Login, spelt, e164)
	args := blackbox.Args{"phone": spelt, "code": code, "nick": "n"}
	hold := f.Database.HoldRequest(0, []byte("lintel_code_uses"))
	answered := make(chan *blackbox.Answer, 1)
	go func() {
		answer, _ := f.Servers[2].Client().Try(blackbox.Login, "register", args)
		answered <- answer
	}()
	select {
	case <-hold.Reached():
	case <-time.After(10 * time.Second):
		// Its statements were prepared before, so requests don't contain their text.
	}
	f.Servers[2].Signal(syscall.SIGSTOP)
	hold.Pass()
	f.Database.Up(t)
	for _, s := range f.Servers[:2] {
		s.Client().Bearer(p.AccessToken).Call(blackbox.Sessions, "currentUser", nil).OK(t)
		newcomer, newcomerE164 := blackbox.Phone()
		newCode := f.Code(s.Client(), blackbox.Login, newcomer, newcomerE164)
		s.Client().Call(blackbox.Login, "register", blackbox.Args{"phone": newcomer, "code": newCode, "nick": "n"}).OK(t)
	}
	made := repeated(t, f.Servers[0].Client(), blackbox.Login, "register", args)
	if made.Status != 200 {
		require.Contains(t, []string{"PHONE_IN_USE", "CODE_REJECTED"}, made.Code, made.Body)
	}
	f.Servers[2].Signal(syscall.SIGCONT)
	late := <-answered
	require.NotNil(t, late)
	if made.Status == 200 {
		require.NotEqual(t, 200, late.Status, "two users of one code")
	}
	require.Equal(t, 1, f.count(t, "SELECT count(*) FROM lintel_users WHERE phone = $1", e164))
	f.nothingHalf(t)
	f.nothingLasts(t)
	blackbox.Eventually(t, 20*time.Second, "it serves again", func() bool {
		return f.Servers[2].Client().Bearer(p.AccessToken).Call(blackbox.Sessions, "currentUser", nil).Status == 200
	})
}

// SIGTERM under load: the server is not ready at once, answers requests in flight, and
// exits with 0.
func TestFaultDrainUnderLoad(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.Open(1)
	s := shop.Servers[0]
	shop.SignUp(blackbox.Login)
	shop.Vendor.Delay(700 * time.Millisecond)
	var (
		wait            sync.WaitGroup
		terminated      atomic.Bool
		answered, wrong atomic.Int64
	)
	for range 16 {
		wait.Go(func() {
			for c := s.Client(); ; {
				before := terminated.Load()
				spelt, _ := blackbox.Phone()
				answer, err := c.Try(blackbox.Login, "sendMessage", blackbox.Args{"phone": spelt})
				switch {
				case err == nil && answer.Status == 200:
					answered.Add(1)
				case before && err != nil:
					return // the request came after the server had stopped accepting
				case before && answer.Status == 503:
					return
				default:
					wrong.Add(1)
					t.Errorf("a request in flight: %v %v", answer, err)
					return
				}
			}
		})
	}
	blackbox.Eventually(t, 10*time.Second, "requests are in flight", func() bool { return answered.Load() > 16 })
	s.Signal(syscall.SIGTERM)
	terminated.Store(true)
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	blackbox.Eventually(t, 2*time.Second, "it isn't ready", func() bool {
		resp, err := client.Get(s.URL + "/readyz")
		if err != nil {
			return true
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusServiceUnavailable
	})
	require.Equal(t, 0, s.Exit())
	wait.Wait()
	require.Zero(t, wrong.Load())
}

// A second SIGTERM doesn't wait for requests in flight, and leaves nothing behind.
func TestFaultSecondSignalEnds(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.Open(1)
	s := shop.Servers[0]
	shop.SignUp(blackbox.Login)
	below := processesBelow(s.PID())
	shop.Vendor.Delay(time.Minute)
	sent := len(shop.Vendor.Sent())
	go func() {
		spelt, _ := blackbox.Phone()
		_, _ = s.Client().Try(blackbox.Login, "sendMessage", blackbox.Args{"phone": spelt})
	}()
	blackbox.Eventually(t, 10*time.Second, "a send is in flight", func() bool { return len(shop.Vendor.Sent()) > sent })
	s.Signal(syscall.SIGTERM)
	time.Sleep(200 * time.Millisecond)
	s.Signal(syscall.SIGTERM)
	watch := pace.Start(t)
	require.Equal(t, 1, s.Exit())
	watch.Within(t, 3*time.Second)
	for _, pid := range below {
		blackbox.Eventually(t, 10*time.Second, "the process ends", func() bool { return !blackbox.Alive(pid) })
	}
	_, err := os.Stat(s.Admin)
	require.ErrorIs(t, err, fs.ErrNotExist, fmt.Sprint("the socket stays: ", err))
}

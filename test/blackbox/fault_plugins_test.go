package blackbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

const (
	loginType  = "auths.loginTypes.PhoneType"
	vendorType = "SMS.Http"
)

// killPlugin ends a plugin process as a crash would.
func killPlugin(t testing.TB, s *blackbox.Server, typeName string) int {
	t.Helper()
	var pid int
	blackbox.Eventually(t, 10*time.Second, "the plugin runs", func() bool {
		pid = s.Plugins(2)[typeName]
		return pid != 0 && blackbox.Alive(pid)
	})
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	return pid
}

// killed is how often a plugin is killed. If it crashed more often, it would not be
// restarted at once.
const killed = 2

// Either plugin is killed during the request to the vendor: the vendor got one request,
// its outcome is unknown, the cooldown stays, and both codes work.
func TestFaultPluginKilledInASend(t *testing.T) {
	t.Parallel()
	for _, typeName := range []string{loginType, vendorType} {
		t.Run(typeName, func(t *testing.T) {
			t.Parallel()
			for range blackbox.Rounds(1, 20) {
				t.Run("", func(t *testing.T) { killedInASend(t, typeName) })
			}
		})
	}
}

func killedInASend(t *testing.T, typeName string) {
	shop := blackbox.NewShop(t)
	shop.SetLogin(map[string]any{"resendInterval": 2, "phoneHourlyLimit": 1000, "phoneDailyLimit": 1000})
	shop.Open(1)
	s := shop.Servers[0]
	p := shop.SignUp(blackbox.Login)
	for round := range killed {
		time.Sleep(2 * time.Second)
		old := shop.Code(s.Client(), blackbox.Login, p.Phone, p.E164)
		time.Sleep(2 * time.Second)
		sent := len(shop.Codes(p.E164))
		shop.Vendor.Next(blackbox.Hang)
		answered := make(chan *blackbox.Answer, 1)
		begun := time.Now()
		same := s.Client().With("Idempotency-Key", key())
		go func() { answered <- same.Send(p.Phone) }()
		blackbox.Eventually(t, 10*time.Second, "the vendor is asked", func() bool { return len(shop.Codes(p.E164)) > sent })
		old1 := killPlugin(t, s, typeName)
		answer := <-answered
		if typeName == vendorType {
			data := answer.Fails(t, 502, "SMS_FAILED")
			require.Contains(t, data, "resendAfter")
			require.Contains(t, data, "expiresIn")
		} else {
			data := answer.Fails(t, 503, "ELEMENT_UNAVAILABLE")
			require.Equal(t, "unknown", data.Text("outcome"))
			require.Zero(t, answer.RetryAfter())
		}
		again := same.Send(p.Phone)
		require.Equal(t, answer.Code, again.Code, "a repeat is answered as the first was")
		require.Len(t, shop.Codes(p.E164), sent+1, "asked once")
		if time.Since(begun) < 1500*time.Millisecond {
			s.Client().Send(p.Phone).Fails(t, 429, "SEND_TOO_FREQUENT")
		}
		// The code of the interrupted send and the previous one both work, once.
		working := []string{old, shop.Newest(p.E164)}[round%2]
		repeated(t, s.Client(), blackbox.Login, "getLoginCode", blackbox.Args{"phone": p.Phone, "code": working}).OK(t)
		s.Client().Call(blackbox.Login, "getLoginCode", blackbox.Args{"phone": p.Phone, "code": working}).Fails(t, 401, "CODE_REJECTED")
		blackbox.Eventually(t, 10*time.Second, "the plugin is back", func() bool {
			pid := s.Plugins(2)[typeName]
			return pid != 0 && pid != old1
		})
		blackbox.Eventually(t, 10*time.Second, "the next send works", func() bool {
			return s.Client().Send(p.Phone).Status == 200
		})
		require.Len(t, shop.Codes(p.E164), sent+2)
	}
}

// If a plugin dies while codes are used, only calls in flight fail. A code is used
// once, and a repeat gets its answer.
func TestFaultPluginKilledWhileCodesAreUsed(t *testing.T) {
	t.Parallel()
	for range blackbox.Rounds(1, 30) {
		t.Run("", killedWhileCodesAreUsed)
	}
}

func killedWhileCodesAreUsed(t *testing.T) {
	f := newFaulty(t, nil)
	f.Open(1)
	s := f.server()
	f.SignUp(blackbox.Login)
	for range killed {
		for _, a := range []int{1, 2} { // getLoginCode and register
			try := acts[a].prepare(f, t)
			hold := f.Cache.HoldReply(1, []byte("evalsha")) // the store's part of the call
			same := key()
			answered := make(chan *blackbox.Answer, 1)
			go func() {
				answer, _ := try.as(f, same).Try(try.element, try.function, try.args)
				answered <- answer
			}()
			select {
			case <-hold.Reached():
			case <-time.After(10 * time.Second):
				t.Fatal("the store was not asked")
			}
			killPlugin(t, s, loginType)
			hold.Pass()
			first := <-answered
			require.NotNil(t, first)
			if first.Status != 200 {
				require.Equal(t, "unknown", first.Fails(t, 503, "ELEMENT_UNAVAILABLE").Text("outcome"))
			}
			// The same request gets the same answer. A new one finds the code either
			// used or still valid.
			second, err := try.as(f, same).Try(try.element, try.function, try.args)
			require.NoError(t, err)
			require.Equal(t, first.Code, second.Code)
			third := repeated(t, f.client(), try.element, try.function, try.args)
			if third.Status != 200 {
				require.Contains(t, []string{"CODE_REJECTED", "PHONE_IN_USE"}, third.Code, third.Body)
			}
			require.NotEqual(t, 200, f.client().Call(try.element, try.function, try.args).Status, "used twice")
		}
	}
	f.nothingLasts(t)
	f.nothingHalf(t)
}

// Files that the host inherited are not open in its plugins.
func TestPluginsInheritNoFiles(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skipf("open files are seen in /proc only: %v", err)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "of the host"))
	require.NoError(t, err)
	defer file.Close()
	s := blackbox.Example(t).Serve(blackbox.Start{Files: []*os.File{file, file}})
	pid := s.Plugins(1)[loginType]
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if os.IsPermission(err) {
		t.Skip("only root sees the open files of a process that hides them")
	}
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, entry := range entries {
		target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, entry.Name()))
		require.NotEqual(t, file.Name(), target)
	}
}

// After kill -9 of the host, no process, socket or directory is left, even if plugins
// are stopped.
func TestFaultNothingOutlivesAKilledHost(t *testing.T) {
	t.Parallel()
	for _, stopped := range []bool{false, true} {
		temp, err := os.MkdirTemp("", "lt")
		require.NoError(t, err)
		t.Cleanup(func() { _ = os.RemoveAll(temp) })
		shop := blackbox.NewShop(t)
		shop.Open(1, blackbox.Start{Env: []string{"TMPDIR=" + temp, "XDG_RUNTIME_DIR=" + temp}})
		s := shop.Servers[0]
		shop.SignUp(blackbox.Login)
		pids := s.Plugins(2)
		children := processesBelow(s.PID())
		require.GreaterOrEqual(t, len(children), len(pids))
		if stopped {
			for _, pid := range pids {
				require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
			}
		}
		s.Kill()
		for _, pid := range children {
			blackbox.Eventually(t, 10*time.Second, "the process ends", func() bool { return !blackbox.Alive(pid) })
		}
		blackbox.Eventually(t, 10*time.Second, "nothing is left in the temporary directory", func() bool {
			left, err := filepath.Glob(filepath.Join(temp, "*"))
			return err == nil && len(left) == 0
		})
	}
}

package blackbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// signalAll sends a signal to a server and all processes below it, as systemd does to a
// service, and a terminal to what runs in it.
func signalAll(t *testing.T, s *blackbox.Server, sig syscall.Signal) {
	t.Helper()
	for _, pid := range append(processesBelow(s.PID()), s.PID()) {
		require.NoError(t, syscall.Kill(pid, sig))
	}
}

// sendInFlight begins a send and returns once the vendor has it.
func sendInFlight(t *testing.T, shop *blackbox.Shop) <-chan *blackbox.Answer {
	t.Helper()
	sent := len(shop.Vendor.Sent())
	c, answered := shop.Visitor(), make(chan *blackbox.Answer, 1)
	spelt, _ := blackbox.Phone()
	go func() {
		answer, err := c.Try(blackbox.Login, "sendMessage", blackbox.Args{"phone": spelt})
		if err != nil {
			t.Errorf("the send is lost: %v", err)
		}
		answered <- answer
	}()
	blackbox.Eventually(t, 20*time.Second, "the vendor has the message", func() bool { return len(shop.Vendor.Sent()) > sent })
	return answered
}

// A signal to everything that belongs to the server drains like one to the server alone:
// the send in flight ends as its vendor says.
func TestASignalToAllProcessesDrains(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		for turn, code := range map[blackbox.Turn]string{blackbox.Accept: "", blackbox.RefuseNumber: "SMS_REFUSED"} {
			t.Run(fmt.Sprint(sig, turn), func(t *testing.T) {
				t.Parallel()
				shop := blackbox.NewShop(t)
				shop.Open(1)
				shop.SignUp(blackbox.Login)
				shop.Vendor.Delay(1500 * time.Millisecond)
				shop.Vendor.Next(turn)
				below := processesBelow(shop.Servers[0].PID())
				answered := sendInFlight(t, shop)
				signalAll(t, shop.Servers[0], sig)
				if answer := <-answered; code == "" {
					answer.OK(t)
				} else {
					require.Equal(t, code, answer.Code)
				}
				require.Equal(t, 0, shop.Servers[0].Exit())
				for _, pid := range below {
					require.False(t, blackbox.Alive(pid))
				}
			})
		}
	}
}

// The same for a Type in another language.
func TestASignalToAllProcessesDrainsATypeInNode(t *testing.T) {
	t.Parallel()
	shop := nodeType(t)
	shop.Open(1)
	nodeRuns(t, shop.Servers[0], 0)
	shop.SignUp(blackbox.Login)
	shop.Vendor.Delay(1500 * time.Millisecond)
	answered := sendInFlight(t, shop)
	signalAll(t, shop.Servers[0], syscall.SIGTERM)
	(<-answered).OK(t)
	require.Equal(t, 0, shop.Servers[0].Exit())
}

// SIGHUP ends nothing and drains nothing, whoever gets it.
func TestAHangupEndsNothing(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.Open(1)
	s := shop.Servers[0]
	shop.SignUp(blackbox.Login)
	shop.Vendor.Delay(500 * time.Millisecond)
	before := s.Plugins(2)
	answered := sendInFlight(t, shop)
	for range 3 {
		signalAll(t, s, syscall.SIGHUP)
	}
	(<-answered).OK(t)
	shop.SignUp(blackbox.Login)
	require.Equal(t, before, s.Plugins(2))
	require.NotContains(t, s.Log(), "draining")
	resp, err := http.Get(s.URL + "/readyz")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// During the delay a server isn't ready, and serves as before. Then it takes nothing more.
func TestDrainDelay(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.Open(1, blackbox.Start{Args: []string{"--drain-delay", "4s"}})
	s, c := shop.Servers[0], shop.Visitor()
	shop.SignUp(blackbox.Login)
	begun := time.Now()
	s.Signal(syscall.SIGTERM)
	blackbox.Eventually(t, 3*time.Second, "it isn't ready", func() bool {
		resp, err := http.Get(s.URL + "/readyz")
		require.NoError(t, err)
		return resp.Body.Close() == nil && resp.StatusCode == http.StatusServiceUnavailable
	})
	spelt, _ := blackbox.Phone()
	c.Send(spelt).OK(t)
	require.Equal(t, 0, s.Exit())
	require.GreaterOrEqual(t, time.Since(begun), 4*time.Second)
	_, err := http.Get(s.URL + "/readyz")
	require.Error(t, err)
}

func TestASecondSignalEndsTheDrainDelay(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.Open(1, blackbox.Start{Args: []string{"--drain-delay", "10m"}})
	s := shop.Servers[0]
	s.Signal(syscall.SIGTERM)
	blackbox.Eventually(t, 20*time.Second, "it drains", func() bool { return strings.Contains(s.Log(), "draining") })
	s.Signal(syscall.SIGTERM)
	require.Equal(t, 1, s.Exit())
}

// Without --drain-delay a server waits for proxies only where there is one.
func TestDrainDelayByDefault(t *testing.T) {
	t.Parallel()
	forwarded := func(s *blackbox.Server) {
		spelt, _ := blackbox.Phone()
		s.Client().With("X-Forwarded-For", "203.0.113.9").Send(spelt)
	}
	for name, c := range map[string]struct {
		start blackbox.Start
		ask   func(*blackbox.Server)
		delay string
	}{
		"no proxy":                {blackbox.Start{NoDev: true}, nil, "0"},
		"a trusted proxy":         {blackbox.Start{NoDev: true, Args: []string{"--trusted-proxies", "192.0.2.0/24"}}, nil, "5000"},
		"an unknown proxy":        {blackbox.Start{NoDev: true}, forwarded, "5000"},
		"development":             {blackbox.Start{Args: []string{"--trusted-proxies", "192.0.2.0/24"}}, nil, "0"},
		"a given one":             {blackbox.Start{NoDev: true, Args: []string{"--trusted-proxies", "192.0.2.0/24"}, Env: []string{"LINTEL_DRAIN_DELAY=0s"}}, nil, "0"},
		"a given one, in the dev": {blackbox.Start{Args: []string{"--drain-delay", "7s"}}, nil, "7000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := blackbox.NewShop(t)
			s := shop.Serve(c.start)
			if c.ask != nil {
				c.ask(s)
			}
			s.Signal(syscall.SIGTERM)
			blackbox.Eventually(t, 20*time.Second, "it drains", func() bool { return strings.Contains(s.Log(), "draining") })
			require.Contains(t, s.Log(), "delay_ms="+c.delay+" ")
			s.Signal(syscall.SIGTERM)
			s.Exit()
		})
	}
}

// rollingProxy sends each request to one of its backends that was ready when it looked
// last. It repeats none.
type rollingProxy struct {
	backends [2]atomic.Pointer[url.URL]
	ready    [2]atomic.Bool
	turn     atomic.Int64
	lost     atomic.Int64
}

func (p *rollingProxy) look(every time.Duration, end <-chan struct{}) {
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	for i := range p.backends {
		go func() {
			for {
				resp, err := client.Get(p.backends[i].Load().String() + "/readyz")
				p.ready[i].Store(err == nil && resp.StatusCode == http.StatusOK)
				if err == nil {
					_ = resp.Body.Close()
				}
				select {
				case <-time.After(every):
				case <-end:
					return
				}
			}
		}()
	}
}

func (p *rollingProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	first := int(p.turn.Add(1))
	for next := range p.backends {
		i := (first + next) % len(p.backends)
		if !p.ready[i].Load() {
			continue
		}
		forward := &httputil.ReverseProxy{Rewrite: func(pr *httputil.ProxyRequest) {
			pr.SetURL(p.backends[i].Load())
			pr.SetXForwarded()
		}, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			p.lost.Add(1)
			w.WriteHeader(http.StatusBadGateway)
		}}
		forward.ServeHTTP(w, r)
		return
	}
	p.lost.Add(1)
	w.WriteHeader(http.StatusBadGateway)
}

// Two replicas are restarted one after the other behind a proxy that looks every so often
// whether they are ready. No request is lost. The proxy looks as often as the delay is
// long, as one that looks every 5 s does with the default.
func TestReplicasRolledBehindAProxyLoseNoRequest(t *testing.T) {
	t.Parallel()
	every := 2 * time.Second
	if os.Getenv("LINTEL_SOAK") != "" {
		every = 5 * time.Second
	}
	shop := blackbox.NewShop(t)
	shop.Together = true
	how := blackbox.Start{NoDev: true, Args: []string{"--trusted-proxies", "127.0.0.0/8", "--drain-delay", every.String()}}
	proxy, servers := &rollingProxy{}, [2]*blackbox.Server{}
	begin := func(i int) {
		servers[i] = shop.Serve(how)
		u, err := url.Parse(servers[i].URL)
		require.NoError(t, err)
		proxy.backends[i].Store(u)
	}
	begin(0)
	begin(1)
	end := make(chan struct{})
	proxy.look(every, end)
	front := httptest.NewServer(proxy)
	defer front.Close()
	isReady := func(i int) {
		blackbox.Eventually(t, time.Minute, "the proxy knows that it is ready", proxy.ready[i].Load)
	}
	isReady(0)
	isReady(1)

	var clients sync.WaitGroup
	var served, failed atomic.Int64
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-end:
					return
				case <-time.After(10 * time.Millisecond):
				}
				resp, err := http.Post(front.URL+"/api/example/shop/auths/loginTypes/myPhoneLogin/getLoginConfig", "application/json", strings.NewReader("{}"))
				if err != nil || resp.StatusCode != http.StatusOK {
					failed.Add(1)
				} else {
					served.Add(1)
				}
				if err == nil {
					_ = resp.Body.Close()
				}
			}
		})
	}
	for i := range servers {
		served.Store(0)
		blackbox.Eventually(t, time.Minute, "requests come", func() bool { return served.Load() > 20 })
		servers[i].Signal(syscall.SIGTERM)
		require.Equal(t, 0, servers[i].Exit())
		proxy.ready[i].Store(false) // the proxy has seen it by now, and doesn't ask the old address again
		begin(i)
		isReady(i)
	}
	close(end)
	clients.Wait()
	require.Zero(t, proxy.lost.Load())
	require.Zero(t, failed.Load())
}

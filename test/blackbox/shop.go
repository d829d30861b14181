package blackbox

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// secret is the app's secret in base64, for tests whose stores are not embedded.
const secret = "Y29uc3RhbnQtYW5kLW9mLW5vLXZhbHVlLXRvLWFueWJvZHk="

// Shop is the example app with a stand-in for its vendor, served without --dev by one
// or more processes.
type Shop struct {
	*App
	t       testing.TB
	Vendor  *Vendor
	Servers []*Server
	// Together makes the processes share the app's data directory.
	Together bool
	turn     atomic.Int64
}

// NewShop makes the app. The caller may change it before Open. Limits on addresses are
// high, since all tests share one address.
func NewShop(t testing.TB) *Shop {
	t.Helper()
	s := &Shop{App: Example(t), t: t, Vendor: NewVendor(t)}
	s.UseVendor(s.Vendor, "gateway")
	s.SetLogin(map[string]any{"ipHourlyLimit": 1000000, "ipHourlyGuesses": 1000000})
	return s
}

// OpenShop makes the app with settings of its login, serves it with one process and
// returns a client of it.
func OpenShop(t testing.TB, settings map[string]any) (*Shop, *Client) {
	t.Helper()
	s := NewShop(t)
	s.SetLogin(settings)
	s.Open(1)
	return s, s.Visitor()
}

// Store makes an instance of typeName the default store. kind is defaultCache or
// defaultDatabase.
func (s *Shop) Store(kind, fullName, typeName string, config map[string]any) {
	s.t.Helper()
	dir := strings.ReplaceAll(fullName, ".", "/")
	s.WriteJSON(dir+"/e.json", map[string]any{"title": fullName, "type": typeName, "backendBundleEntry": "."})
	s.WriteJSON(dir+"/config.json", config)
	s.Edit("app.json", func(app map[string]any) {
		settings, _ := app["settings"].(map[string]any)
		elements, _ := settings["defaultElement"].(map[string]any)
		elements[kind] = fullName
	})
}

// Another makes one more login of the app. It has codes of its own, and shares the
// history of each phone, which it judges by figures that get in no test's way.
func (s *Shop) Another(name string, settings map[string]any) string {
	s.t.Helper()
	config := map[string]any{"smsFullName": "SMS.gateway", "ipHourlyLimit": 1000000, "ipHourlyGuesses": 1000000, "captcha": "off",
		"resendInterval": 1, "phoneHourlyLimit": 1000, "phoneDailyLimit": 1000}
	for key, value := range settings {
		config[key] = value
	}
	s.WriteJSON("auths/loginTypes/"+name+"/e.json", map[string]any{
		"title": name, "type": "auths.loginTypes.PhoneType", "backendBundleEntry": ".",
	})
	s.WriteJSON("auths/loginTypes/"+name+"/config.json", config)
	return "auths.loginTypes." + name
}

// Open serves the app with n processes. If there are several and they are not Together,
// each has a data directory of its own.
func (s *Shop) Open(processes int, how ...Start) *Shop {
	s.t.Helper()
	for range processes {
		start := Start{NoDev: true, Env: []string{"LINTEL_SECRET=" + secret}}
		if processes > 1 && !s.Together {
			start.Args = []string{"--data", s.t.TempDir()}
		}
		s.Servers = append(s.Servers, s.Serve(append([]Start{start}, how...)...))
	}
	return s
}

// Visitor returns a new client of the next process.
func (s *Shop) Visitor() *Client {
	return s.Servers[int(s.turn.Add(1))%len(s.Servers)].Client()
}

// Clients returns n clients, spread over the processes.
func (s *Shop) Clients(n int) []*Client {
	first := make([]*Client, len(s.Servers))
	for i, server := range s.Servers {
		first[i] = server.Client()
	}
	clients := make([]*Client, n)
	for i := range clients {
		clients[i] = first[i%len(first)]
	}
	return clients
}

// Codes returns the codes that the vendor was asked to send to a phone, oldest first.
func (s *Shop) Codes(e164 string) []string {
	var codes []string
	for _, sent := range s.Vendor.To(e164) {
		codes = append(codes, sent.Code)
	}
	return codes
}

// Newest returns the newest code that was sent to a phone.
func (s *Shop) Newest(e164 string) string {
	s.t.Helper()
	codes := s.Codes(e164)
	if len(codes) == 0 {
		s.t.Fatal("nothing was sent to that phone")
	}
	return codes[len(codes)-1]
}

// Code makes a login send a code, when it is allowed, and returns it.
func (s *Shop) Code(c *Client, login, spelt, e164 string, more ...Args) string {
	s.t.Helper()
	args := Args{"phone": spelt}
	for _, m := range more {
		for key, value := range m {
			args[key] = value
		}
	}
	c.SendWhenAllowed(login, args).OK(s.t)
	return s.Newest(e164)
}

// SignUp registers a new phone through a login and logs the person in.
func (s *Shop) SignUp(login string) *Person {
	s.t.Helper()
	p := &Person{Client: s.Visitor()}
	p.Phone, p.E164 = Phone()
	p.register(login, s.Code(p.Client, login, p.Phone, p.E164))
	return p
}

// SignUpTest registers a test phone of a login and logs the person in. Other logins have
// seen nothing of the phone.
func (s *Shop) SignUpTest(login, spelt, code string) *Person {
	s.t.Helper()
	p := &Person{Client: s.Visitor(), Phone: spelt, E164: "+86" + spelt}
	p.Call(login, "sendMessage", Args{"phone": spelt}).OK(s.t)
	p.register(login, code)
	return p
}

// Log returns what all processes have written to their logs.
func (s *Shop) Log() string {
	var all strings.Builder
	for _, server := range s.Servers {
		all.WriteString(server.Log())
	}
	return all.String()
}

// Wrong returns a code that differs from all of codes.
func Wrong(codes ...string) string {
	for n := 0; ; n++ {
		code := fmt.Sprintf("%0*d", len(codes[0]), n)
		if !contains(codes, code) {
			return code
		}
	}
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}

// AtOnce calls do from n goroutines that begin together, and waits for them.
func AtOnce(n int, do func(i int)) {
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-begin
			do(i)
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
}

// Tally counts answers by code; success is "OK".
func Tally(answers []*Answer) map[string]int {
	tally := make(map[string]int)
	for _, a := range answers {
		switch {
		case a.Code != "":
			tally[a.Code]++
		case a.Status == 200:
			tally["OK"]++
		default:
			tally[fmt.Sprint("status ", a.Status)]++
		}
	}
	return tally
}

// Rounds returns how often a race is run: a few times, many with LINTEL_SOAK.
func Rounds(few, many int) int {
	if os.Getenv("LINTEL_SOAK") != "" {
		return many
	}
	return few
}

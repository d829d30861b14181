package bench

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lintel-run/lintel/internal/figure"
	"github.com/lintel-run/lintel/test/blackbox"
)

// BenchmarkStoreSteps counts the Redis commands of one request over HTTP. Commands that
// scripts run inside the server are not round trips and don't count. Commands count one
// by one, even if they were sent together.
func BenchmarkStoreSteps(b *testing.B) {
	s := newScene(b, nil)
	// Load the scripts and open the connections first.
	warm := fresh(50)
	s.users(b, warm)
	s.lintel.sends(b, 8, warm)
	s.lintel.logins(b, 8, warm)
	counted := s.watchRedis(b)

	c, err := dial(s.lintel.address)
	if err != nil {
		b.Fatal(err)
	}
	defer c.conn.Close()
	var loginCode string
	people := 0.0
	steps := make(map[string]float64)
	for b.Loop() {
		list := fresh(20)
		s.users(b, list)
		people += float64(len(list))
		for _, phone := range list {
			for _, step := range []struct {
				name, path string
				body       func() string
			}{
				{"sendMessage", s.server.Path(blackbox.Login, "sendMessage"), func() string { return `{"phone":"` + phone + `"}` }},
				{"getLoginCode", s.server.Path(blackbox.Login, "getLoginCode"), func() string {
					return `{"phone":"` + phone + `","code":"` + s.vendor.code("+86"+phone) + `"}`
				}},
				{"loginByCode", s.server.Path(blackbox.Sessions, "loginByCode"), func() string {
					return `{"loginCode":"` + loginCode + `","platform":"api"}`
				}},
			} {
				before := counted()
				answer, err := c.post(step.path, step.body())
				if err != nil {
					b.Fatal(err)
				}
				if step.name == "getLoginCode" {
					loginCode = member(answer, "loginCode")
				}
				steps[step.name] += float64(counted() - before)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(steps["loginByCode"]/people, "loginByCode")
	figure.AtMost(b, "sendMessage", steps["sendMessage"]/people, 2)
	figure.AtMost(b, "getLoginCode", steps["getLoginCode"]/people, 1)
}

// watchRedis makes the server report every command on a separate connection. The
// returned function counts the commands of clients, after all have been reported.
func (s *scene) watchRedis(b *testing.B) func() int64 {
	b.Helper()
	conn, err := net.DialTimeout("tcp", s.redis.Addr, patience)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	if _, err := conn.Write([]byte("MONITOR\r\n")); err != nil {
		b.Fatal(err)
	}
	var count, marks atomic.Int64
	go func() {
		rest, buffer := "", make([]byte, 64<<10)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			lines := strings.Split(rest+string(buffer[:n]), "\r\n")
			rest = lines[len(lines)-1]
			for _, line := range lines[:len(lines)-1] {
				switch {
				case strings.Contains(line, `"benchmark-mark"`):
					marks.Add(1)
				case strings.Contains(line, " lua] "), !strings.Contains(line, "] "):
				case strings.Contains(line, `"PING"`), strings.Contains(line, `"ping"`), strings.Contains(line, `"INFO"`), strings.Contains(line, `"info"`):
					// The health check's commands; no request waits for them.
				default:
					count.Add(1)
				}
			}
		}
	}()
	asker := s.redis.Client()
	return func() int64 {
		want := marks.Load() + 1
		if err := asker.Echo(b.Context(), "benchmark-mark").Err(); err != nil {
			b.Fatal(err)
		}
		for deadline := time.Now().Add(patience); marks.Load() < want; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				b.Fatal("the mark was not reported")
			}
		}
		return count.Load()
	}
}

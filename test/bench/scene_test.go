package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/internal/testpostgres"
	"github.com/lintel-run/lintel/internal/testredis"
	"github.com/lintel-run/lintel/test/blackbox"
)

// lintelApp is the id of app.example.
const lintelApp = "example.shop"

// secret is the app's secret.
const secret = "LINTEL_SECRET=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// quiet keeps the server's log out of the report of a missed target.
type quiet struct{ testing.TB }

func (quiet) Failed() bool { return false }

// scene is app.example with its own Redis, PostgreSQL and stand-in for the vendor, and
// a bare server that uses the same.
type scene struct {
	redis    *testredis.Server
	postgres string
	vendor   *vendor
	app      *blackbox.App
	server   *blackbox.Server
	lintel   *target
	bare     *target
}

func newScene(b *testing.B, settings map[string]any) *scene {
	b.Helper()
	s := &scene{redis: testredis.Start(b), postgres: testpostgres.Start(b).NewURL(b), vendor: newVendor(b)}
	s.app = blackbox.Example(quiet{b})
	s.app.WriteJSON("stores/cache/e.json", map[string]any{"title": "Redis", "type": "caches.RedisType"})
	s.app.WriteJSON("stores/cache/config.json", map[string]any{"url": s.redis.URL()})
	s.app.WriteJSON("stores/database/e.json", map[string]any{"title": "PostgreSQL", "type": "databases.PostgresType"})
	s.app.WriteJSON("stores/database/config.json", map[string]any{"url": s.postgres})
	s.app.Edit("app.json", func(app map[string]any) {
		app["settings"] = map[string]any{"defaultElement": map[string]any{
			"defaultCorp": "corps.shop", "defaultCache": "stores.cache", "defaultDatabase": "stores.database",
		}}
	})
	s.app.WriteJSON("SMS/standIn/e.json", map[string]any{"title": "Stand-in", "type": "SMS.Http"})
	s.app.WriteJSON("SMS/standIn/sms.json", s.vendor.config())
	limits := map[string]any{
		"smsFullName": "SMS.standIn", "codeTTL": 600, "resendInterval": 1,
		"phoneHourlyLimit": 1000, "phoneDailyLimit": 1000, "ipHourlyLimit": 1_000_000,
	}
	for name, value := range settings {
		limits[name] = value
	}
	s.app.SetLogin(limits)
	s.server = s.app.Serve(blackbox.Start{NoDev: true, Args: []string{"--log-level", "info"}, Env: append([]string{secret}, strings.Fields(os.Getenv("LINTEL_BENCH_ENV"))...)})
	s.lintel = s.drive()
	s.bare = startBare(b, bareServers{Redis: s.redis.URL(), Postgres: s.postgres, Vendor: s.vendor.url}, s.vendor)
	return s
}

// drive makes the requests to Lintel that the bare server gets, too.
func (s *scene) drive() *target {
	send := s.server.Path(blackbox.Login, "sendMessage")
	exchange := s.server.Path(blackbox.Login, "getLoginCode")
	session := s.server.Path(blackbox.Sessions, "loginByCode")
	return &target{
		address: strings.TrimPrefix(s.server.URL, "http://"), pid: s.server.PID(),
		send: func(c *client, phone string) error {
			_, err := c.post(send, `{"phone":"`+phone+`"}`)
			return err
		},
		login: func(c *client, phone string) error {
			answer, err := c.post(exchange, `{"phone":"`+phone+`","code":"`+s.vendor.code("+86"+phone)+`"}`)
			if err != nil {
				return err
			}
			_, err = c.post(session, `{"loginCode":"`+member(answer, "loginCode")+`","platform":"api"}`)
			return err
		},
	}
}

var phones atomic.Int64

// fresh returns n unused phones, as people in China write them.
func fresh(n int) []string {
	first := phones.Add(int64(n)) - int64(n)
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("13%09d", first+int64(i))
	}
	return list
}

// users makes users with these phones in Lintel's app and in the bare one.
func (s *scene) users(b *testing.B, list []string) {
	b.Helper()
	for _, app := range []string{lintelApp, bareApp} {
		directory, stop, err := openDirectory(b.Context(), s.postgres, app)
		if err != nil {
			b.Fatal(err)
		}
		corp, err := directory.EnsureCorp(b.Context(), "corps.shop", "Example Shop")
		if err != nil {
			b.Fatal(err)
		}
		var group errgroup.Group
		group.SetLimit(8)
		for _, phone := range list {
			group.Go(func() error {
				id, err := uuid.NewV7()
				if err != nil {
					return err
				}
				user := databases.NewUser{ID: id.String(), Nick: "Somebody", Phone: "+86" + phone, CorpID: corp.ID}
				for range 3 { // a busy machine may exceed the store's time limit
					if _, err = directory.CreateUser(context.Background(), user, databases.Use{}); !errors.Is(err, databases.ErrUnavailable) {
						break
					}
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			b.Fatal(err)
		}
		stop()
	}
}

// sends returns a job that sends a code to each phone.
func (t *target) sends(b *testing.B, connections int, list []string) outcome {
	b.Helper()
	return load(b, t.address, t.pid, connections, len(list), 0, func(c *client, i int) error { return t.send(c, list[i]) })
}

// logins returns a job that logs each phone in with its code.
func (t *target) logins(b *testing.B, connections int, list []string) outcome {
	b.Helper()
	return load(b, t.address, t.pid, connections, len(list), 0, func(c *client, i int) error { return t.login(c, list[i]) })
}

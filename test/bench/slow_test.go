package bench

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lintel-run/lintel/internal/figure"
)

const (
	// slow is the vendor's response time, many the number of connections that wait for
	// it.
	slow = 200 * time.Millisecond
	many = 1024
)

// BenchmarkSlowVendor measures sends over many connections to a slow vendor. At a rate
// that the machine can serve, the figure is what Lintel adds to the vendor's time. At
// full speed it is limited by the processors, and the bare handler shows how much of it
// is due to the machine.
func BenchmarkSlowVendor(b *testing.B) {
	s := newScene(b, nil)
	s.vendor.delay.Store(int64(slow))
	s.lintel.sends(b, many, fresh(many))
	s.bare.sends(b, many, fresh(many))
	b.Run("open/rate=300", func(b *testing.B) {
		const rate = 300
		var ours, theirs outcome
		for b.Loop() {
			for range 2 {
				for _, turn := range []struct {
					target *target
					sum    *outcome
				}{{s.lintel, &ours}, {s.bare, &theirs}} {
					list := fresh(5 * rate)
					turn.sum.add(load(b, turn.target.address, turn.target.pid, many, len(list), rate,
						func(c *client, i int) error { return turn.target.send(c, list[i]) }))
				}
			}
		}
		report(b, &ours, &theirs)
		b.ReportMetric(theirs.percentile(0.5), "bare-p50-ms")
		figure.AtMost(b, "p50-ms", ours.percentile(0.5), 215)
	})
	b.Run("closed", func(b *testing.B) {
		var ours, theirs outcome
		for b.Loop() {
			for range 2 {
				ours.add(s.lintel.sends(b, many, fresh(4*many)))
				theirs.add(s.bare.sends(b, many, fresh(4*many)))
			}
		}
		report(b, &ours, &theirs)
		b.ReportMetric(theirs.percentile(0.5), "bare-p50-ms")
		b.ReportMetric(ours.rate()/theirs.rate(), "ratio")
		figure.AtMost(b, "p50-ms", ours.percentile(0.5), 215)
	})
}

// BenchmarkHeldWhileVendorIsWaitedFor checks that sends that wait for the vendor hold
// no connections to stores: there are fewer connections to Redis than sends, no
// connection to PostgreSQL is in a transaction, and a login is served.
func BenchmarkHeldWhileVendorIsWaitedFor(b *testing.B) {
	s := newScene(b, nil)
	var redisConnections, postgresConnections, postgresBusy float64
	var login time.Duration
	for b.Loop() {
		person := fresh(1)
		s.users(b, person)
		s.lintel.sends(b, 1, person)
		gate := make(chan struct{})
		open := sync.OnceFunc(func() { s.vendor.gate.Store(nil); close(gate) })
		b.Cleanup(open)
		s.vendor.gate.Store(&gate)
		done := make(chan outcome, 1)
		go func() {
			defer close(done)
			done <- s.lintel.sends(b, many, fresh(many))
		}()
		for deadline := time.Now().Add(patience); s.vendor.waiting.Load() < many; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				b.Fatalf("only %d of %d sends are at the vendor", s.vendor.waiting.Load(), many)
			}
		}
		clients, err := s.redis.Client().ClientList(b.Context()).Result()
		if err != nil {
			b.Fatal(err)
		}
		redisConnections = float64(strings.Count(clients, "\n"))
		postgresConnections, postgresBusy = s.postgresConnections(b)
		begun := time.Now()
		s.lintel.logins(b, 1, person)
		login = time.Since(begun)
		open()
		<-done
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(many, "sends-waiting")
	b.ReportMetric(postgresConnections, "postgres-connections")
	b.ReportMetric(float64(login.Microseconds())/1000, "login-ms")
	figure.AtMost(b, "redis-connections", redisConnections, many/4)
	figure.AtMost(b, "postgres-busy", postgresBusy, 0)
}

// postgresConnections counts the connections to the scene's database, and how many of
// them are busy.
func (s *scene) postgresConnections(b *testing.B) (all, busy float64) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.postgres)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	err = conn.QueryRow(ctx, `SELECT count(*)::float8, (count(*) FILTER (WHERE state <> 'idle'))::float8
		FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`).Scan(&all, &busy)
	if err != nil {
		b.Fatal(err)
	}
	return all, busy
}

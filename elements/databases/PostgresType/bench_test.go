package postgrestype

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/internal/testpostgres"
)

// ratio runs both in turns, b.N times each, and reports how long the first takes compared
// with the second.
func ratio(b *testing.B, ours, bare func(i int) error) {
	b.Helper()
	var a, c time.Duration
	i := 0
	for b.Loop() {
		begun := time.Now()
		if err := ours(i); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		if err := bare(i); err != nil {
			b.Fatal(err)
		}
		a, c = a+middle.Sub(begun), c+time.Since(middle)
		i++
	}
	b.ReportMetric(float64(a.Nanoseconds())/float64(i), "ours-ns/op")
	b.ReportMetric(float64(c.Nanoseconds())/float64(i), "pgx-ns/op")
	b.ReportMetric(float64(a)/float64(c), "ratio")
}

func benchSetup(b *testing.B) (*Database, *pgxpool.Pool, databases.User) {
	url := testpostgres.Start(b).NewURL(b)
	d := openAt(b, url, "org.bench")
	corp, err := d.EnsureCorp(b.Context(), "corps.Default", "Corp")
	require.NoError(b, err)
	var u databases.User
	for i := range 1000 {
		u, err = d.CreateUser(b.Context(), databases.NewUser{
			ID: uuid.NewString(), Phone: fmt.Sprintf("+86138%08d", i), CorpID: corp.ID,
		}, databases.Use{})
		require.NoError(b, err)
	}
	pool, err := pgxpool.New(b.Context(), url)
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	return d, pool, u
}

// The bare query reads one row by its key.
func BenchmarkUserByPhoneAgainstPgx(b *testing.B) {
	ctx := context.Background()
	d, pool, u := benchSetup(b)
	ratio(b, func(int) error {
		_, err := d.UserByPhone(ctx, u.Phone)
		return err
	}, func(int) error {
		var id, nick string
		return pool.QueryRow(ctx, "SELECT id, nick FROM lintel_users WHERE app_id = $1 AND phone = $2", "org.bench", u.Phone).Scan(&id, &nick)
	})
}

// The bare statement inserts one row into a table with the same indexes.
func BenchmarkCreateSessionAgainstPgx(b *testing.B) {
	ctx := context.Background()
	d, pool, u := benchSetup(b)
	ratio(b, func(int) error {
		_, err := d.CreateSession(ctx, databases.NewSession{
			ID: uuid.NewString(), UserID: u.ID, Phone: u.Phone, Platform: "api", CodeID: uuid.NewString(), Request: "r",
			RefreshHash: "h", Idle: time.Hour, Most: time.Hour,
		})
		return err
	}, func(int) error {
		_, err := pool.Exec(ctx, `INSERT INTO lintel_sessions (app_id, id, user_id, corp_id, platform, code_id, request,
			created_at, last_seen_at, generation, refresh_hash, previous_hash, rotated_at, expires_at)
			VALUES ($1, $2, $3, '', 'api', $4, 'r', 1, 1, 1, 'h', '', 1, 1)`, "org.bench", uuid.NewString(), u.ID, uuid.NewString())
		return err
	})
}

package verification_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessions"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/verification"
	"github.com/lintel-run/lintel/elements/caches"
	memorytype "github.com/lintel-run/lintel/elements/caches/MemoryType"
	redistype "github.com/lintel-run/lintel/elements/caches/RedisType"
	sqlitetype "github.com/lintel-run/lintel/elements/caches/SqliteType"
	"github.com/lintel-run/lintel/elements/caches/cachestest"
	_ "github.com/lintel-run/lintel/elements/databases/SqliteType"
	"github.com/lintel-run/lintel/internal/testredis"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

const replicas = 3

// cluster is an app with three replicas on one cache and one database.
type cluster struct {
	clock *cachestest.Clock
	hosts []*host
	// vendor answers the sends of codes.
	vendor func(call element.Call, phone, code string) error
	// slow is set when a step was too late for its bound: then nobody knows what the
	// stores have done.
	slow atomic.Bool
}

// host is a replica.
type host struct {
	*cluster
	cache    element.Instance
	database element.Instance
	login    *verification.Service
	sessions *sessions.Service
}

// cachesOf opens the same cache for each replica.
var cachesOf = map[string]func(t *testing.T, clock *cachestest.Clock) []caches.Store{
	"memory": func(t *testing.T, clock *cachestest.Clock) []caches.Store {
		s := memorytype.NewAt(memorytype.Config{}, clock.Now)
		t.Cleanup(func() { _ = s.Close() })
		return []caches.Store{s, s, s}
	},
	"sqlite": func(t *testing.T, clock *cachestest.Clock) (stores []caches.Store) {
		dir := t.TempDir()
		for range replicas {
			s, err := sqlitetype.NewAt(element.Env{DataDir: dir}, sqlitetype.Config{Path: "caches.db"}, clock.Now)
			require.NoError(t, err)
			t.Cleanup(func() { _ = s.Close() })
			stores = append(stores, s)
		}
		return stores
	},
	"redis": func(t *testing.T, clock *cachestest.Clock) []caches.Store {
		return redisStores(t, redistype.Config{URL: testredis.Start(t).URL()}, clock)
	},
	"redis cluster": func(t *testing.T, clock *cachestest.Clock) []caches.Store {
		return redisStores(t, redistype.Config{Addrs: testredis.StartCluster(t).Addrs}, clock)
	},
}

func redisStores(t *testing.T, c redistype.Config, clock *cachestest.Clock) (stores []caches.Store) {
	for range replicas {
		s, err := redistype.NewAt(element.Env{}, c, clock.Now)
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		stores = append(stores, s)
	}
	return stores
}

func openCluster(t *testing.T, stores func(*testing.T, *cachestest.Clock) []caches.Store) *cluster {
	c := &cluster{clock: cachestest.NewClock()}
	env := element.Env{
		AppID: "test.app", DataDir: t.TempDir(), Logger: slog.New(tooSlow{slog.DiscardHandler, &c.slow}),
		Key: func(purpose string) ([]byte, error) { k := sha256.Sum256([]byte(purpose)); return k[:], nil },
	}
	database, err := element.BuiltinOf("databases.SqliteType").Open(t.Context(), env, json.RawMessage(`{"path": "lintel.db"}`))
	require.NoError(t, err)
	t.Cleanup(func() { _ = database.Close() })
	for _, store := range stores(t, c.clock) {
		h := &host{cluster: c, cache: store.(element.Instance), database: database}
		env.Elements = h
		h.login, err = verification.New(env)
		require.NoError(t, err)
		t.Cleanup(func() { _ = h.login.Close() })
		h.sessions, err = sessions.Open(env, nil)
		require.NoError(t, err)
		c.hosts = append(c.hosts, h)
	}
	return c
}

// tooSlow notes when a reservation could not be ended.
type tooSlow struct {
	slog.Handler
	seen *atomic.Bool
}

func (h tooSlow) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (h tooSlow) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "a reservation could not be ended" || r.Message == "no device token was kept" {
		h.seen.Store(true)
	}
	return nil
}

// host is element.Elements.

func (h *host) Default(kind string) (element.Instance, func(), error) {
	if kind == element.DefaultCache {
		return h.cache, func() {}, nil
	}
	return h.database, func() {}, nil
}

func (h *host) Call(ctx context.Context, _, _ string, args json.RawMessage) (json.RawMessage, error) {
	var message struct {
		PhoneList []string
		Params    struct{ Code string }
	}
	if err := json.Unmarshal(args, &message); err != nil || len(message.PhoneList) != 1 {
		return nil, errcode.New(errcode.Params, "no message")
	}
	call, _ := element.CallOf(ctx)
	phone := message.PhoneList[0]
	if err := h.vendor(call, phone, message.Params.Code); err != nil {
		return nil, err
	}
	return json.RawMessage(fmt.Sprintf(`{"results": [{"phone": %q, "status": "accepted"}]}`, phone)), nil
}

func (h *host) Title(string) (string, error)          { return "Title", nil }
func (h *host) Config(string) (map[string]any, error) { return nil, nil }
func (h *host) InstancesOf(string) []string           { return nil }
func (h *host) DefaultName(string) string             { return "" }
func (h *host) InFlight() func()                      { return func() {} }

package redistype

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/internal/testca"
	"github.com/lintel-run/lintel/internal/testredis"
	"github.com/lintel-run/lintel/runtime/element"
)

// command sends a command to a server as its operator.
func command(t *testing.T, c *redis.Client, args ...any) {
	t.Helper()
	require.NoError(t, c.Do(ctx, args...).Err(), "%v", args)
}

// Each server here answers PING and refuses what a login needs.
func TestAServerThatCannotBeWrittenIsNotReady(t *testing.T) {
	for name, test := range map[string]struct {
		args          []string
		harm, mend    [][]any
		cause         string
		misconfigured bool
	}{
		"a replica": {
			harm: [][]any{{"REPLICAOF", "127.0.0.1", "1"}}, mend: [][]any{{"REPLICAOF", "NO", "ONE"}}, cause: "READONLY",
		},
		"too few replicas": {
			harm: [][]any{{"CONFIG", "SET", "min-replicas-to-write", "1"}}, mend: [][]any{{"CONFIG", "SET", "min-replicas-to-write", "0"}}, cause: "NOREPLICAS",
		},
		"memory used up": {
			args: []string{"--maxmemory-policy", "noeviction"},
			harm: [][]any{{"CONFIG", "SET", "maxmemory", "1"}}, mend: [][]any{{"CONFIG", "SET", "maxmemory", "0"}}, cause: "OOM",
		},
		"no right to run scripts": {
			harm: [][]any{{"ACL", "SETUSER", "default", "-eval", "-evalsha"}}, mend: [][]any{{"ACL", "SETUSER", "default", "+@all"}},
			cause: "NOPERM", misconfigured: true,
		},
		"no right to write": {
			harm: [][]any{{"ACL", "SETUSER", "default", "-@write"}}, mend: [][]any{{"ACL", "SETUSER", "default", "+@all"}},
			cause: "NOPERM", misconfigured: true,
		},
		"no right to one command": {
			harm: [][]any{{"ACL", "SETUSER", "default", "-zremrangebyscore"}}, mend: [][]any{{"ACL", "SETUSER", "default", "+@all"}},
			cause: "NOPERM", misconfigured: true,
		},
		"no right to the keys": {
			harm: [][]any{{"ACL", "SETUSER", "default", "resetkeys", "~other:*"}}, mend: [][]any{{"ACL", "SETUSER", "default", "~*"}},
			cause: "NOPERM", misconfigured: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testredis.Start(t, test.args...)
			operator := server.Client()
			s := openStore(t, Config{URL: server.URL()})
			require.NoError(t, s.Ready(ctx))
			for _, harm := range test.harm {
				command(t, operator, harm...)
			}
			err := s.Ready(ctx)
			require.ErrorIs(t, err, caches.ErrUnavailable)
			require.ErrorContains(t, err, test.cause)
			require.NotContains(t, err.Error(), "127.0.0.1")
			require.Equal(t, test.misconfigured, errors.Is(err, element.ErrMisconfigured))
			if test.cause != "OOM" { // what has freed memory may write
				_, err = s.Reserve(ctx, reserveOf("k", 1))
				require.ErrorContains(t, err, test.cause, "an operation names the same cause")
			}
			for _, mend := range test.mend {
				command(t, operator, mend...)
			}
			require.Eventually(t, func() bool { return s.Ready(ctx) == nil }, 20*time.Second, 20*time.Millisecond)
		})
	}
}

func TestAServerThatCannotSaveIsNotReady(t *testing.T) {
	server := testredis.Start(t, "--enable-protected-configs", "yes")
	operator := server.Client()
	s := openStore(t, Config{URL: server.URL()})
	gone := filepath.Join(t.TempDir(), "gone")
	require.NoError(t, os.Mkdir(gone, 0o700))
	command(t, operator, "CONFIG", "SET", "dir", gone)
	command(t, operator, "CONFIG", "SET", "save", "3600 1000000")
	require.NoError(t, os.Remove(gone))
	command(t, operator, "BGSAVE")
	require.Eventually(t, func() bool {
		err := s.Ready(ctx)
		return err != nil && strings.Contains(err.Error(), "MISCONF")
	}, 20*time.Second, 20*time.Millisecond)
	command(t, operator, "CONFIG", "SET", "stop-writes-on-bgsave-error", "no")
	require.NoError(t, s.Ready(ctx))
}

func TestWhatWaitingDoesNotMend(t *testing.T) {
	ca := testca.New(t)
	plain := testredis.Start(t)
	locked := testredis.Start(t, "--requirepass", "geheim")
	secure := testredis.StartTLS(t, ca)
	cluster := testredis.StartCluster(t)
	sentinel := testredis.Secured{SentinelPassword: "wache"}.StartSentinel(t)
	for name, test := range map[string]struct {
		config Config
		cause  string
	}{
		"a password is missing":          {Config{URL: locked.URL()}, "asks for a password"},
		"the password is wrong":          {Config{URL: "redis://:falsch@" + locked.Addr}, "wrong user or password"},
		"the user is unknown":            {Config{URL: "redis://niemand:falsch@" + locked.Addr}, "wrong user or password"},
		"the database doesn't exist":     {Config{URL: plain.URL() + "/99"}, "no database of that number"},
		"a node of a Cluster":            {Config{URL: "redis://" + cluster.Addrs[1]}, "MOVED"},
		"a node of a Cluster, in addrs":  {Config{Addrs: cluster.Addrs[:1]}, "MOVED"},
		"a Sentinel":                     {Config{URL: "redis://:wache@" + sentinel.Addrs[0]}, "Sentinel"},
		"an unknown CA":                  {Config{URL: "rediss://" + secure.Addr}, "certificate"},
		"the Sentinel's password":        {Config{Addrs: sentinel.Addrs, MasterName: sentinel.MasterName}, "sentinelPassword"},
		"the Sentinel's password, wrong": {Config{Addrs: sentinel.Addrs, MasterName: sentinel.MasterName, SentinelPassword: "x"}, "sentinelPassword"},
		"the name of the primary":        {Config{Addrs: sentinel.Addrs, MasterName: "andere", SentinelPassword: "wache"}, "masterName"},
	} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t, test.config)
			err := s.Ready(ctx)
			require.ErrorIs(t, err, element.ErrMisconfigured)
			require.ErrorIs(t, err, caches.ErrUnavailable)
			require.ErrorContains(t, err, test.cause)
			for _, secret := range []string{"geheim", "falsch", "wache", "127.0.0.1"} {
				require.NotContains(t, err.Error(), secret)
			}
		})
	}
	for name, test := range map[string]struct {
		config Config
		cause  string
	}{
		"nobody listens":    {Config{URL: "redis://127.0.0.1:1"}, "refused"},
		"no such host":      {Config{URL: "redis://nowhere.invalid:6379"}, ""},
		"it asks for TLS":   {Config{URL: "redis://" + secure.Addr}, "TLS"},
		"it has no TLS":     {Config{URL: "rediss://" + plain.Addr}, "timeout"},
		"no sentinel there": {Config{Addrs: []string{"127.0.0.1:1"}, MasterName: "m"}, "no sentinel"},
	} {
		t.Run(name, func(t *testing.T) {
			err := openStore(t, test.config).Ready(ctx)
			require.ErrorContains(t, err, test.cause)
			require.NotErrorIs(t, err, element.ErrMisconfigured, "it may come")
		})
	}
}

func TestTLSAndPasswordsReachEverything(t *testing.T) {
	ca := testca.New(t)
	works := func(t *testing.T, c Config) {
		t.Helper()
		s := openStore(t, c)
		require.Eventually(t, func() bool { return s.Ready(ctx) == nil }, 20*time.Second, 20*time.Millisecond)
		got, err := s.Reserve(ctx, reserveOf(t.Name(), 1))
		require.NoError(t, err)
		require.Equal(t, caches.Reserved, got.Outcome)
	}
	t.Run("one server", func(t *testing.T) {
		server := testredis.StartTLS(t, ca, "--requirepass", "geheim")
		works(t, Config{URL: "rediss://:geheim@" + server.Addr, CAFile: ca.File})
		works(t, Config{Addrs: []string{server.Addr}, Password: "geheim", TLS: true, CAFile: ca.File})
	})
	t.Run("Sentinel", func(t *testing.T) {
		sentinel := testredis.Secured{CA: ca, Password: "geheim", SentinelPassword: "wache"}.StartSentinel(t)
		c := Config{Addrs: sentinel.Addrs, MasterName: sentinel.MasterName, Password: "geheim", SentinelPassword: "wache", TLS: true, CAFile: ca.File}
		works(t, c)
	})
	t.Run("Cluster", func(t *testing.T) {
		cluster := testredis.Secured{CA: ca, Password: "geheim"}.StartCluster(t)
		var addrs []string
		for _, addr := range cluster.Addrs {
			addrs = append(addrs, "rediss://"+addr)
		}
		works(t, Config{Addrs: addrs, Password: "geheim", CAFile: ca.File})
		works(t, Config{Addrs: addrs[:1], Cluster: true, Password: "geheim", CAFile: ca.File})
		works(t, Config{URL: "rediss://:geheim@" + cluster.Addrs[2], Cluster: true, CAFile: ca.File})
	})
	_, err := Config{Addrs: []string{"rediss://a:1", "b:2"}}.options()
	require.ErrorIs(t, err, errSchemes)
	_, err = Config{URL: "redis://a:1", CAFile: ca.File}.options()
	require.ErrorIs(t, err, errPlain)
	_, err = Config{URL: "rediss://a:1", CAFile: ca.KeyFile}.options()
	require.ErrorIs(t, err, errCAFile)
}

func TestANodeOfAClusterThatCannotBeWrittenMakesItNotReady(t *testing.T) {
	cluster := testredis.StartCluster(t)
	s := openStore(t, Config{Addrs: cluster.Addrs})
	require.NoError(t, s.Ready(ctx))
	for _, server := range cluster.Servers {
		operator := server.Client()
		command(t, operator, "CONFIG", "SET", "min-replicas-to-write", "1")
		require.ErrorContains(t, s.Ready(ctx), "NOREPLICAS")
		command(t, operator, "CONFIG", "SET", "min-replicas-to-write", "0")
		require.NoError(t, s.Ready(ctx))
	}
}

// A check that uses less than the scripts would be a green light that is false.
func TestTheCheckUsesEveryCommandOfTheScripts(t *testing.T) {
	used := func(text string) map[string]bool {
		commands := make(map[string]bool)
		for _, found := range regexp.MustCompile(`redis\.p?call\(\s*['"](\w+)['"]`).FindAllStringSubmatch(text, -1) {
			commands[found[1]] = true
		}
		return commands
	}
	checked := used(read("lib/call") + read("ready"))
	paths, err := filepath.Glob("scripts/*.lua")
	require.NoError(t, err)
	libs, err := filepath.Glob("scripts/lib/*.lua")
	require.NoError(t, err)
	for _, path := range append(paths, libs...) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for name := range used(string(text)) {
			require.True(t, checked[name], "%s uses %s, and scripts/ready.lua doesn't", path, name)
		}
	}
}

package redistype

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/internal/testredis"
	"github.com/lintel-run/lintel/runtime/element"
)

func TestTheSchemaTakesAnAddressOrAddresses(t *testing.T) {
	c := jsonschema.NewCompiler()
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(element.BuiltinOf(Name).Description.GetConfigSchema()))
	require.NoError(t, err)
	require.NoError(t, c.AddResource("schema.json", parsed))
	schema, err := c.Compile("schema.json")
	require.NoError(t, err)
	for text, ok := range map[string]bool{
		`{"url":"redis://localhost:6379"}`:                      true,
		`{"url":"rediss://u:p@host:6379/1"}`:                    true,
		`{"addrs":["a:1","b:2"],"username":"u","password":"p"}`: true,
		`{"addrs":["a:1"],"masterName":"m"}`:                    true,
		`{}`:                                                    false,
		`{"url":"http://localhost"}`:                            false,
		`{"url":"redis://a","addrs":["b"]}`:                     false,
		`{"url":"redis://a","password":"p"}`:                    false,
		`{"addrs":[]}`:                                          false,
		`{"address":"a"}`:                                       false,
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		require.NoError(t, err)
		require.Equal(t, ok, schema.Validate(value) == nil, text)
	}
}

func TestABadAddressIsNotQuoted(t *testing.T) {
	_, err := element.BuiltinOf(Name).Open(ctx, element.Env{}, json.RawMessage(`{"url":"redis://user:geheim@host:port/x"}`))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "geheim")
	require.NotContains(t, err.Error(), "host:port/x")
}

// lines is a log for concurrent use.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestARedisThatMayDropKeysIsReported(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"evicting":  {[]string{"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}, "allkeys-lru"},
		"forbidden": {[]string{"--rename-command", "CONFIG", ""}, "couldn't be checked"},
		"bounded":   {[]string{"--maxmemory", "100mb", "--maxmemory-policy", "noeviction"}, ""},
		"unbounded": {[]string{"--maxmemory-policy", "volatile-ttl"}, "volatile-ttl"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testredis.Start(t, test.args...)
			log := &lines{}
			s, err := New(element.Env{Logger: slog.New(slog.NewTextHandler(log, nil))}, Config{URL: server.URL()})
			require.NoError(t, err)
			t.Cleanup(func() { _ = s.Close() })
			if test.want == "" {
				time.Sleep(300 * time.Millisecond)
				require.Empty(t, log.String())
				return
			}
			require.Eventually(t, func() bool { return strings.Contains(log.String(), test.want) }, 30*time.Second, 10*time.Millisecond)
			require.NotContains(t, log.String(), server.Addr)
		})
	}
}

func TestTheKeysOfAnIdentityHaveOneHashTag(t *testing.T) {
	for _, key := range []string{"", "plain", "}", "{", "a}b{c", "%", "%7D"} {
		prefix := tag(key)
		require.Equal(t, 1, strings.Count(prefix, "{"))
		require.Equal(t, 1, strings.Count(prefix, "}"))
		require.NotContains(t, prefix, "{}")
		require.True(t, strings.HasPrefix(stateKey(key), prefix))
		require.True(t, strings.HasPrefix(tokenKey(key, "h"), prefix))
	}
	require.NotEqual(t, tag(""), tag("%"))
	require.NotEqual(t, tag("}"), tag("%7D"))
}

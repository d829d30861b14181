package redistype

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// bound is how long an operation may take, its repeats included.
	bound = 850 * time.Millisecond
	// attempt is how long one try may take: to connect, to ask, or to be answered.
	attempt = 280 * time.Millisecond
	// connections at most to one server.
	connections = 64
	// buffer is a connection's for reading and for writing, in bytes: what is asked and
	// answered here is small. The client's own default is 32 KiB.
	buffer = 4 << 10
	// idle connections are closed after that long.
	idle = 5 * time.Minute
)

// silent keeps the client's own words, which name addresses, out of the
// process's output: what matters of them comes back as errors.
type silent struct{}

func (silent) Printf(context.Context, string, ...interface{}) {}

func init() { redis.SetLogger(silent{}) }

var (
	errURL   = errors.New("url: not an address of the form redis://[user:password@]host[:port][/database]")
	errAddrs = errors.New("url or addrs is needed")
)

// connect makes a client, which connects by itself when it is used, and one by which
// steps are taken back. They never repeat a command: a repeat must carry the same
// request, and fit the bound.
func connect(c Config) (client, back redis.UniversalClient, cluster bool, err error) {
	o := &redis.UniversalOptions{Addrs: c.Addrs, MasterName: c.MasterName, Username: c.Username, Password: c.Password}
	switch {
	case c.URL != "":
		// The parser's error quotes the address, password and all.
		parsed, err := redis.ParseURL(c.URL)
		if err != nil {
			return nil, nil, false, errURL
		}
		o = &redis.UniversalOptions{
			Addrs: []string{parsed.Addr}, Username: parsed.Username, Password: parsed.Password,
			DB: parsed.DB, TLSConfig: parsed.TLSConfig,
		}
	case len(c.Addrs) == 0:
		return nil, nil, false, errAddrs
	}
	cluster = len(o.Addrs) > 1 && o.MasterName == ""
	o.Protocol = 2
	o.DisableIdentity = true
	o.MaxRetries = -1
	o.MaxRedirects = 3
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = attempt, attempt, attempt, attempt
	o.DialerRetries = 1
	o.ContextTimeoutEnabled = true
	o.PoolSize = connections
	o.ReadBufferSize, o.WriteBufferSize = buffer, buffer
	o.ConnMaxIdleTime = idle
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewUniversalClient(o), spare(*o), cluster, nil
}

package redistype

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// bound is how long an operation may take, retries included.
	bound = 850 * time.Millisecond
	// tryTime is how long one try may take: to connect, to write, or to read.
	tryTime = 280 * time.Millisecond
	// connections is the most for one server.
	connections = 64
	// buffer is the size of a connection's buffers. Requests and replies are small here;
	// the client's own default is 32 KiB.
	buffer = 4 << 10
	// idleTime is how long an unused connection stays open.
	idleTime = 5 * time.Minute
)

// silent drops the client's log, which contains addresses. What matters comes back as
// errors.
type silent struct{}

func (silent) Printf(context.Context, string, ...interface{}) {}

func init() { redis.SetLogger(silent{}) }

var (
	errURL   = errors.New("url: not an address of the form redis://[user:password@]host[:port][/database]")
	errAddrs = errors.New("url or addrs is needed")
)

// options returns the options of a client. It connects by itself when it is used. It
// doesn't retry: a retry must carry the same request, and fit the bound.
func (c Config) options() (*redis.UniversalOptions, error) {
	o := &redis.UniversalOptions{Addrs: c.Addrs, MasterName: c.MasterName, Username: c.Username, Password: c.Password}
	switch {
	case c.URL != "":
		parsed, err := redis.ParseURL(c.URL)
		if err != nil {
			return nil, errURL // err quotes the address with its password
		}
		o = &redis.UniversalOptions{
			Addrs: []string{parsed.Addr}, Username: parsed.Username, Password: parsed.Password,
			DB: parsed.DB, TLSConfig: parsed.TLSConfig,
		}
	case len(c.Addrs) == 0:
		return nil, errAddrs
	}
	o.Protocol = 2
	o.DisableIdentity = true
	o.MaxRetries = -1
	o.MaxRedirects = 3
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = tryTime, tryTime, tryTime, tryTime
	o.DialerRetries = 1
	o.ContextTimeoutEnabled = true
	o.PoolSize = connections
	o.ReadBufferSize, o.WriteBufferSize = buffer, buffer
	o.ConnMaxIdleTime = idleTime
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return o, nil
}

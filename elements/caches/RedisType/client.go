package redistype

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/lintel-run/lintel/plugins/errcode"
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
	errURL     = errcode.New(errcode.Params, "url: not an address of the form redis://[user:password@]host[:port][/database]").With("arg", "url")
	errAddrs   = errcode.New(errcode.Params, "url or addrs is needed").With("arg", "addrs")
	errSchemes = errcode.New(errcode.Params, "addrs: all addresses or none begin with rediss://").With("arg", "addrs")
	errPlain   = errcode.New(errcode.Params, "caFile: there is no TLS: use rediss:// or tls").With("arg", "caFile")
	errCAFile  = errcode.New(errcode.Params, "caFile: can't be read, or holds no certificate").With("arg", "caFile")
)

// options returns the options of a client. It connects by itself when it is used. It
// doesn't retry: a retry must carry the same request, and fit the bound.
func (c Config) options() (*redis.UniversalOptions, error) {
	o := &redis.UniversalOptions{
		MasterName: c.MasterName, Username: c.Username, Password: c.Password,
		SentinelUsername: c.SentinelUsername, SentinelPassword: c.SentinelPassword,
	}
	var err error
	switch {
	case c.URL != "":
		parsed, err := redis.ParseURL(c.URL)
		if err != nil {
			return nil, errURL // err quotes the address with its password
		}
		o.Addrs, o.Username, o.Password, o.DB, o.TLSConfig = []string{parsed.Addr}, parsed.Username, parsed.Password, parsed.DB, parsed.TLSConfig
	case len(c.Addrs) == 0:
		return nil, errAddrs
	default:
		var tlsToo bool
		if o.Addrs, tlsToo, err = addresses(c.Addrs); err != nil {
			return nil, err
		}
		if c.TLS || tlsToo {
			o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
	}
	if c.CAFile != "" {
		if o.TLSConfig == nil {
			return nil, errPlain
		}
		if o.TLSConfig.RootCAs, err = certificates(c.CAFile); err != nil {
			return nil, err
		}
	}
	o.IsClusterMode = c.MasterName == "" && (c.Cluster || len(o.Addrs) > 1)
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

// addresses returns addresses without their schemes, and reports whether they are of
// TLS.
func addresses(given []string) (addrs []string, secure bool, err error) {
	schemes := make(map[bool]bool)
	for _, address := range given {
		rest, secure := strings.CutPrefix(address, "rediss://")
		schemes[secure] = true
		addrs = append(addrs, strings.TrimSuffix(strings.TrimPrefix(rest, "redis://"), "/"))
	}
	if len(schemes) > 1 {
		return nil, false, errSchemes
	}
	return addrs, schemes[true], nil
}

// certificates reads the CAs that are trusted.
func certificates(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, errCAFile
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errCAFile
	}
	return pool, nil
}

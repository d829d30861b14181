package redistype

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/runtime/element"
)

// failure is why an operation has no result. Its text contains no address.
type failure struct {
	reason string
	// misconfigured is set if waiting doesn't help.
	misconfigured bool
	// unknown is set if the script may have run.
	unknown bool
	cause   error
}

func (f *failure) Error() string { return Name + ": " + f.reason }

// Unwrap returns caches.ErrUnavailable, and the cause why the caller's context ended, if
// that is the reason.
func (f *failure) Unwrap() []error {
	all := []error{caches.ErrUnavailable}
	if f.misconfigured {
		all = append(all, element.ErrMisconfigured)
	}
	if f.cause != nil {
		all = append(all, f.cause)
	}
	return all
}

// failed describes an error without the addresses and keys that its text may contain.
func failed(err error) *failure {
	f := &failure{}
	f.reason, f.misconfigured = describe(err)
	return f
}

// answers are what the first words of error replies mean for a store.
var answers = []struct {
	start, meaning string
	// misconfigured is set if waiting doesn't help.
	misconfigured bool
}{
	{"READONLY", "it is a read-only replica: name the primary", false},
	{"NOREPLICAS", "it has too few replicas in sync for min-replicas-to-write", false},
	{"OOM", "its memory is full: raise maxmemory", false},
	{"MISCONF", "it can't save its data, often because its disk is full, and refuses writes", false},
	{"LOADING", "it is loading its data", false},
	{"MASTERDOWN", "its primary is down", false},
	{"CLUSTERDOWN", "its Cluster has slots that no node serves", false},
	{"BUSY", "a script of somebody else's blocks it", false},
	{"MOVED", "it is a node of a Redis Cluster (MOVED): name its nodes in addrs, or add \"cluster\": true", true},
	{"CROSSSLOT", "it is a node of a Redis Cluster (MOVED): name its nodes in addrs, or add \"cluster\": true", true},
	{"NOAUTH", "it asks for a password", true},
	{"WRONGPASS", "wrong user or password", true},
	{"NOPERM", missingRight, true},
	{"ERR max number of clients", "it has too many connections: raise maxclients", false},
	{"ERR The user executing the script can't", missingRight, true}, // NOPERM, within a script of Redis 7.0
	{"ERR ACL failure", missingRight, true},                         // the same of later versions
	{"ERR AUTH", "it has no password, and one is configured", true},
	{"ERR Client sent AUTH", "it has no password, and one is configured", true},
	{"ERR DB index", "it has no database of that number", true},
	{"ERR invalid DB", "it has no database of that number", true},
	{"ERR SELECT is not allowed", "a Redis Cluster has database 0 only", true},
	{"ERR unknown command", "it doesn't know a command that is needed: it is a Sentinel (name it in addrs, with masterName), older than Redis 7, or the command was renamed", true},
	{"ERR", "it is older than Redis 7, or not a Redis", true},
}

const missingRight = "the user lacks rights: ACL SETUSER <user> ~lintel:* +@read +@write +@scripting +@connection +time (NOPERM)"

// describe names an error, and reports whether waiting doesn't help.
func describe(err error) (reason string, misconfigured bool) {
	var answered redis.Error
	var network net.Error
	var certificate *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	var alert tls.AlertError
	var dns *net.DNSError
	switch {
	case strings.Contains(err.Error(), "sentinels specified in configuration are unreachable"):
		return describeSentinels(err)
	case errors.As(err, &answered):
		text := answered.Error()
		word, _, _ := strings.Cut(text, " ")
		word = strings.TrimRight(word, ":")
		for _, known := range answers {
			if strings.HasPrefix(text, known.start) {
				if strings.Contains(known.meaning, "(") {
					return known.meaning, known.misconfigured
				}
				return known.meaning + " (" + word + ")", known.misconfigured
			}
		}
		return "the server answered " + word, false
	case errors.Is(err, redis.ErrClosed):
		return "closed", false
	case errors.As(err, &certificate):
		return "its certificate is not trusted: name its CA in caFile, and the host as the certificate has it", true
	case errors.As(err, &noTLS):
		return "it has no TLS there: use redis://, or leave tls out", true
	case errors.As(err, &alert):
		return "it refused the TLS connection", true
	case errors.As(err, &dns) && !dns.IsTimeout:
		return "its host name isn't known (dns)", false
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens at its address (refused)", false
	case errors.Is(err, redis.ErrPoolTimeout), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &network) && network.Timeout():
		return "it is too slow or doesn't answer (timeout)", false
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return "it closed the connection: if it asks for TLS, use rediss:// or tls", false
	}
	return "it can't be reached", false
}

// describeSentinels describes why no sentinel named the primary.
func describeSentinels(err error) (reason string, misconfigured bool) {
	switch text := err.Error(); {
	case strings.Contains(text, "redis: nil"):
		return "the sentinels don't know masterName", true
	case strings.Contains(text, "NOAUTH"), strings.Contains(text, "WRONGPASS"):
		return "the sentinels refuse sentinelUsername and sentinelPassword", true
	}
	return "no sentinel can be reached", false
}

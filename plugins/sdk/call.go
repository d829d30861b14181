package sdk

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/handshake"
)

// carried are the metadata keys of a call that go along with what it asks of the
// host: which call it is, and the W3C trace context.
var carried = []string{handshake.MetaCall, "traceparent", "tracestate", "baggage"}

type callKey struct{}

// call is the call being served, as its context knows it.
type call struct {
	requestID string
	metadata  metadata.MD
	host      *Host
	logger    *slog.Logger
	use       func() (done func()) // counts on the generation

	mu       sync.Mutex
	open     int  // detached work not finished
	answered bool // the answer said "continues"
}

func newCall(ctx context.Context, requestID string, host *Host, logger *slog.Logger, use func() func()) *call {
	c := &call{requestID: requestID, host: host, logger: logger, use: use, metadata: metadata.MD{}}
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		for _, key := range carried {
			if values := md.Get(key); len(values) > 0 {
				c.metadata.Set(key, values...)
			}
		}
	}
	if requestID != "" {
		c.logger = logger.With("request_id", requestID)
	}
	return c
}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// RequestID gives the id of the request that the call belongs to, "" outside one.
func RequestID(ctx context.Context) string {
	if c := callOf(ctx); c != nil {
		return c.requestID
	}
	return ""
}

// Logger gives a logger that names the instance and the request. It never waits
// for the host: lines that the host doesn't take in time are dropped and counted.
func Logger(ctx context.Context) *slog.Logger {
	if c := callOf(ctx); c != nil {
		return c.logger
	}
	return stderrLogger()
}

// HostOf gives what the host offers to the call being served.
func HostOf(ctx context.Context) *Host {
	if c := callOf(ctx); c != nil && c.host != nil {
		return c.host
	}
	return &Host{conn: noHost{}}
}

// detachLimit is how long work may go on after the answer.
const detachLimit = time.Minute

// Detach lets work of a call go on after its answer: the returned context has
// the call's values, not its end, and lasts a minute at most. finish says that
// the work is over; it may be called more than once. Detach must be called
// before the function returns.
//
//	ctx, finish := sdk.Detach(ctx)
//	go func() { defer finish(); deliver(ctx) }()
//	return answer, nil
func Detach(ctx context.Context) (context.Context, func()) {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), detachLimit)
	c := callOf(ctx)
	if c == nil {
		return detached, cancel
	}
	release := c.use()
	c.mu.Lock()
	c.open++
	c.mu.Unlock()
	var once sync.Once
	finish := func() {
		once.Do(func() {
			c.finished(detached)
			cancel()
			release()
		})
	}
	context.AfterFunc(detached, finish)
	return detached, finish
}

// continues says whether detached work is left when the call is answered.
func (c *call) continues() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answered = c.open > 0
	return c.answered
}

// finished ends one piece of detached work, and tells the host after the last.
func (c *call) finished(ctx context.Context) {
	c.mu.Lock()
	c.open--
	tell := c.open == 0 && c.answered
	c.mu.Unlock()
	if !tell || c.host == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := elementv1.NewHostClient(c.host.conn).Finish(ctx, &elementv1.FinishRequest{}); err != nil {
		c.logger.Warn("the host was not told that a call's work is over", "error", err)
	}
}

// Package verification serves the Login service to the Types of
// auths.loginTypes.Meta. It turns each request of a Type into atomic steps of the
// app's default cache and database, so that no Type can get their order wrong.
//
// The cache holds what lives for minutes, under one opaque key per identity:
// codes, each as an HMAC over app, instance, identity, holder and digits, and the
// identity's cooldown, limits and tokens. The database holds users, their phones,
// and notices until they are sent. The package itself keeps nothing between two
// requests except captchas that are made ahead.
//
// It doesn't know how phone numbers are spelled, which vendors there are, or HTTP.
// How it survives lost replies is described in docs/adr/0006-lost-replies.md.
package verification

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"

	"google.golang.org/grpc"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/captcha"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/internal/admission"
	"github.com/lintel-run/lintel/internal/memo"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/element"
)

// Meta is the family whose Types may use the service.
const Meta = "auths.loginTypes.Meta"

func init() {
	element.RegisterHostService(element.HostService{
		Meta: Meta,
		Register: func(server grpc.ServiceRegistrar, service any) {
			elementv1.RegisterLoginServer(server, service.(*Service))
		},
		Open: func(env element.Env) (any, error) { return New(env) },
	})
}

// Service is the Login service of one app. Its methods may be called from any
// goroutine. They take the caller and the instance from the element.Call in their
// context, and return *errcode.Error.
type Service struct {
	elementv1.UnimplementedLoginServer

	elements element.Elements
	logger   *slog.Logger
	keys     keyring
	tokens   *tokens.Sealer
	captchas *captcha.Maker
	policies policies
	probe    *memo.Memo[databases.Directory, struct{}]
	gate     *admission.Gate
	later    chan struct{} // a slot for each send that goes on after its answer

	stop    context.CancelFunc
	running sync.WaitGroup
}

var _ elementv1.LoginServer = (*Service)(nil)

// New returns the service of an app. It fails if the app has no secret. The caller
// closes it.
func New(env element.Env) (*Service, error) {
	keys, err := newKeyring(env.AppID, env.Key)
	if err != nil {
		return nil, err
	}
	sealer, err := tokens.NewSealer(env.Key, env.PreviousKey)
	if err != nil {
		return nil, err
	}
	captchas, err := captcha.New(env.Key)
	if err != nil {
		return nil, fmt.Errorf("verification: %w", err)
	}
	logger := env.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		elements: env.Elements,
		logger:   logger,
		keys:     keys,
		tokens:   sealer,
		captchas: captchas,
		policies: policies{dev: env.Dev},
		probe:    newProbe(),
		gate:     admission.New(gateSlots(), longestQueue, slowStores),
		later:    make(chan struct{}, maxLater),
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.running.Go(func() { s.sendOverdueNotices(ctx) })
	return s, nil
}

// gateSlots is how many requests take their steps at once: enough to keep processors and
// stores busy, and few enough that each ends long before storesTimeout.
func gateSlots() int { return 4 * runtime.GOMAXPROCS(0) }

// Close waits for the messages that are being sent. No request may be in flight.
func (s *Service) Close() error {
	s.stop()
	s.running.Wait()
	return s.captchas.Close()
}

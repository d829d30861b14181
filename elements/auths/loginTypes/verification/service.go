// Package verification is the host's side of auths.loginTypes: the Login service
// that login Types may ask. It turns each request of a Type into atomic steps of
// the app's default cache and database, so that no Type can get their order wrong.
//
// What it keeps and where: a code lies in the cache, as an HMAC over app,
// instance, identity, holder and digits; cooldowns, limits and tokens lie beside
// it under one opaque key an identity. Users and phones lie in the database. The
// package itself keeps nothing between two requests, but for captchas made ahead
// and who asks for how many. Messages that tell of a change lie in the database with
// it until they are sent.
//
// It knows no phone number's form, no vendor and no HTTP.
package verification

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"

	"google.golang.org/grpc"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/captcha"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
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
// goroutine; each takes who asks, and for which instance, from the element.Call
// in its context. Their errors are *errcode.Error.
type Service struct {
	elementv1.UnimplementedLoginServer

	elements     element.Elements
	logger       *slog.Logger
	keys         keyring
	box          *tokens.Box
	captchas     *captcha.Maker
	reservations cipher.AEAD
	pulse        pulse
	lost         lost

	stop    context.CancelFunc
	running sync.WaitGroup
}

var _ elementv1.LoginServer = (*Service)(nil)

// New makes the service of an app, which Close ends. It fails when the app has no
// secret.
func New(env element.Env) (*Service, error) {
	keys, err := newKeyring(env.AppID, env.Key)
	if err != nil {
		return nil, err
	}
	box, err := tokens.NewBox(env.Key)
	if err != nil {
		return nil, err
	}
	reservations, err := newReservationSeal()
	if err != nil {
		return nil, err
	}
	captchaKey, err := env.Key("auths.loginTypes/captchas")
	if err != nil {
		return nil, fmt.Errorf("verification: the key of captchas: %w", err)
	}
	captchas, err := captcha.New(captchaKey)
	if err != nil {
		return nil, fmt.Errorf("verification: %w", err)
	}
	logger := env.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		elements:     env.Elements,
		logger:       logger,
		keys:         keys,
		box:          box,
		captchas:     captchas,
		reservations: reservations,
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.running.Go(func() { s.tellNowAndThen(ctx) })
	return s, nil
}

// Close ends what the service makes ahead, and waits for the notices that are
// being sent.
func (s *Service) Close() error {
	s.stop()
	s.running.Wait()
	return s.captchas.Close()
}

// newReservationSeal makes the key under which reservations are handed out. It
// lives as long as the host: the plugins that hold reservations don't outlive it.
func newReservationSeal() (cipher.AEAD, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails; see crypto/rand
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("verification: the key of reservations: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

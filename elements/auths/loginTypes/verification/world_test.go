package verification

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	memorytype "github.com/lintel-run/lintel/elements/caches/MemoryType"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

const (
	login  = "auths.loginTypes.myPhoneLogin"
	mobile = "+8613800138000"
	other  = "+8613900139000"
)

// world is an app with a login service and stores in memory.
type world struct {
	t     testing.TB
	svc   *Service
	store *store
	dir   *directory
	// database is dir, as the app's default database.
	database *database
	config   map[string]map[string]any // of corps
	// settings are the login's configuration, version what its calls carry.
	settings map[string]any
	version  *element.Config
	inFlight atomic.Int32
	// sms answers calls of other elements; nil: the configuration names none.
	sms func(ctx context.Context, name, function string, args json.RawMessage) (json.RawMessage, error)
}

func newWorld(t testing.TB) *world {
	t.Helper()
	memory := memorytype.New(memorytype.Config{})
	t.Cleanup(func() { _ = memory.Close() })
	w := &world{
		t:      t,
		store:  &store{Store: memory, Instance: memory, down: map[string]int{}, lost: map[string]int{}},
		dir:    newDirectory(),
		config: map[string]map[string]any{"corps.shop": {"title": "The shop"}},

		settings: map[string]any{},
	}
	w.database = &database{directory: w.dir, Instance: memory}
	w.set("captcha", "off")
	svc, err := New(element.Env{
		AppID:    "test.app",
		Key:      func(purpose string) ([]byte, error) { k := sha256.Sum256([]byte(purpose)); return k[:], nil },
		Elements: w,
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = svc.Close() })
	w.svc = svc
	return w
}

// store fails on demand, either without effect (down) or after it (lost).
type store struct {
	caches.Store
	element.Instance

	mu         sync.Mutex
	down, lost map[string]int
	// seen receives the name and arguments of each call, if it is set.
	seen func(name string, in any)
}

func (s *store) Ready(ctx context.Context) error { return s.Store.Ready(ctx) }

func (s *store) fails(of map[string]int, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if of[name] > 0 {
		of[name]--
		return true
	}
	return false
}

func run[In, Out any](s *store, name string, in In, do func(context.Context, In) (Out, error)) (Out, error) {
	var none Out
	if s.seen != nil {
		s.seen(name, in)
	}
	if s.fails(s.down, name) {
		return none, caches.ErrUnavailable
	}
	out, err := do(context.Background(), in)
	if s.fails(s.lost, name) {
		return none, caches.ErrUnavailable
	}
	return out, err
}

func (s *store) Reserve(_ context.Context, r caches.Reserve) (caches.ReserveResult, error) {
	return run(s, "Reserve", r, s.Store.Reserve)
}

func (s *store) Commit(_ context.Context, r caches.Reservation) error {
	_, err := run(s, "Commit", r, func(ctx context.Context, r caches.Reservation) (any, error) { return nil, s.Store.Commit(ctx, r) })
	return err
}

func (s *store) Guess(_ context.Context, g caches.Guess) (caches.GuessResult, error) {
	return run(s, "Guess", g, s.Store.Guess)
}

func (s *store) EndClaim(_ context.Context, e caches.EndClaim) error {
	_, err := run(s, "EndClaim", e, func(ctx context.Context, e caches.EndClaim) (any, error) { return nil, s.Store.EndClaim(ctx, e) })
	return err
}

func (s *store) Token(_ context.Context, r caches.TokenRequest) (caches.TokenResult, error) {
	return run(s, "Token", r, s.Store.Token)
}

func (s *store) EndToken(_ context.Context, e caches.EndToken) error {
	_, err := run(s, "EndToken", e, func(ctx context.Context, e caches.EndToken) (any, error) { return nil, s.Store.EndToken(ctx, e) })
	return err
}

// world is element.Elements.

func (w *world) Default(kind string) (element.Instance, func(), error) {
	if kind == element.DefaultCache {
		return w.store, func() {}, nil
	}
	return w.database, func() {}, nil
}

type database struct {
	*directory
	element.Instance
}

func (d *database) Ready(context.Context) error {
	_, err := step(d.directory, "Ready", func() (any, error) { return nil, nil })
	return err
}

// Call is the SMS element.
func (w *world) Call(ctx context.Context, name, function string, args json.RawMessage) (json.RawMessage, error) {
	if w.sms == nil {
		return nil, errcode.New(errcode.Forbidden, "not named")
	}
	return w.sms(ctx, name, function, args)
}

func (w *world) Title(string) (string, error) { return "Title", nil }
func (w *world) Config(name string) (map[string]any, error) {
	config, ok := w.config[name]
	if !ok {
		return nil, errcode.New(errcode.ElementNotFound, "no such element")
	}
	return config, nil
}
func (w *world) InstancesOf(string) []string { return nil }

func (w *world) InFlight() func() {
	w.inFlight.Add(1)
	return func() { w.inFlight.Add(-1) }
}
func (w *world) DefaultName(string) string { return "corps.shop" }

// The requests of tests.

// set changes a key of the login's configuration.
func (w *world) set(key string, value any) {
	w.t.Helper()
	w.settings[key] = value
	w.version = configOf(w.t, w.settings)
}

func configOf(t testing.TB, settings map[string]any) *element.Config {
	t.Helper()
	text, err := json.Marshal(settings)
	require.NoError(t, err)
	return &element.Config{JSON: text}
}

// call is a call of nobody.
func call() element.Call { return element.Call{Element: login} }

// as is a call of a user.
func as(userID string) element.Call {
	return element.Call{Element: login, Caller: element.Caller{UserID: userID, SessionID: "session of " + userID}}
}

func (w *world) in(c element.Call) context.Context {
	if c.Config == nil {
		c.Config = w.version
	}
	return element.WithCall(context.Background(), c)
}

// held is a reservation whose send hasn't ended.
type held struct {
	*reservation
	later bool
}

// hold reserves, as a host does that is killed before it calls the vendor.
func (w *world) hold(c element.Call, in *elementv1.ReserveRequest) (*held, error) {
	ctx, r, err := w.svc.begin(w.in(c))
	if err != nil {
		return nil, err
	}
	defer r.end()
	scope, err := scopeOf(in.GetPurpose(), c.Caller)
	if err != nil {
		return nil, err
	}
	later := scope.anonymous() && !r.policy.registers()
	reserved, err := r.reserve(ctx, in, scope, later)
	if err != nil {
		return nil, err
	}
	return &held{reserved, later}, nil
}

func (w *world) reserve(c element.Call, identity, purpose string) (*held, error) {
	return w.hold(c, &elementv1.ReserveRequest{Identity: identity, Purpose: purpose})
}

// send is a send that the vendor accepts. It returns the code.
func (w *world) send(c element.Call, identity, purpose string) string {
	w.t.Helper()
	r, err := w.reserve(c, identity, purpose)
	require.NoError(w.t, err)
	w.end(c, r, elementv1.Outcome_OUTCOME_ACCEPTED)
	return r.digits
}

// end ends the send of a reservation.
func (w *world) end(c element.Call, r *held, outcome elementv1.Outcome) {
	if r.later { // it is answered, and committed, before the vendor is called
		outcome = elementv1.Outcome_OUTCOME_ACCEPTED
	}
	delivery{Service: w.svc, call: c, reserved: r.reservation}.end(w.in(c), outcome, errcode.New(smscode.Refused, "no"))
}

func (w *world) exchange(c element.Call, identity, code string) (*elementv1.ExchangeResponse, error) {
	return w.svc.Exchange(w.in(c), &elementv1.ExchangeRequest{Identity: identity, Code: code})
}

func (w *world) register(c element.Call, identity, code string) (*elementv1.RegisterResponse, error) {
	return w.svc.Register(w.in(c), &elementv1.RegisterRequest{Identity: identity, Code: code, Nick: "Nick"})
}

func (w *world) bind(c element.Call, identity, code string) error {
	_, err := w.svc.Bind(w.in(c), &elementv1.BindRequest{UserId: c.Caller.UserID, Identity: identity, Code: code})
	return err
}

func (w *world) unbind(c element.Call, code string) error {
	_, err := w.svc.Unbind(w.in(c), &elementv1.UnbindRequest{UserId: c.Caller.UserID, Code: code})
	return err
}

func (w *world) ticket(c element.Call, code string) (string, error) {
	out, err := w.svc.IssueTicket(w.in(c), &elementv1.IssueTicketRequest{Code: code})
	return out.GetTicket(), err
}

func (w *world) move(c element.Call, ticket, identity, code string) error {
	_, err := w.svc.Move(w.in(c), &elementv1.MoveRequest{UserId: c.Caller.UserID, Ticket: ticket, Identity: identity, Code: code})
	return err
}

// loginCode takes a loginCode as sessions do.
func (w *world) loginCode(text string) (tokens.LoginCode, caches.TokenOutcome) {
	w.t.Helper()
	at, ok := tokens.Parse(text)
	require.True(w.t, ok)
	got, err := w.store.Token(context.Background(), caches.TokenRequest{
		Request: randomID(), Key: at.Key, Hash: at.Hash, Then: caches.Consume, Linger: tokens.LoginCodeTTL,
	})
	require.NoError(w.t, err)
	if got.Outcome != caches.TokenValid {
		return tokens.LoginCode{}, got.Outcome
	}
	value, err := w.svc.tokens.OpenLoginCode(at, got.Value)
	require.NoError(w.t, err)
	return value, got.Outcome
}

// wrong returns a code that differs from code by n.
func wrong(code string, n int) string {
	var v int
	_, _ = fmt.Sscanf(code, "%d", &v)
	return fmt.Sprintf("%06d", (v+n)%1_000_000)
}

func requireCode(t testing.TB, want errcode.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, errcode.Of(err), "%v", err)
}

// frozen has a database that never answers.
type frozen struct{ *world }

func (f *frozen) Default(kind string) (element.Instance, func(), error) {
	instance, release, err := f.world.Default(kind)
	if d, ok := instance.(*database); ok {
		return &frozenDirectory{d}, release, err
	}
	return instance, release, err
}

type frozenDirectory struct{ *database }

func (frozenDirectory) UserByPhone(ctx context.Context, _ string) (databases.User, error) {
	<-ctx.Done()
	return databases.User{}, ctx.Err()
}

package verification

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

const (
	// storesTimeout bounds all steps of a request together, so that an unreachable
	// store is reported within a second.
	storesTimeout = 900 * time.Millisecond
	// slowStores is how long the steps of a request take that gets nowhere.
	slowStores = 800 * time.Millisecond
	// longestQueue is how long a request may wait for others before its first step.
	longestQueue = 2 * time.Second
	// endTimeout bounds the last step, ending a claim, if the others have used up
	// their time.
	endTimeout = 500 * time.Millisecond

	maxIdentity = 255
)

// request is one request of a Type while it is served. It doesn't end with the
// plugin or its client: once begun, it runs to its end within storesTimeout.
type request struct {
	*Service
	call   element.Call
	policy policy
	// id is the same for each repeat of the request; the names of its steps, which
	// the stores remember, are derived from it.
	id    string
	store caches.Store
	dir   databases.Directory

	cancel   context.CancelFunc
	releases []func()
}

// begin returns the request that ctx belongs to, and the context of its steps. It
// holds the stores until end. While too many do, it waits, or fails at once if the wait
// would be long; the time of the steps begins after it.
func (s *Service) begin(ctx context.Context) (context.Context, *request, error) {
	leave, err := s.gate.Enter(ctx)
	if err != nil {
		return nil, nil, errAdmission(err)
	}
	steps, r, err := s.beginAtOnce(ctx)
	if err != nil {
		leave()
		return nil, nil, err
	}
	r.releases = append(r.releases, leave)
	return steps, r, nil
}

// beginAtOnce is begin for the rest of what has begun, which isn't turned away.
func (s *Service) beginAtOnce(ctx context.Context) (context.Context, *request, error) {
	call, ok := element.CallOf(ctx)
	if !ok || call.Element == "" {
		return nil, nil, errcode.New(errcode.Forbidden, "a login is only served within a call")
	}
	p, err := s.policies.of(call)
	if err != nil {
		return nil, nil, err
	}
	r := &request{Service: s, call: call, policy: p, id: call.Operation}
	if r.id == "" {
		r.id = randomID()
	}
	if r.store, err = hold[caches.Store](r, element.DefaultCache); err == nil {
		r.dir, err = hold[databases.Directory](r, element.DefaultDatabase)
	}
	if err != nil {
		r.end()
		return nil, nil, err
	}
	ctx, r.cancel = context.WithTimeout(context.WithoutCancel(ctx), storesTimeout)
	return ctx, r, nil
}

// beginAs is begin for a change to the account of the signed-in user, whose ID must be
// userID.
func (s *Service) beginAs(ctx context.Context, userID string) (context.Context, *request, databases.User, error) {
	ctx, r, err := s.begin(ctx)
	if err != nil {
		return nil, nil, databases.User{}, err
	}
	if current := r.call.Caller.UserID; current != "" && current != userID {
		err = errcode.New(errcode.Forbidden, "this is another user's")
	}
	var user databases.User
	if err == nil {
		user, err = r.currentUser(ctx)
	}
	if err != nil {
		r.end()
	}
	return ctx, r, user, err
}

// beginGuess is begin for a guess by anybody.
func (s *Service) beginGuess(ctx context.Context, identity, code string) (context.Context, *request, error) {
	ctx, r, err := s.begin(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err = checkIdentity(identity); err == nil {
		err = r.checkDigits(code)
	}
	if err != nil {
		r.end()
	}
	return ctx, r, err
}

// hold returns a default element of the app, and keeps it open until r ends.
func hold[T any](r *request, kind string) (T, error) {
	var none T
	instance, release, err := r.elements.Default(kind)
	if err != nil {
		return none, errcode.Wrap(err, errcode.StoreUnavailable, "the store is not ready").After(time.Second)
	}
	r.releases = append(r.releases, release)
	store, ok := instance.(T)
	if !ok {
		return none, errcode.New(errcode.Internal, "the %s is of a wrong family", kind)
	}
	return store, nil
}

// end releases the stores. It may be called again.
func (r *request) end() {
	if r.cancel != nil {
		r.cancel()
	}
	for _, release := range r.releases {
		release()
	}
	r.releases = nil
}

// key returns the key under which the cache keeps the state of an identity, or of a
// test phone if there is an entry.
func (r *request) key(identity string, entry *testEntry) string {
	if entry != nil {
		return r.keys.testIdentity(r.call.Element, identity)
	}
	return r.keys.identity(identity)
}

// holder returns the cache's name of a user who holds codes; "" is anybody.
func (r *request) holder(userID string) string { return r.keys.holder(r.call.Element, userID) }

// currentUser returns the signed-in user.
func (r *request) currentUser(ctx context.Context) (databases.User, error) {
	if r.call.Caller.UserID == "" {
		return databases.User{}, errLoginRequired()
	}
	user, err := r.dir.User(ctx, r.call.Caller.UserID)
	if errors.Is(err, databases.ErrNotFound) {
		return databases.User{}, errLoginRequired()
	}
	if err != nil {
		return databases.User{}, errStore(err)
	}
	return user, nil
}

// owner returns the user of an identity, or nil if it has none.
func (r *request) owner(ctx context.Context, identity string) (*databases.User, error) {
	user, err := r.dir.UserByPhone(ctx, identity)
	if errors.Is(err, databases.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, errStore(err)
	}
	return &user, nil
}

// checkIdentity refuses what can't be an identity.
func checkIdentity(identity string) error {
	if identity == "" || len(identity) > maxIdentity || strings.ContainsRune(identity, 0) {
		return errcode.New(errcode.Params, "there is no such identity").With("arg", "phone")
	}
	return nil
}

// checkDigits refuses what can't be a code, whatever the length of the one that was
// sent.
func (r *request) checkDigits(code string) error {
	if len(code) < minCodeLength || !isDigits(code, min(len(code), maxCodeLength)) {
		return r.errDigits()
	}
	return nil
}

// errDigits is the answer to what is no code. It doesn't count as a guess.
func (r *request) errDigits() error {
	return errcode.New(errcode.Params, "a code is %d digits, or as many as its message has", r.policy.CodeLength).With("arg", "code")
}

func wireCorps(corps []databases.Corp) []*elementv1.Corp {
	wire := make([]*elementv1.Corp, 0, len(corps))
	for _, corp := range corps {
		wire = append(wire, &elementv1.Corp{CorpId: corp.ID, CorpName: corp.Title})
	}
	return wire
}

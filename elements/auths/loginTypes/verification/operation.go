package verification

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

const (
	// operationBound is what all steps of an operation may take together, so that a
	// store that can't be reached is told within a second.
	operationBound = 900 * time.Millisecond
	// endBound is what the last step, ending a claim, may take when the others have
	// used up their time.
	endBound = 500 * time.Millisecond
	// longestIdentity bounds what a Type may name an identity.
	longestIdentity = 255
	// longestDevice bounds a device token that is worth a look-up.
	longestDevice = 256
)

// operation is one request of a Type while it lasts: who asks, for which
// instance, and the stores. It doesn't end with the plugin or the client: what it
// has begun is bounded in time and runs to its end.
type operation struct {
	*Service
	call element.Call
	// id names it to the stores.
	id    string
	store cacheStore
	dir   accountStore

	cancel   context.CancelFunc
	releases []func()
}

// cacheStore is what operations need of the default cache.
type cacheStore interface {
	caches.ReservationStore
	caches.CodeStore
	caches.TokenStore
}

// accountStore is what operations need of the default database.
type accountStore interface {
	databases.UserStore
	databases.CorpStore
	databases.DeviceStore
	databases.NoticeStore
	databases.TestGuessStore
	readier
}

// begin takes who asks from the context and holds the stores until end.
func (s *Service) begin(ctx context.Context) (context.Context, *operation, error) {
	call, ok := element.CallOf(ctx)
	if !ok || call.Element == "" {
		return nil, nil, errcode.New(errcode.Forbidden, "logins are asked for within a call only")
	}
	op := &operation{Service: s, call: call, id: call.Operation}
	if op.id == "" {
		op.id = randomID()
	}
	cache, err := op.hold(element.DefaultCache)
	if err != nil {
		return nil, nil, err
	}
	store, ok := cache.(cacheStore)
	if !ok {
		op.end()
		return nil, nil, errcode.New(errcode.Internal, "the app's default cache is none")
	}
	database, err := op.hold(element.DefaultDatabase)
	if err != nil {
		op.end()
		return nil, nil, err
	}
	dir, ok := database.(accountStore)
	if !ok {
		op.end()
		return nil, nil, errcode.New(errcode.Internal, "the app's default database is none")
	}
	op.store, op.dir = store, dir
	ctx, op.cancel = context.WithTimeout(context.WithoutCancel(ctx), operationBound)
	return ctx, op, nil
}

func (o *operation) hold(kind string) (element.Instance, error) {
	instance, release, err := o.elements.Default(kind)
	if err != nil {
		return nil, errcode.Wrap(err, errcode.StoreUnavailable, "the store is not ready").After(time.Second)
	}
	o.releases = append(o.releases, release)
	return instance, nil
}

// end lets the stores go.
func (o *operation) end() {
	if o.cancel != nil {
		o.cancel()
	}
	for _, release := range o.releases {
		release()
	}
}

// key is where the store keeps what belongs to an identity.
func (o *operation) key(identity string) string {
	return o.keys.identity(o.call.Element, identity)
}

// guesser is whose wrong guesses count: a user's at codes of their own, else a
// device's that has logged in with this identity, else the strangers'.
func (o *operation) guesser(ctx context.Context, holder, identity string) (string, error) {
	if holder != "" {
		return userBucket(holder), nil
	}
	return o.device(ctx, identity)
}

func userBucket(userID string) string { return "u:" + userID }

// device gives the bucket of a device that has logged in with this identity, empty
// for anybody else. Sends count there, or else for the identity, whoever asks.
func (o *operation) device(ctx context.Context, identity string) (string, error) {
	token := o.call.Caller.Device
	if token == "" || len(token) > longestDevice {
		return "", nil
	}
	device, err := o.dir.Device(ctx, tokens.Hash(token))
	switch {
	case errors.Is(err, databases.ErrNotFound):
		return "", nil
	case err != nil:
		return "", errStore(err)
	case device.Phone != identity:
		return "", nil
	}
	return "d:" + device.Hash, nil
}

// current gives the signed-in user.
func (o *operation) current(ctx context.Context) (databases.User, error) {
	if o.call.Caller.UserID == "" {
		return databases.User{}, errLoginRequired()
	}
	user, err := o.dir.User(ctx, o.call.Caller.UserID)
	if errors.Is(err, databases.ErrNotFound) {
		return databases.User{}, errLoginRequired()
	}
	if err != nil {
		return databases.User{}, errStore(err)
	}
	return user, nil
}

// self gives the signed-in user, who must be the one that the request names.
func (o *operation) self(ctx context.Context, userID string) (databases.User, error) {
	if o.call.Caller.UserID == "" {
		return databases.User{}, errLoginRequired()
	}
	if userID != o.call.Caller.UserID {
		return databases.User{}, errcode.New(errcode.Forbidden, "this is another user's")
	}
	return o.current(ctx)
}

// owner gives the user of an identity, nil when it has none.
func (o *operation) owner(ctx context.Context, identity string) (*databases.User, error) {
	user, err := o.dir.UserByPhone(ctx, identity)
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
	if identity == "" || len(identity) > longestIdentity {
		return errcode.New(errcode.Params, "there is no such identity").With("arg", "phone")
	}
	return nil
}

// checkDigits refuses what can't be a code: it is no guess.
func checkDigits(p policy, code string) error {
	if !isDigits(code, p.length) {
		return errcode.New(errcode.Params, "a code is %d digits", p.length).With("arg", "code")
	}
	return nil
}

func wireCorps(corps []databases.Corp) []*elementv1.Corp {
	wire := make([]*elementv1.Corp, 0, len(corps))
	for _, corp := range corps {
		wire = append(wire, &elementv1.Corp{CorpId: corp.ID, CorpName: corp.Title})
	}
	return wire
}

package sessions

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// How long things live, and how long to wait for a store.
const (
	accessTTL  = 15 * time.Minute
	idleTTL    = 30 * 24 * time.Hour
	mostTTL    = 90 * 24 * time.Hour
	deviceTTL  = 180 * 24 * time.Hour
	grace      = 10 * time.Second
	linger     = 15 * time.Minute
	retryStore = time.Second
	// storesBound is what all steps of a call may take together: who can't be
	// served learns so within a second. What takes a loginCode back when its
	// session could not be opened has backBound of them.
	storesBound = 900 * time.Millisecond
	backBound   = 150 * time.Millisecond
)

// loginByCode opens a session. Everything that can refuse is asked before the
// loginCode is taken, so that a wrong corp costs nothing; the session's row
// carries the id of the verification code, unique, so that even a cache that
// forgets can't give a second session.
func (s *Service) loginByCode(ctx context.Context, loginCode, corp, platform string) (any, error) {
	switch platform {
	case "web", "mobile", "api":
	default:
		return nil, errcode.New(errcode.Params, "platform must be web, mobile or api").With("arg", "platform")
	}
	ref, ok := tokens.Parse(loginCode)
	if !ok {
		return nil, rejected()
	}
	cache, releaseCache, err := s.cache()
	if err != nil {
		return nil, err
	}
	defer releaseCache()
	directory, releaseDirectory, err := s.directory()
	if err != nil {
		return nil, err
	}
	defer releaseDirectory()

	op := operation(ctx)
	exchange := exchange{service: s, cache: cache, directory: directory, ref: ref, request: op}
	proof, err := exchange.token(ctx, caches.Keep)
	if err != nil {
		return nil, err
	}
	user, err := directory.User(ctx, proof.UserID)
	if errors.Is(err, databases.ErrNotFound) {
		return nil, rejected()
	}
	if err != nil {
		return nil, storeError(err, "reading the user")
	}
	if user.Phone != proof.Phone {
		// The phone went elsewhere since the code was right: it proves nothing now.
		return nil, rejected()
	}
	corpID, err := chooseCorp(user.Corps, corp)
	if err != nil {
		return nil, err
	}
	if _, err := s.keys.signing(ctx); err != nil {
		return nil, err
	}
	opening, cancel := withTimeLeft(ctx, backBound)
	defer cancel()
	if _, err := exchange.token(opening, caches.Consume); err != nil {
		return nil, err
	}
	session, err := exchange.open(opening, proof, corpID, platform)
	if errors.Is(err, errcode.StoreUnavailable) {
		exchange.giveBack(ctx, proof)
	}
	if err != nil {
		return nil, err
	}
	access, err := s.accessToken(ctx, session)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{
		"success":      true,
		"accessToken":  access,
		"refreshToken": s.refresh.token(session.ID, 1),
		"tokenType":    "Bearer",
		"expiresIn":    int64(accessTTL / time.Second),
		"userId":       session.UserID,
		"corpId":       session.CorpID,
	}
	if device, err := addDevice(ctx, directory, proof); err == nil {
		answer["deviceToken"] = device
	} else {
		// The session stands; without a device token this client shares the
		// limits of strangers until its next login.
		s.env.Logger.WarnContext(ctx, "no device token was kept", "error", storeError(err, "keeping the device").Error())
	}
	return answer, nil
}

// exchange is one attempt to turn a loginCode into a session.
type exchange struct {
	service   *Service
	cache     caches.TokenStore
	directory directory
	ref       tokens.Ref
	request   string
}

// token reads or takes the loginCode. A second use ends the session that the
// first one opened (RFC 6749, 4.1.2).
func (x exchange) token(ctx context.Context, then caches.Then) (tokens.LoginCode, error) {
	result, err := twice(ctx, func(ctx context.Context) (caches.TokenResult, error) {
		return x.cache.Token(ctx, caches.TokenRequest{
			Request: x.request, Key: x.ref.Key, Hash: x.ref.Hash, Then: then, Linger: linger,
		})
	})
	if err != nil {
		return tokens.LoginCode{}, storeError(err, "taking the login code")
	}
	switch result.Outcome {
	case caches.TokenValid, caches.TokenUsed:
	case caches.TokenBusy:
		return tokens.LoginCode{}, errcode.New(codes.CodeBusy, "another request is using this code").After(time.Second)
	default:
		return tokens.LoginCode{}, rejected()
	}
	proof, err := x.service.sealer.OpenLoginCode(x.ref, result.Value)
	if err != nil {
		return tokens.LoginCode{}, rejected()
	}
	if result.Outcome == caches.TokenUsed {
		return tokens.LoginCode{}, x.secondUse(ctx, proof)
	}
	return proof, nil
}

func (x exchange) secondUse(ctx context.Context, proof tokens.LoginCode) error {
	if err := x.directory.EndSessionOfCode(ctx, proof.CodeID); err != nil && !errors.Is(err, databases.ErrNotFound) {
		return storeError(err, "ending the session of a login code that was used twice")
	}
	x.service.env.Logger.WarnContext(ctx, "a login code was used twice; its session was ended", "userId", proof.UserID)
	return rejected()
}

// open makes the session. One that comes back ended was opened by this attempt
// and ended by a second use at the same time: this attempt is still the one that
// succeeds, and its tokens are dead.
func (x exchange) open(ctx context.Context, proof tokens.LoginCode, corpID, platform string) (databases.Session, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return databases.Session{}, errcode.Wrap(err, errcode.Internal, "no session id could be made")
	}
	session, err := twice(ctx, func(ctx context.Context) (databases.Session, error) {
		return x.directory.CreateSession(ctx, databases.NewSession{
			ID:          id.String(),
			UserID:      proof.UserID,
			CorpID:      corpID,
			Platform:    platform,
			CodeID:      proof.CodeID,
			Request:     x.request,
			RefreshHash: tokens.Hash(x.service.refresh.token(id.String(), 1)),
			Idle:        idleTTL,
			Most:        mostTTL,
		})
	})
	switch {
	case errors.Is(err, databases.ErrCodeUsed):
		return databases.Session{}, x.secondUse(ctx, proof)
	case errors.Is(err, databases.ErrNotFound):
		return databases.Session{}, rejected()
	case err != nil:
		return databases.Session{}, storeError(err, "opening the session")
	}
	return session, nil
}

// giveBack undoes an exchange whose session may have been opened without this
// attempt having learned so, before its caller is told that it failed: the loginCode
// can be brought again, here or elsewhere. Where that doesn't come about, a
// loginCode that is brought again is a used one.
func (x exchange) giveBack(ctx context.Context, proof tokens.LoginCode) {
	var both sync.WaitGroup
	both.Go(func() {
		if err := x.directory.ForgetSession(ctx, proof.CodeID, x.request); err != nil {
			x.service.env.Logger.WarnContext(ctx, "a session that may have been opened could not be taken back", "userId", proof.UserID)
		}
	})
	both.Go(func() {
		err := x.cache.EndToken(ctx, caches.EndToken{
			Request: x.request, Key: x.ref.Key, Hash: x.ref.Hash, End: caches.ReturnToken,
		})
		if err != nil {
			x.service.env.Logger.WarnContext(ctx, "a login code could not be given back", "userId", proof.UserID)
		}
	})
	both.Wait()
}

// withTimeLeft ends a context some time before it would end.
func withTimeLeft(ctx context.Context, left time.Duration) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end.Add(-left))
}

// chooseCorp gives the id of the corp that is meant: by id or full name, or the
// only one there is.
func chooseCorp(corps []databases.Corp, named string) (string, error) {
	if named != "" {
		for _, c := range corps {
			if c.ID == named || c.FullName == named {
				return c.ID, nil
			}
		}
		return "", errcode.New(errcode.Forbidden, "not a member of this corp")
	}
	switch len(corps) {
	case 0:
		return "", nil
	case 1:
		return corps[0].ID, nil
	}
	return "", errcode.New(errcode.Params, "corp: the user is in several, name one").With("arg", "corp")
}

func rejected() error {
	return errcode.New(codes.CodeRejected, "the login code is not alive")
}

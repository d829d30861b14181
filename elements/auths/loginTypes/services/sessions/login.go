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

const (
	accessTTL = 15 * time.Minute
	idleTTL   = 30 * 24 * time.Hour
	maxTTL    = 90 * 24 * time.Hour
	deviceTTL = 180 * 24 * time.Hour
	// grace is how long the previous refresh token gets its successor again.
	grace = 10 * time.Second
	// linger is how long a used loginCode is recognized.
	linger     = 15 * time.Minute
	retryStore = time.Second
	// storesTimeout bounds all steps of a call together, so that an unreachable
	// store is reported within a second. The last returnTime of it is kept for
	// returning a loginCode whose session could not be opened.
	storesTimeout = 900 * time.Millisecond
	returnTime    = 150 * time.Millisecond
	// slowStores is how long the steps of a call take that gets nowhere.
	slowStores = 800 * time.Millisecond
	// longestQueue is how long a call may wait for others before its first step. It is
	// long, because whoever brings a loginCode was let in before.
	longestQueue = 20 * time.Second
)

// loginByCode opens a session. It takes the loginCode only after everything else is
// checked, so that a wrong corp costs nothing. The session's row has the ID of the
// verification code, unique, so that even a cache that forgets can't open a second
// session.
func (s *Service) loginByCode(ctx context.Context, loginCode, corp, platform string) (any, error) {
	switch platform {
	case "web", "mobile", "api":
	default:
		return nil, errcode.New(errcode.Params, "platform must be web, mobile or api").With("arg", "platform")
	}
	ref, ok := tokens.Parse(loginCode)
	if !ok {
		return nil, errRejected()
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

	x := exchange{service: s, cache: cache, directory: directory, ref: ref, request: requestID(ctx)}
	login, err := x.token(ctx, caches.Keep)
	if err != nil {
		return nil, err
	}
	user, err := directory.User(ctx, login.UserID)
	if errors.Is(err, databases.ErrNotFound) {
		return nil, errRejected()
	}
	if err != nil {
		return nil, storeError(err, "reading the user")
	}
	if user.Phone != login.Phone { // it has moved since
		return nil, errRejected()
	}
	corpID, err := chooseCorp(user.Corps, corp)
	if err != nil {
		return nil, err
	}
	if _, err := s.keys.signing(ctx); err != nil {
		return nil, err
	}
	opening, cancel := endEarlier(ctx, returnTime)
	defer cancel()
	if _, err := x.token(opening, caches.Consume); err != nil {
		return nil, err
	}
	session, err := x.open(opening, login, corpID, platform)
	if errors.Is(err, errcode.StoreUnavailable) {
		x.undo(ctx, login)
	}
	if err != nil {
		return nil, err
	}
	result, err := s.tokensOf(ctx, session, 1)
	if err != nil {
		return nil, err
	}
	if device, err := deviceToken(ctx, directory, login); err == nil {
		result["deviceToken"] = device
	} else {
		// Without a device token the client shares the limits of strangers until its
		// next login.
		s.env.Logger.WarnContext(ctx, "no device token was kept", "error", err)
	}
	return result, nil
}

// exchange exchanges a loginCode for a session.
type exchange struct {
	service   *Service
	cache     caches.TokenStore
	directory directory
	ref       tokens.Ref
	request   string
}

// token reads or takes the loginCode. A second use ends the session that the first
// use opened (RFC 6749, 4.1.2).
func (x exchange) token(ctx context.Context, then caches.Then) (tokens.LoginCode, error) {
	result, err := x.cache.Token(ctx, caches.TokenRequest{
		Request: x.request, Key: x.ref.Key, Hash: x.ref.Hash, Then: then, Linger: linger,
	})
	if err != nil {
		return tokens.LoginCode{}, storeError(err, "taking the login code")
	}
	switch result.Outcome {
	case caches.TokenValid, caches.TokenUsed:
	case caches.TokenBusy:
		return tokens.LoginCode{}, errcode.New(codes.CodeBusy, "another request is using this code").After(time.Second)
	default:
		return tokens.LoginCode{}, errRejected()
	}
	login, err := x.service.sealer.OpenLoginCode(x.ref, result.Value)
	if err != nil {
		return tokens.LoginCode{}, errRejected()
	}
	if result.Outcome == caches.TokenUsed {
		return tokens.LoginCode{}, x.secondUse(ctx, login)
	}
	return login, nil
}

func (x exchange) secondUse(ctx context.Context, login tokens.LoginCode) error {
	if err := x.directory.EndSessionOfCode(ctx, login.CodeID); err != nil && !errors.Is(err, databases.ErrNotFound) {
		return storeError(err, "ending the session of a login code that was used twice")
	}
	x.service.env.Logger.WarnContext(ctx, "a login code was used twice; its session was ended", "user_id", login.UserID)
	return errRejected()
}

// open creates the session. It may have ended already, by a second use at the same
// time: then this use still succeeds, with tokens that are good for nothing.
func (x exchange) open(ctx context.Context, login tokens.LoginCode, corpID, platform string) (databases.Session, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return databases.Session{}, errcode.Wrap(err, errcode.Internal, "no session ID could be generated")
	}
	session, err := x.directory.CreateSession(ctx, databases.NewSession{
		ID:          id.String(),
		UserID:      login.UserID,
		Phone:       login.Phone,
		CorpID:      corpID,
		Platform:    platform,
		CodeID:      login.CodeID,
		Request:     x.request,
		RefreshHash: tokens.Hash(x.service.refresh.token(id.String(), 1)),
		Idle:        idleTTL,
		Most:        maxTTL,
	})
	switch {
	case errors.Is(err, databases.ErrCodeUsed):
		return databases.Session{}, x.secondUse(ctx, login)
	case errors.Is(err, databases.ErrNotBound): // the phone has moved since it was looked at
		return databases.Session{}, errRejected()
	case err != nil:
		return databases.Session{}, storeError(err, "opening the session")
	}
	return session, nil
}

// undo removes a session that may have been created although the database's answer
// was lost, and returns the loginCode, before the caller gets an error: they may use
// the loginCode again, on any replica. If undo fails, the loginCode counts as used.
func (x exchange) undo(ctx context.Context, login tokens.LoginCode) {
	var both sync.WaitGroup
	both.Go(func() {
		if err := x.directory.ForgetSession(ctx, login.CodeID, x.request); err != nil {
			x.service.env.Logger.WarnContext(ctx, "a session that may have been created could not be removed", "user_id", login.UserID, "error", err)
		}
	})
	both.Go(func() {
		err := x.cache.EndToken(ctx, caches.EndToken{
			Request: x.request, Key: x.ref.Key, Hash: x.ref.Hash, End: caches.ReturnToken,
		})
		if err != nil {
			x.service.env.Logger.WarnContext(ctx, "a login code could not be returned", "user_id", login.UserID, "error", err)
		}
	})
	both.Wait()
}

// endEarlier returns a context that ends earlier than ctx.
func endEarlier(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end.Add(-by))
}

// chooseCorp returns the ID of the corp that is named by ID or full name, or of the
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

func errRejected() error {
	return errcode.New(codes.CodeRejected, "the login code is not valid")
}

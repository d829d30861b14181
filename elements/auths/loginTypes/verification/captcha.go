package verification

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/captcha"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// The reasons of a CAPTCHA_ERROR.
const (
	captchaWrong   = "wrong"
	captchaExpired = "expired"
)

const (
	// captchaHash is the hash of the one token under a named captcha's key.
	captchaHash = "captcha"
	// clockMargin is how much longer than a captcha its use is recorded, because
	// the clocks of replicas differ.
	clockMargin = 2 * time.Minute
)

// MakeCaptcha makes a captcha. Only one that the client named is kept, in the
// cache.
func (s *Service) MakeCaptcha(ctx context.Context, in *elementv1.MakeCaptchaRequest) (*elementv1.MakeCaptchaResponse, error) {
	id := in.GetId()
	if id != "" && !isUUID(id) {
		return nil, errcode.New(errcode.Params, "an id is a UUID").With("arg", "id")
	}
	ctx, r, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer r.end()
	made, err := r.makeCaptcha(ctx, in)
	if err != nil {
		return nil, errCaptcha(err)
	}
	out := &elementv1.MakeCaptchaResponse{Token: made.Token, Png: made.PNG, Wav: made.WAV}
	if c := made.Challenge; c != nil {
		out.Challenge = &elementv1.Challenge{Salt: c.Salt, Hash: c.Hash, Max: c.Max}
	}
	if id == "" {
		return out, nil
	}
	out.Token = id
	err = r.store.Issue(ctx, r.captchaKey(id), caches.Issue{
		Hash: captchaHash, Value: []byte(made.Token), TTL: captcha.Life,
	})
	if err != nil {
		return nil, errStore(err)
	}
	return out, nil
}

func (r *request) makeCaptcha(ctx context.Context, in *elementv1.MakeCaptchaRequest) (captcha.Captcha, error) {
	address := r.call.Caller.Address
	if address != "" {
		address = r.keys.address(address)
	}
	switch in.GetKind() {
	case elementv1.CaptchaKind_CAPTCHA_KIND_POW:
		if in.GetId() != "" {
			if err := r.captchas.Named(address); err != nil {
				return captcha.Captcha{}, err
			}
		}
		return r.captchas.Pow(r.call.Element, address)
	case elementv1.CaptchaKind_CAPTCHA_KIND_IMAGE:
		return r.captchas.Image(ctx, r.call.Element, address)
	case elementv1.CaptchaKind_CAPTCHA_KIND_AUDIO:
		return r.captchas.Audio(ctx, r.call.Element, address, in.GetLanguage())
	default:
		return captcha.Captcha{}, errcode.New(errcode.Params, "there is no such kind of captcha").With("arg", "kind")
	}
}

// errCaptcha returns the answer to a captcha that could not be made.
func errCaptcha(err error) error {
	var limit *captcha.LimitError
	switch {
	case errors.As(err, &limit):
		return limited(codes.SendLimited, "too many captchas were asked for", limit.RetryAfter, time.Minute)
	case errors.Is(err, captcha.ErrBusy):
		return errcode.Unavailable(errcode.OutcomeNotExecuted, "no captcha is ready").After(time.Second)
	}
	if e, ok := errcode.As(err); ok {
		return e
	}
	return errcode.Wrap(err, errcode.Internal, "an internal error")
}

// checkCaptcha returns what the cache checks about the captcha of a send, and the
// reason if it isn't right.
func (r *request) checkCaptcha(ctx context.Context, given *elementv1.CaptchaAnswer) (check caches.CaptchaCheck, reason string, err error) {
	if given == nil {
		return r.requiredCaptcha(), "", nil
	}
	token, err := r.captchaToken(ctx, given.GetToken())
	if err != nil {
		return caches.CaptchaCheck{}, "", err
	}
	got := r.captchas.Check(r.call.Element, token, given.GetAnswer())
	if got.ID == "" {
		return caches.CaptchaCheck{Given: true}, captchaExpired, nil
	}
	return caches.CaptchaCheck{
		Given: true, Correct: got.Correct && r.policy.accepts(got.Kind), UseKey: r.keys.captchaUse(got.ID), UseTTL: got.Left + clockMargin,
	}, captchaWrong, nil
}

// captchaToken returns the token of a captcha that the client may have named. It is
// empty, which is no token, if there is none of that name.
func (r *request) captchaToken(ctx context.Context, token string) (string, error) {
	if !isUUID(token) {
		return token, nil
	}
	got, err := r.store.Token(ctx, caches.TokenRequest{Key: r.captchaKey(token), Hash: captchaHash, Then: caches.Keep})
	if err != nil {
		return "", errStore(err)
	}
	return string(got.Value), nil
}

func (r *request) captchaKey(id string) string {
	return r.keys.captcha(r.call.Element, strings.ToLower(id))
}

// isUUID reports whether text is a UUID in its usual spelling of 36 characters.
func isUUID(text string) bool { return len(text) == 36 && uuid.Validate(text) == nil }

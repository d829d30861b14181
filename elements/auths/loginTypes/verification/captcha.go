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

// captchaHash is the name of the one token under a captcha's key.
const captchaHash = "captcha"

// markMargin is how much longer than a captcha the note of its use is kept, for
// replicas whose clocks differ.
const markMargin = 2 * time.Minute

// MakeCaptcha makes a captcha. One that the client named is found by its name in
// the store; of others nothing is kept.
func (s *Service) MakeCaptcha(ctx context.Context, r *elementv1.MakeCaptchaRequest) (*elementv1.MakeCaptchaResponse, error) {
	id := r.GetId()
	if id != "" && !isUUID(id) {
		return nil, errcode.New(errcode.Params, "an id is a UUID").With("arg", "id")
	}
	ctx, op, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer op.end()
	made, err := op.make(ctx, r)
	if err != nil {
		return nil, errMake(err)
	}
	reply := &elementv1.MakeCaptchaResponse{Token: made.Token, Png: made.PNG, Wav: made.WAV}
	if c := made.Challenge; c != nil {
		reply.Challenge = &elementv1.Challenge{Salt: c.Salt, Hash: c.Hash, Max: c.Max}
	}
	if id == "" {
		return reply, nil
	}
	reply.Token = id
	err = op.store.Issue(ctx, op.keys.captcha(op.call.Element, strings.ToLower(id)), caches.Issue{
		Hash: captchaHash, Value: []byte(made.Token), TTL: captcha.Life,
	})
	if err != nil {
		return nil, errStore(err)
	}
	return reply, nil
}

func (o *operation) make(ctx context.Context, r *elementv1.MakeCaptchaRequest) (captcha.Captcha, error) {
	address := o.call.Caller.Address
	if address != "" {
		address = o.keys.address(address)
	}
	switch r.GetKind() {
	case elementv1.CaptchaKind_CAPTCHA_KIND_POW:
		if r.GetId() != "" {
			if err := o.captchas.Named(address); err != nil {
				return captcha.Captcha{}, err
			}
		}
		return o.captchas.Pow(o.call.Element, address)
	case elementv1.CaptchaKind_CAPTCHA_KIND_IMAGE:
		return o.captchas.Image(ctx, o.call.Element, address)
	case elementv1.CaptchaKind_CAPTCHA_KIND_AUDIO:
		return o.captchas.Audio(ctx, o.call.Element, address, r.GetLanguage())
	default:
		return captcha.Captcha{}, errcode.New(errcode.Params, "there is no such kind of captcha").With("arg", "kind")
	}
}

// errMake gives the error of a captcha that was not made.
func errMake(err error) error {
	var limit *captcha.LimitError
	switch {
	case errors.As(err, &limit):
		wait := max(roundUp(limit.RetryAfter, time.Minute), time.Minute)
		return errcode.Wrap(err, codes.SendLimited, "too many captchas were asked for").
			After(wait).With("retryAfter", seconds(wait))
	case errors.Is(err, captcha.ErrBusy):
		return errcode.Unavailable(errcode.OutcomeNotExecuted, "no captcha is ready").After(time.Second)
	}
	if e, ok := errcode.As(err); ok {
		return e
	}
	return errcode.Wrap(err, errcode.Internal, "an internal error")
}

// proof says what the store has to know of the captcha that came, and the reason
// for refusing it where it isn't right.
func (o *operation) proof(ctx context.Context, p policy, given *elementv1.CaptchaAnswer) (caches.CaptchaCheck, string, error) {
	if given == nil {
		return o.demand(p), "", nil
	}
	token, err := o.captchaToken(ctx, given.GetToken())
	if err != nil {
		return caches.CaptchaCheck{}, "", err
	}
	got := o.captchas.Check(o.call.Element, token, given.GetAnswer())
	if got.ID == "" {
		return caches.CaptchaCheck{Given: true}, captchaExpired, nil
	}
	return caches.CaptchaCheck{
		Given: true, Correct: got.Right, UseKey: o.keys.mark(got.ID), UseTTL: got.Left + markMargin,
	}, captchaWrong, nil
}

// captchaToken gives the token that a client's name for a captcha stands for.
func (o *operation) captchaToken(ctx context.Context, token string) (string, error) {
	if !isUUID(token) {
		return token, nil
	}
	got, err := o.store.Token(ctx, caches.TokenRequest{
		Key: o.keys.captcha(o.call.Element, strings.ToLower(token)), Hash: captchaHash, Then: caches.Keep,
	})
	if err != nil {
		return "", errStore(err)
	}
	return string(got.Value), nil // empty, when there is none, is no token
}

// isUUID says whether text is one in its usual spelling of 36 characters.
func isUUID(text string) bool { return len(text) == 36 && uuid.Validate(text) == nil }

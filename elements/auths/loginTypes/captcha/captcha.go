// Package captcha makes captchas and checks their answers: a computation for a
// browser, digits in a picture, spoken digits.
//
// The answer is sealed in the captcha's token, so nothing has to be kept of a captcha
// until it is used. Callers use the ID of a captcha to accept it only once. The
// package doesn't know stores, phones, or HTTP.
package captcha

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/lintel-run/lintel/internal/seal"
)

// Life is the time in which a captcha may be answered.
const Life = 2 * time.Minute

// Kind is the kind of a captcha.
type Kind byte

const (
	// Pow is computed by the client: a proof of work.
	Pow Kind = iota + 1
	// Image is read by a person.
	Image
	// Audio is heard by a person.
	Audio
)

// ErrBusy is returned while pictures or recordings are requested faster than they may
// be made. The caller may ask again in a second.
var ErrBusy = errors.New("captcha: too many are being asked for")

// LimitError is returned if an address has requested too many captchas.
type LimitError struct {
	// RetryAfter is when it may ask again.
	RetryAfter time.Duration
}

func (*LimitError) Error() string { return "captcha: too many for one address" }

// Captcha is a captcha: its token, and one of the things to solve.
type Captcha struct {
	Token     string
	Challenge *Challenge
	PNG       []byte
	WAV       []byte
}

// Maker makes the captchas of an app and checks their answers. Its methods may be
// called from any goroutine.
type Maker struct {
	tokens   *seal.Key
	demand   *demand
	pictures *stock
	sounds   map[string]*stock // by language

	stop context.CancelFunc
	work sync.WaitGroup
}

// keyPurpose is the purpose of the key that seals tokens.
const keyPurpose = "auths.loginTypes/captchas"

// New returns the Maker of an app. derive is element.Env's Key. The caller closes
// the Maker.
func New(derive func(purpose string) ([]byte, error)) (*Maker, error) {
	return newMaker(derive, dchest{})
}

func newMaker(derive func(purpose string) ([]byte, error), r renderer) (*Maker, error) {
	key, err := seal.NewKey(derive, keyPurpose)
	if err != nil {
		return nil, fmt.Errorf("captcha: %w", err)
	}
	m := &Maker{tokens: key, demand: newDemand(), sounds: make(map[string]*stock)}
	ctx, stop := context.WithCancel(context.Background())
	m.stop = stop
	budget := rate.NewLimiter(perSecond, burst)
	m.pictures = newStock(ctx, &m.work, budget, pictureCost, picturesKept, func() (item, error) { return draw(r) })
	for _, language := range languages {
		m.sounds[language] = newStock(ctx, &m.work, budget, soundCost, soundsKept, func() (item, error) { return speak(r, language) })
	}
	return m, nil
}

// Close stops making captchas ahead.
func (m *Maker) Close() error {
	m.stop()
	m.work.Wait()
	return nil
}

// Pow makes a computation for an instance. It takes the longer, the more the address
// and all addresses have requested in the last minute.
func (m *Maker) Pow(instance, address string) (Captcha, error) {
	challenge, answer := newChallenge(m.demand.effort(address, time.Now()))
	return Captcha{Token: m.token(instance, Pow, answer), Challenge: challenge}, nil
}

// Named counts a captcha that the client names against the limit of pictures, whatever
// its kind. Its error is a *LimitError.
func (m *Maker) Named(address string) error { return m.demand.admit(Image, address, time.Now()) }

// Image returns a picture. Its errors are *LimitError and ErrBusy.
func (m *Maker) Image(ctx context.Context, instance, address string) (Captcha, error) {
	if err := m.demand.admit(Image, address, time.Now()); err != nil {
		return Captcha{}, err
	}
	picture, err := m.pictures.take(ctx)
	if err != nil {
		return Captcha{}, err
	}
	return Captcha{Token: m.token(instance, Image, picture.answer), PNG: picture.content}, nil
}

// Audio returns a recording in a language (BCP 47). Its errors are *LimitError and
// ErrBusy.
func (m *Maker) Audio(ctx context.Context, instance, address, language string) (Captcha, error) {
	if err := m.demand.admit(Audio, address, time.Now()); err != nil {
		return Captcha{}, err
	}
	sound, err := m.sounds[spokenLanguage(language)].take(ctx)
	if err != nil {
		return Captcha{}, err
	}
	return Captcha{Token: m.token(instance, Audio, sound.answer), WAV: sound.content}, nil
}

// CheckResult is the result of Check.
type CheckResult struct {
	// ID identifies the captcha. It is empty for a token that this app didn't make for
	// the instance, or that has expired.
	ID   string
	Kind Kind
	// Left is how long the captcha may still be answered.
	Left    time.Duration
	Correct bool
}

// Check compares an answer with the one in a token. It ignores case and spaces, and
// accepts digits of any script.
func (m *Maker) Check(instance, token, answer string) CheckResult {
	sealed, ok := m.open(instance, token)
	left := time.Until(sealed.expires)
	if !ok || left <= 0 || left > Life+clockSkew {
		return CheckResult{}
	}
	return CheckResult{ID: sealed.id, Kind: sealed.kind, Left: left, Correct: matches(sealed.answer, answer)}
}

// clockSkew is how far the clocks of replicas may differ.
const clockSkew = time.Minute

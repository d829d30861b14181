// Package captcha makes captchas and checks their answers: a computation for a
// browser, digits in a picture, digits that are spoken.
//
// What a right answer is lies sealed in the captcha's token, so nothing is kept of
// one until it is used. That a token is used once is for whoever checks it to hold
// to, by its id. The package knows no store, no phone and no HTTP.
package captcha

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lintel-run/lintel/internal/seal"
)

// Life is how long a captcha may be answered.
const Life = 2 * time.Minute

// The kinds of captchas.
type Kind byte

const (
	// Pow is computed by the client.
	Pow Kind = iota + 1
	// Image is read by a person.
	Image
	// Audio is heard by a person.
	Audio
)

// ErrBusy says that pictures or recordings are asked for faster than they may be
// made; ask again in a second.
var ErrBusy = errors.New("captcha: too many are being asked for")

// LimitError says that one address has asked for too many.
type LimitError struct {
	// RetryAfter is until it may ask again.
	RetryAfter time.Duration
}

func (*LimitError) Error() string { return "captcha: too many for one address" }

// Captcha is one that was made: its token, and what to solve.
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
	load     *load
	pictures *stock
	sounds   map[string]*stock

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

func newMaker(derive func(purpose string) ([]byte, error), a artist) (*Maker, error) {
	key, err := seal.NewKey(derive, keyPurpose)
	if err != nil {
		return nil, fmt.Errorf("captcha: %w", err)
	}
	m := &Maker{tokens: key, load: newLoad(), sounds: make(map[string]*stock)}
	ctx, stop := context.WithCancel(context.Background())
	m.stop = stop
	pay := newBudget()
	m.pictures = newStock(ctx, &m.work, pay, pictureCost, picturesKept, func() (item, error) { return draw(a) })
	for _, language := range languages {
		m.sounds[language] = newStock(ctx, &m.work, pay, soundCost, soundsKept, func() (item, error) { return speak(a, language) })
	}
	return m, nil
}

// Close ends what is being made ahead.
func (m *Maker) Close() error {
	m.stop()
	m.work.Wait()
	return nil
}

// Pow makes a computation for an instance. The more its address and everybody have
// asked for in the last minute, the longer it takes.
func (m *Maker) Pow(instance, address string) (Captcha, error) {
	challenge, answer := newChallenge(m.load.most(address, time.Now()))
	return Captcha{Token: m.token(instance, Pow, answer), Challenge: challenge}, nil
}

// Named counts a captcha that is kept under a name, whatever its kind, as a
// picture: names cost what pictures do. Errors: *LimitError.
func (m *Maker) Named(address string) error { return m.load.admit(Image, address, time.Now()) }

// Image takes a picture. Errors: *LimitError, ErrBusy.
func (m *Maker) Image(ctx context.Context, instance, address string) (Captcha, error) {
	if err := m.load.admit(Image, address, time.Now()); err != nil {
		return Captcha{}, err
	}
	picture, err := m.pictures.take(ctx)
	if err != nil {
		return Captcha{}, err
	}
	return Captcha{Token: m.token(instance, Image, picture.answer), PNG: picture.content}, nil
}

// Audio takes a recording in a language. Errors: *LimitError, ErrBusy.
func (m *Maker) Audio(ctx context.Context, instance, address, language string) (Captcha, error) {
	if err := m.load.admit(Audio, address, time.Now()); err != nil {
		return Captcha{}, err
	}
	sound, err := m.sounds[spoken(language)].take(ctx)
	if err != nil {
		return Captcha{}, err
	}
	return Captcha{Token: m.token(instance, Audio, sound.answer), WAV: sound.content}, nil
}

// Checked is what is known of an answer.
type Checked struct {
	// ID names the captcha; empty for a token that this app never made for the
	// instance, or that is over.
	ID string
	// Left is how long it may still be answered.
	Left  time.Duration
	Right bool
}

// Check compares an answer with what is sealed in a token: without case, without
// spaces, in any digits that a keyboard makes.
func (m *Maker) Check(instance, token, answer string) Checked {
	sealed, ok := m.open(instance, token)
	left := time.Until(sealed.expires)
	if !ok || left <= 0 || left > Life+skew {
		return Checked{}
	}
	return Checked{ID: sealed.id, Left: left, Right: same(sealed.answer, answer)}
}

// skew is how far replicas' clocks may be apart for their captchas to be good at
// each other.
const skew = time.Minute

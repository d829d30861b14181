package captcha

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/dchest/captcha"
)

const (
	digitCount    = 6
	width, height = 120, 44
)

// languages are those that digits are spoken in; the first is for all others.
var languages = []string{"en", "zh", "ja", "ru"}

// spoken gives the language that stands for a BCP 47 tag.
func spoken(tag string) string {
	primary, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	if slices.Contains(languages, primary) {
		return primary
	}
	return languages[0]
}

// item is digits that were drawn or spoken. It is shown once.
type item struct {
	answer  string
	content []byte
}

// artist draws and speaks digits, each 0 to 9, in a way that machines find hard.
// The goroutines that make captchas ahead call it, one for each stock.
type artist interface {
	image(digits []byte) ([]byte, error)
	sound(digits []byte, language string) ([]byte, error)
}

func draw(a artist) (item, error) {
	digits, answer := randomDigits()
	content, err := a.image(digits)
	return item{answer, content}, err
}

func speak(a artist, language string) (item, error) {
	digits, answer := randomDigits()
	content, err := a.sound(digits, language)
	return item{answer, content}, err
}

func randomDigits() ([]byte, string) {
	digits, text := make([]byte, digitCount), make([]byte, digitCount)
	for i := range digits {
		n, _ := rand.Int(rand.Reader, big.NewInt(10)) // never fails; see crypto/rand
		digits[i] = byte(n.Int64())
		text[i] = '0' + digits[i]
	}
	return digits, string(text)
}

// dchest is github.com/dchest/captcha, of which only the drawing and the speaking
// is used.
type dchest struct{}

func (dchest) image(digits []byte) ([]byte, error) {
	var png bytes.Buffer
	if _, err := captcha.NewImage(distortion(), digits, width, height).WriteTo(&png); err != nil {
		return nil, fmt.Errorf("captcha: drawing: %w", err)
	}
	return png.Bytes(), nil
}

func (dchest) sound(digits []byte, language string) ([]byte, error) {
	var wav bytes.Buffer
	if _, err := captcha.NewAudio(distortion(), digits, language).WriteTo(&wav); err != nil {
		return nil, fmt.Errorf("captcha: speaking: %w", err)
	}
	return wav.Bytes(), nil
}

// distortion seeds what is random in a drawing.
func distortion() string { return rand.Text() }

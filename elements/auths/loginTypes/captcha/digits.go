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

// languages are the languages of recordings. The first one is the default.
var languages = []string{"en", "zh", "ja", "ru"}

// spokenLanguage returns the language of recordings for a BCP 47 tag.
func spokenLanguage(tag string) string {
	primary, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	if slices.Contains(languages, primary) {
		return primary
	}
	return languages[0]
}

// item is a picture or recording of digits. It is used once.
type item struct {
	answer  string
	content []byte
}

// renderer draws and speaks digits, each 0 to 9, in a way that is hard for machines.
// The stocks call it concurrently.
type renderer interface {
	image(digits []byte) ([]byte, error)
	sound(digits []byte, language string) ([]byte, error)
}

func draw(r renderer) (item, error) {
	digits, answer := randomDigits()
	content, err := r.image(digits)
	return item{answer, content}, err
}

func speak(r renderer, language string) (item, error) {
	digits, answer := randomDigits()
	content, err := r.sound(digits, language)
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

// dchest renders with github.com/dchest/captcha, whose store and HTTP handler aren't
// used.
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

// distortion returns a seed for the distortion of a drawing.
func distortion() string { return rand.Text() }

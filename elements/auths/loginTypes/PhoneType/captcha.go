package phonetype

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// The kinds of captchas.
const (
	kindPow   = "pow"
	kindImage = "image"
	kindAudio = "audio"
)

var captchaKinds = map[string]elementv1.CaptchaKind{
	kindPow:   elementv1.CaptchaKind_CAPTCHA_KIND_POW,
	kindImage: elementv1.CaptchaKind_CAPTCHA_KIND_IMAGE,
	kindAudio: elementv1.CaptchaKind_CAPTCHA_KIND_AUDIO,
}

// languages are the default languages of recordings, by region; elsewhere it is
// English.
var languages = map[string]string{"CN": "zh", "HK": "zh", "MO": "zh", "TW": "zh", "JP": "ja", "RU": "ru"}

// CaptchaAnswer is a person's answer to a captcha. The token is the captcha's, or
// the ID that the client chose for it.
type CaptchaAnswer struct {
	Token  *string `json:"token"`
	Answer *string `json:"answer"`
}

// maxAnswer bounds a captcha's token and answer, in bytes.
const maxAnswer = 512

// captchaAnswer reads the argument captcha; it may be nil.
func captchaAnswer(given *CaptchaAnswer) (*elementv1.CaptchaAnswer, error) {
	switch {
	case given == nil:
		return nil, nil
	case given.Token == nil || given.Answer == nil:
		return nil, errArg("captcha", "a captcha has a token and an answer")
	case len(*given.Token) > maxAnswer || len(*given.Answer) > maxAnswer:
		return nil, errArg("captcha", "the captcha is too long")
	}
	return &elementv1.CaptchaAnswer{Token: *given.Token, Answer: *given.Answer}, nil
}

// riskGroups returns the risk groups of an identity, if the host looks at them.
func (p *PhoneLogin) riskGroups(identity string) []string {
	if p.config.Captcha != "risk" {
		return nil
	}
	return riskGroups(identity)
}

// CaptchaRequest are the arguments of generateCaptcha.
type CaptchaRequest struct {
	// Kind is pow, image, audio, or audio with a language: audio-en.
	Kind *string `json:"kind" arg:"Stext" title:"pow, image or audio"`
	// ID is a name that the client chooses, to be used in place of the token.
	ID *string `json:"id" arg:"Stext" title:"A UUID as the captcha's name"`
}

// Captcha is a captcha to solve: one of Img, Audio and Challenge is set.
type Captcha struct {
	Token     string     `json:"token"`
	Kind      string     `json:"kind"`
	Img       string     `json:"img,omitempty"`
	Audio     string     `json:"audio,omitempty"`
	Challenge *Challenge `json:"challenge,omitempty"`
}

// Challenge is a computation: find the integer n, 0 <= n <= max, for which the
// digest of salt and n in decimal is hash, in hexadecimal.
type Challenge struct {
	Algorithm string `json:"algorithm"`
	Salt      string `json:"salt"`
	Hash      string `json:"hash"`
	Max       int64  `json:"max"`
}

// GenerateCaptcha makes a captcha, by default of the configured kind.
func (p *PhoneLogin) GenerateCaptcha(ctx context.Context, in CaptchaRequest) (*Captcha, error) {
	kind := p.config.CaptchaKind
	if in.Kind != nil {
		kind = *in.Kind
	}
	kind, language, _ := strings.Cut(kind, "-")
	wire, ok := captchaKinds[kind]
	ok = ok && (language == "" || kind == kindAudio)
	if !ok {
		return nil, errArg("kind", "there is no such kind of captcha")
	}
	if language == "" {
		language = languages[p.config.DefaultRegion]
	}
	request := &elementv1.MakeCaptchaRequest{Kind: wire, Language: language}
	if in.ID != nil {
		if *in.ID == "" {
			return nil, errArg("id", "an id is a UUID")
		}
		request.Id = *in.ID
	}
	made, err := sdk.HostOf(ctx).Login().MakeCaptcha(ctx, request)
	if err != nil {
		return nil, err
	}
	out := &Captcha{
		Token: made.GetToken(),
		Kind:  kind,
		Img:   dataURI("image/png", made.GetPng()),
		Audio: dataURI("audio/wav", made.GetWav()),
	}
	if c := made.GetChallenge(); c != nil {
		out.Challenge = &Challenge{Algorithm: "SHA-256", Salt: c.GetSalt(), Hash: c.GetHash(), Max: c.GetMax()}
	}
	return out, nil
}

// dataURI returns content as a data URI (RFC 2397), or "" if there is none.
func dataURI(mediaType string, content []byte) string {
	if len(content) == 0 {
		return ""
	}
	return "data:" + mediaType + ";base64," + base64.StdEncoding.EncodeToString(content)
}

package phonetype

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// The values of the settings captcha and captchaKind, and the kinds that may be
// asked for.
const (
	captchaOff    = "off"
	captchaRisk   = "risk"
	captchaAlways = "always"

	kindPow   = "pow"
	kindImage = "image"
	kindAudio = "audio"
)

var captchaModes = map[string]elementv1.CaptchaMode{
	captchaOff:    elementv1.CaptchaMode_CAPTCHA_MODE_OFF,
	captchaRisk:   elementv1.CaptchaMode_CAPTCHA_MODE_RISK,
	captchaAlways: elementv1.CaptchaMode_CAPTCHA_MODE_ALWAYS,
}

var captchaKinds = map[string]elementv1.CaptchaKind{
	kindPow:   elementv1.CaptchaKind_CAPTCHA_KIND_POW,
	kindImage: elementv1.CaptchaKind_CAPTCHA_KIND_IMAGE,
	kindAudio: elementv1.CaptchaKind_CAPTCHA_KIND_AUDIO,
}

// languages are those of recordings where none is asked for, by region; elsewhere
// it is English.
var languages = map[string]string{"CN": "zh", "HK": "zh", "MO": "zh", "TW": "zh", "JP": "ja", "RU": "ru"}

// Answer is what a person gives of a captcha. The token is the captcha's, or the
// id that was chosen for it.
type Answer struct {
	Token  *string `json:"token"`
	Answer *string `json:"answer"`
}

// longestAnswer bounds a captcha's token and answer, in bytes.
const longestAnswer = 512

// captchaOf reads the argument captcha; nil where there is none.
func captchaOf(given *Answer) (*elementv1.CaptchaAnswer, error) {
	switch {
	case given == nil:
		return nil, nil
	case given.Token == nil || given.Answer == nil:
		return nil, errArg("captcha", "a captcha has a token and an answer")
	case len(*given.Token) > longestAnswer || len(*given.Answer) > longestAnswer:
		return nil, errArg("captcha", "the captcha is too long")
	}
	return &elementv1.CaptchaAnswer{Token: *given.Token, Answer: *given.Answer}, nil
}

// crowdsOf are the crowds of an identity, where the host wants to know them.
func (p *PhoneLogin) crowdsOf(identity string) []string {
	if p.config.Captcha != captchaRisk {
		return nil
	}
	return riskGroups(identity)
}

// CaptchaRequest are the arguments of generateCaptcha.
type CaptchaRequest struct {
	// Kind is pow, image, audio, or audio with a language: audio-en.
	Kind *string `json:"kind" arg:"Stext" title:"pow, image or audio"`
	// ID is a name that the client chooses, to be given in place of the token.
	ID *string `json:"id" arg:"Stext" title:"A UUID as the captcha's name"`
}

// Captcha is one to be solved: one of Img, Audio and Challenge is set.
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

// GenerateCaptcha makes a captcha, of the kind that this login offers where none
// is asked for.
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

// dataURI gives content as RFC 2397 has it, "" for none.
func dataURI(mediaType string, content []byte) string {
	if len(content) == 0 {
		return ""
	}
	return "data:" + mediaType + ";base64," + base64.StdEncoding.EncodeToString(content)
}

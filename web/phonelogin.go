package web

import (
	"encoding/json"
	"strings"

	"github.com/lintel-run/lintel/server/extension"
)

// What the pages know of the phone login: which elements it is, what its functions
// take, and what they answer.

// loginSelector finds the logins that a person may choose from.
const loginSelector = ".auths.loginTypes.PhoneType"

// sessionService is the element that keeps sessions.
const sessionService = "auths.loginTypes.services.AuthSvc"

// loginConfig is the answer of getLoginConfig.
type loginConfig struct {
	Title         string         `json:"title"`
	Logo          string         `json:"logo"`
	Colors        colors         `json:"colors"`
	Regions       []string       `json:"regions"`
	DefaultRegion string         `json:"defaultRegion"`
	CallingCodes  map[string]int `json:"callingCodes"`
	CodeLength    int            `json:"codeLength"`
	CodeTTL       int            `json:"codeTTL"`
	AllowRegister bool           `json:"allowRegister"`
	CaptchaKind   string         `json:"captchaKind"`

	TermsURL        string `json:"termsUrl"`
	PrivacyURL      string `json:"privacyUrl"`
	ConsentRequired int    `json:"consentRequired"`
}

// corp is an organisation to choose.
type corp struct {
	ID   string `json:"corpId"`
	Name string `json:"corpName"`
}

// loginAnswer is the answer of getLoginCode and register.
type loginAnswer struct {
	LoginCode string `json:"loginCode"`
	CorpList  []corp `json:"corpList"`
}

// captcha is the answer of generateCaptcha.
type captcha struct {
	Token     string          `json:"token"`
	Image     string          `json:"img"`
	Audio     string          `json:"audio"`
	Challenge json.RawMessage `json:"challenge"`
}

// getLoginCode exchanges a code for a loginCode.
func (v *visit) getLoginCode(code string) (user loginAnswer, failure *extension.Failure) {
	failure = v.change(v.login, "getLoginCode", map[string]any{"phone": v.phone(), "code": code}, &user)
	return user, failure
}

// registerUser makes a user of whoever has the flow's code.
func (v *visit) registerUser() (user loginAnswer, failure *extension.Failure) {
	failure = v.change(v.login, "register", map[string]any{"phone": v.phone(), "code": v.flow.Code, "nick": v.flow.Nick}, &user)
	return user, failure
}

// openSession exchanges the flow's loginCode for a session.
func (v *visit) openSession(corpID string) *extension.Failure {
	args := map[string]any{"loginCode": v.flow.LoginCode, "platform": "web"}
	if corpID != "" {
		args["corp"] = corpID
	}
	return v.change(sessionService, "loginByCode", args, nil)
}

// sendCode has a code sent and goes on to the step where it is typed. args are
// those of sendMessage, without the captcha; retry is the action of a form that
// asks again with one.
func (v *visit) sendCode(args map[string]any, retry string, next step) {
	if token := v.field("captchaToken"); token != "" {
		args["captcha"] = map[string]any{"token": token, "answer": strings.TrimSpace(v.field("captchaAnswer"))}
	}
	var sent struct {
		ResendAfter int64 `json:"resendAfter"`
	}
	failure := v.change(v.login, "sendMessage", args, &sent)
	shown := v.flow.Captcha
	v.flow.Captcha, v.flow.Retry = "", ""
	if failure == nil {
		v.flow.resendAfter(sent.ResendAfter)
		v.flow.Step = next
		v.flash(flashMessage{Key: "sent", Good: true})
		return
	}
	switch failure.Code {
	case "SEND_TOO_FREQUENT":
		// Somebody with this phone asked a moment ago, most likely this person.
		v.flow.resendAfter(failure.RetryAfter)
		v.flow.Step = next
	case "SMS_FAILED":
		// The message may still arrive.
		if wait, ok := failure.Details["resendAfter"].(float64); ok {
			v.flow.resendAfter(int64(wait))
		}
		v.flow.Step = next
	case "CAPTCHA_REQUIRED", "CAPTCHA_ERROR":
		v.flow.Retry = retry
		switch {
		case shown == "image", shown == "audio":
			v.flow.Captcha = shown
		case v.config.CaptchaKind == "image" || v.HTTP().Header.Get(pageHeader) == "":
			// A page without its module can't do the work of the other kind.
			v.flow.Captcha = "image"
		default:
			v.flow.Captcha = "pow"
		}
		if failure.Code == "CAPTCHA_REQUIRED" {
			return
		}
	}
	v.flashFailure(failure)
}

// newCaptcha returns a captcha of the flow's kind; without one it leaves a message
// and returns nil.
func (v *visit) newCaptcha() *captcha {
	kind := v.flow.Captcha
	if kind == "audio" {
		kind += "-" + v.words.base()
	}
	var c captcha
	if failure := v.read(v.login, "generateCaptcha", map[string]any{"kind": kind}, &c); failure != nil {
		v.flashFailure(failure)
		v.flow.Captcha = ""
		return nil
	}
	return &c
}

// changeCaptcha shows another captcha, of a kind.
func (v *visit) changeCaptcha(kind string) {
	if v.flow.Captcha != "" {
		v.flow.Captcha = kind
	}
}

// readPhone returns the phone of the form, or of the flow if the form has none.
func (v *visit) readPhone() string {
	if _, there := v.HTTP().PostForm["phone"]; there {
		v.flow.Phone = shorten(strings.TrimSpace(v.HTTP().PostForm.Get("phone")), 60)
		v.flow.Region = v.config.DefaultRegion
		if code := v.config.CallingCodes[v.field("region")]; code != 0 {
			v.flow.Region = v.field("region")
		}
	}
	return v.phone()
}

// region is the country that the flow's phone was typed for.
func (v *visit) region() string {
	if v.flow.Region != "" {
		return v.flow.Region
	}
	return v.config.DefaultRegion
}

// phone is the flow's phone, as the functions take it.
func (v *visit) phone() string {
	return international(v.flow.Phone, v.config.CallingCodes[v.flow.Region], len(v.config.Regions) > 1)
}

// readCode returns the code of the form. A text that can't be a code gets a message
// and calls no function.
func (v *visit) readCode() (string, bool) {
	code := tidyCode(v.field("code"), v.config.CodeLength)
	if len(code) != v.config.CodeLength {
		v.flash(flashMessage{Key: "codeIncomplete", Number: int64(v.config.CodeLength)})
		return "", false
	}
	return code, true
}

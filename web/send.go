package web

import (
	"encoding/json"
	"strings"
)

// send has a code sent and goes on to the step where it is typed. args are those
// of sendMessage but for the captcha; retry is what a form must ask for to come
// back here. It reports whether the page is to go on to that step.
func (v *visit) send(args map[string]any, retry string, next step) bool {
	if token := v.field("captchaToken"); token != "" {
		args["captcha"] = map[string]any{"token": token, "answer": strings.TrimSpace(v.field("captchaAnswer"))}
	}
	var sent struct {
		ResendAfter int64 `json:"resendAfter"`
	}
	failed := v.do(v.login, "sendMessage", args, &sent)
	asked := v.flow.Captcha
	v.flow.Captcha, v.flow.Retry = "", ""
	switch {
	case failed == nil:
		v.flow.after(sent.ResendAfter)
	case failed.Code == "SEND_TOO_FREQUENT":
		// Somebody with this phone asked a moment ago, most likely this person.
		v.flow.after(failed.Wait)
		v.fail(failed)
	case failed.Code == "SMS_FAILED":
		// It may still arrive.
		if wait, ok := failed.Data["resendAfter"].(float64); ok {
			v.flow.after(int64(wait))
		}
		v.fail(failed)
	case failed.Code == "CAPTCHA_REQUIRED", failed.Code == "CAPTCHA_ERROR":
		v.flow.Retry = retry
		switch {
		case asked == "image", asked == "audio":
			v.flow.Captcha = asked
		case v.config.CaptchaKind == "image" || v.r.Header.Get(pageHeader) == "":
			// A page without its module can't do the other kind's work.
			v.flow.Captcha = "image"
		default:
			v.flow.Captcha = "pow"
		}
		if failed.Code == "CAPTCHA_ERROR" {
			v.fail(failed)
		}
		return false
	default:
		v.fail(failed)
		return false
	}
	v.flow.Step = next
	if failed == nil {
		v.say(note{Key: "sent", Good: true})
	}
	return true
}

// typedPhone reads the phone of a form, or of the flow where the form has none.
func (v *visit) typedPhone() string {
	if _, there := v.r.PostForm["phone"]; there {
		v.flow.Phone = shorten(strings.TrimSpace(v.r.PostForm.Get("phone")), 60)
		v.flow.Region = v.config.DefaultRegion
		if code := v.config.CallingCodes[v.field("region")]; code != 0 {
			v.flow.Region = v.field("region")
		}
	}
	return v.phone()
}

// callingRegion is the country that the flow's phone was typed for.
func (v *visit) callingRegion() string {
	if v.flow.Region != "" {
		return v.flow.Region
	}
	return v.config.DefaultRegion
}

// phone is the flow's, as the functions take it.
func (v *visit) phone() string {
	return international(v.flow.Phone, v.config.CallingCodes[v.flow.Region], len(v.config.Regions) > 1)
}

// typedCode reads the code of a form; one that can't be a code is answered without
// asking anybody.
func (v *visit) typedCode() (string, bool) {
	code := tidyCode(v.field("code"), v.config.CodeLength)
	if len(code) != v.config.CodeLength {
		v.say(note{Key: "codeIncomplete", Number: int64(v.config.CodeLength)})
		return "", false
	}
	return code, true
}

// puzzle is a captcha to be solved.
type puzzle struct {
	Token     string          `json:"token"`
	Image     string          `json:"img"`
	Audio     string          `json:"audio"`
	Challenge json.RawMessage `json:"challenge"`
}

// puzzle asks for one; nil and a message when that can't be had.
func (v *visit) puzzle() *puzzle {
	kind := v.flow.Captcha
	if kind == "audio" {
		kind += "-" + v.words.base()
	}
	var got puzzle
	if failed := v.ask(v.login, "generateCaptcha", map[string]any{"kind": kind}, "", &got); failed != nil {
		v.fail(failed)
		v.flow.Captcha = ""
		return nil
	}
	return &got
}

// other shows a captcha of another kind, or another one of the same.
func (v *visit) other(kind string) {
	if v.flow.Captcha != "" {
		v.flow.Captcha = kind
	}
}

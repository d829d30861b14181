package web

import "github.com/lintel-run/lintel/server/extension"

const loginPage = "login"

// The steps of signing in; the first has no name.
const (
	stepPhone    step = "phone" // the first again, with a phone typed
	stepCode     step = "code"
	stepRegister step = "register"
	stepCorp     step = "corp"
	stepDone     step = "done" // a session is open
)

func (p *Pages) openLogin(r extension.Request) (*visit, error) {
	v, err := p.open(r)
	if err == nil {
		v.flow = p.flows.read(r, loginPage, v.login, "")
	}
	return v, err
}

// login shows the step that somebody has come to.
func (p *Pages) login(r extension.Request) error {
	v, err := p.openLogin(r)
	if err != nil {
		return err
	}
	if v.signedIn {
		v.goTo(v.afterLogin())
		return nil
	}
	return v.showLogin()
}

// afterLogin is the address that signing in leads to.
func (v *visit) afterLogin() string {
	if to := v.query.Get("redirect"); to != "" {
		return to
	}
	return accountPage
}

// postLogin takes the form of a step.
func (p *Pages) postLogin(r extension.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	v, err := p.openLogin(r)
	if err != nil {
		return err
	}
	v.flow.Message = flashMessage{}
	switch v.field("do") {
	case "send":
		v.send()
	case "edit":
		v.editPhone()
	case "see":
		v.changeCaptcha("image")
	case "hear":
		v.changeCaptcha("audio")
	case "verify":
		v.verify()
	case "register":
		v.register()
	case "corp":
		v.enter(v.field("corp"))
	}
	if v.signedIn || v.flow.Step == stepDone {
		v.goTo(v.afterLogin())
		return nil
	}
	return v.redisplay(loginPage, v.showLogin)
}

// send has a code sent to whoever has agreed to what they must.
func (v *visit) send() {
	phone := v.readPhone()
	v.flow.Consent = v.flow.Consent || v.field("consent") != ""
	if v.config.ConsentRequired == 1 && !v.flow.Consent {
		v.flow.Step = stepPhone
		v.flash(flashMessage{Key: "consentNeeded"})
		return
	}
	v.sendCode(map[string]any{"phone": phone, "purpose": "login"}, "send", stepCode)
}

// editPhone goes back to the phone.
func (v *visit) editPhone() {
	v.flow = flow{Page: loginPage, Login: v.login, Phone: v.flow.Phone, Region: v.flow.Region, Consent: v.flow.Consent, Step: stepPhone}
}

// verify takes the code that was typed.
func (v *visit) verify() {
	if v.flow.Step != stepCode {
		return
	}
	if code, ok := v.readCode(); ok {
		v.useCode(code)
	}
}

func (v *visit) useCode(code string) {
	user, failure := v.getLoginCode(code)
	switch {
	case failure == nil:
		v.chooseCorp(user)
	case failure.Code == "USER_NOT_REGISTERED" && v.config.AllowRegister:
		v.flow.Step, v.flow.Code = stepRegister, code
	case failure.Code == "USER_NOT_REGISTERED":
		v.flash(flashMessage{Key: "registrationClosed"})
	default:
		v.flashFailure(failure)
	}
}

// register takes the nick of a new user, whose code was right.
func (v *visit) register() {
	if v.flow.Step != stepRegister {
		return
	}
	v.flow.Nick = shorten(v.HTTP().PostForm.Get("nick"), 100)
	user, failure := v.registerUser()
	switch {
	case failure == nil:
		v.chooseCorp(user)
	case failure.Code == "PHONE_IN_USE":
		// Its holder has registered meanwhile; the code is good for signing in too.
		v.useCode(v.flow.Code)
	case failure.Code == "CODE_REJECTED", failure.Code == "CODE_LOCKED":
		v.flow.Step, v.flow.Code = stepCode, ""
		v.flashFailure(failure)
	default:
		v.flashFailure(failure)
	}
}

// chooseCorp shows the corps to a user who has several.
func (v *visit) chooseCorp(user loginAnswer) {
	v.flow.LoginCode, v.flow.Code = user.LoginCode, ""
	if len(user.CorpList) > 1 {
		v.flow.Step, v.flow.Corps = stepCorp, user.CorpList
		return
	}
	v.enter("")
}

// enter opens the session.
func (v *visit) enter(corpID string) {
	if v.flow.LoginCode == "" {
		return
	}
	failure := v.openSession(corpID)
	switch {
	case failure == nil:
		v.flow = flow{Step: stepDone}
		v.rememberLogin()
	case failure.Code == "CODE_REJECTED":
		// The minute of the loginCode is over.
		v.editPhone()
		v.flash(flashMessage{Key: "tooSlow"})
	default:
		v.flashFailure(failure)
	}
}

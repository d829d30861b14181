package web

import "net/http"

const loginPage = "login"

// The steps of signing in; the first has no name.
const (
	stepCode     step = "code"
	stepRegister step = "register"
	stepCorp     step = "corp"
)

// Login shows where somebody stands on their way in.
func (p *Pages) Login(w http.ResponseWriter, r *http.Request) {
	v, ok := p.open(w, r)
	if !ok {
		return
	}
	v.flow = p.flows.read(r, loginPage, v.login, "")
	if v.SignedIn() {
		v.leave(v.goal())
		return
	}
	showLogin(v)
}

// goal is where signing in leads.
func (v *visit) goal() string {
	if to := v.query.Get("redirect"); to != "" {
		return to
	}
	return accountPage
}

// PostLogin takes the form of a step.
func (p *Pages) PostLogin(w http.ResponseWriter, r *http.Request) {
	if !p.form(w, r) {
		return
	}
	v, ok := p.open(w, r)
	if !ok {
		return
	}
	v.flow = p.flows.read(r, loginPage, v.login, "")
	v.flow.Message = note{}
	switch v.field("do") {
	case "send":
		v.send(map[string]any{"phone": v.typedPhone(), "purpose": "login"}, "send", stepCode)
	case "edit":
		v.flow = flow{Page: loginPage, Login: v.login, Phone: v.flow.Phone, Region: v.flow.Region, Step: "phone"}
	case "see":
		v.other("image")
	case "hear":
		v.other("audio")
	case "verify":
		v.verify()
	case "register":
		v.register()
	case "corp":
		v.enter(v.field("corp"))
	}
	if v.SignedIn() || v.flow.Step == stepDone {
		v.leave(v.goal())
		return
	}
	v.again(loginPage, showLogin)
}

// stepDone: a session is open.
const stepDone step = "done"

// known is the answer to a right code.
type known struct {
	LoginCode string `json:"loginCode"`
	CorpList  []corp `json:"corpList"`
}

// verify takes the code that was typed.
func (v *visit) verify() {
	if v.flow.Step != stepCode {
		return
	}
	if code, ok := v.typedCode(); ok {
		v.signIn(code)
	}
}

func (v *visit) signIn(code string) {
	var user known
	failed := v.do(v.login, "getLoginCode", map[string]any{"phone": v.phone(), "code": code}, &user)
	switch {
	case failed == nil:
		v.choose(user)
	case failed.Code == "USER_NOT_REGISTERED" && v.config.AllowRegister:
		v.flow.Step, v.flow.Code = stepRegister, code
	case failed.Code == "USER_NOT_REGISTERED":
		v.say(note{Key: "registrationClosed"})
	default:
		v.fail(failed)
	}
}

// register makes the new user, whose code was right.
func (v *visit) register() {
	if v.flow.Step != stepRegister {
		return
	}
	v.flow.Nick = shorten(v.r.PostForm.Get("nick"), 100)
	var user known
	failed := v.do(v.login, "register", map[string]any{"phone": v.phone(), "code": v.flow.Code, "nick": v.flow.Nick}, &user)
	switch {
	case failed == nil:
		v.choose(user)
	case failed.Code == "PHONE_IN_USE":
		// Registered meanwhile, by the holder of this phone: the code is good for that too.
		v.signIn(v.flow.Code)
	case failed.Code == "CODE_REJECTED", failed.Code == "CODE_LOCKED":
		v.flow.Step, v.flow.Code = stepCode, ""
		v.fail(failed)
	default:
		v.fail(failed)
	}
}

// choose goes on with a loginCode: to the corps, where there are several.
func (v *visit) choose(user known) {
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
	args := map[string]any{"loginCode": v.flow.LoginCode, "platform": "web"}
	if corpID != "" {
		args["corp"] = corpID
	}
	failed := v.do(SessionService, "loginByCode", args, nil)
	switch {
	case failed == nil:
		v.flow = flow{Step: stepDone}
		v.remember()
	case failed.Code == "CODE_REJECTED":
		// The minute that a loginCode lives is over.
		v.flow = flow{Page: loginPage, Login: v.login, Phone: v.flow.Phone, Region: v.flow.Region, Step: "phone"}
		v.say(note{Key: "tooSlow"})
	default:
		v.fail(failed)
	}
}

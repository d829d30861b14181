package web

import (
	"net/url"
	"time"

	"github.com/lintel-run/lintel/server/extension"
)

const accountPage = "account"

// The steps of changing an account; the overview has none.
const (
	stepBind       step = "bind"
	stepBindCode   step = "bindCode"
	stepOldCode    step = "oldCode"
	stepNewPhone   step = "newPhone"
	stepNewCode    step = "newCode"
	stepUnbindCode step = "unbindCode"
)

// profile is the current user.
type profile struct {
	UserID   string `json:"userId"`
	Nick     string `json:"nick"`
	Phone    string `json:"phone"`
	CorpID   string `json:"corpId"`
	CorpList []corp `json:"corpList"`
}

// device is one of the user's sessions.
type device struct {
	ID       string `json:"sessionId"`
	Platform string `json:"platform"`
	LastSeen string `json:"lastSeenAt"`
	Current  bool   `json:"current"`
}

// Seen is when the session was last used, for browsers without JavaScript.
func (d device) Seen() string {
	at, err := time.Parse(time.RFC3339, d.LastSeen)
	if err != nil {
		return d.LastSeen
	}
	return at.UTC().Format("2006-01-02 15:04 UTC")
}

// account is a visit of a signed-in user.
type account struct {
	*visit
	user     profile
	sessions []device
}

// openAccount reads who is signed in. The user is empty where nobody is.
func (p *Pages) openAccount(r extension.Request) (*account, error) {
	v, err := p.open(r)
	if err != nil {
		return nil, err
	}
	a := &account{visit: v}
	if v.signedIn {
		failure := a.read(sessionService, "currentUser", nil, &a.user)
		if failure != nil && failure.Code != "LOGIN_REQUIRED" {
			return nil, unavailable("account")
		}
	}
	v.flow = p.flows.read(r, accountPage, v.login, a.user.UserID)
	return a, nil
}

func (a *account) goToLogin() error {
	a.goTo(loginPage + "?" + url.Values{"login": {a.login}}.Encode())
	return nil
}

// account shows the account.
func (p *Pages) account(r extension.Request) error {
	a, err := p.openAccount(r)
	if err != nil {
		return err
	}
	if a.user.UserID == "" {
		return a.goToLogin()
	}
	return a.show()
}

// postAccount takes one of the account's forms.
func (p *Pages) postAccount(r extension.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	a, err := p.openAccount(r)
	if err != nil {
		return err
	}
	if a.user.UserID == "" {
		return a.goToLogin()
	}
	a.flow.Message = flashMessage{}
	if signedOut := a.act(a.field("do")); signedOut {
		return a.goToLogin()
	}
	return a.redisplay(accountPage, func() error {
		a.refreshUser()
		return a.show()
	})
}

// refreshUser reads the user again: the form may have changed something.
func (a *account) refreshUser() {
	var now profile
	if failure := a.read(sessionService, "currentUser", nil, &now); failure == nil {
		a.user = now
	}
}

// act does what a form asks for, and reports whether it has signed the user out.
func (a *account) act(action string) (signedOut bool) {
	switch action {
	case "see":
		a.changeCaptcha("image")
	case "hear":
		a.changeCaptcha("audio")
	case "cancel":
		a.start("")
	case "bind":
		a.start(stepBind)
	case "bindSend":
		a.sendCode(map[string]any{"phone": a.readPhone(), "purpose": "bind"}, action, stepBindCode)
	case "bindDone":
		a.finish(stepBindCode, "bind", func(code string) map[string]any {
			return map[string]any{"userId": a.user.UserID, "phone": a.phone(), "code": code}
		}, "bound")
	case "change":
		a.sendCode(map[string]any{"purpose": "checkMyMessage"}, action, stepOldCode)
	case "changeCheck":
		a.confirm()
	case "changeSend":
		if a.flow.Ticket != "" {
			a.sendCode(map[string]any{"phone": a.readPhone(), "purpose": "updatePhone"}, action, stepNewCode)
		}
	case "changeEdit":
		if a.flow.Ticket != "" {
			a.flow.Step = stepNewPhone
		}
	case "changeDone":
		a.finish(stepNewCode, "updatePhone", func(code string) map[string]any {
			return map[string]any{"userId": a.user.UserID, "ticket": a.flow.Ticket, "newPhone": a.phone(), "newCode": code}
		}, "changed")
	case "unbind":
		a.sendCode(map[string]any{"purpose": "unbind"}, action, stepUnbindCode)
	case "unbindDone":
		a.finish(stepUnbindCode, "unbind", func(code string) map[string]any {
			return map[string]any{"userId": a.user.UserID, "code": code}
		}, "unbound")
	case "end":
		a.report(a.change(sessionService, "endSession", map[string]any{"sessionId": a.field("session")}, nil), "sessionEnded")
	case "endOthers":
		a.report(a.endOthers(), "othersEnded")
	case "signOut":
		return a.signOut()
	case "signOutEverywhere":
		if failure := a.endOthers(); failure != nil {
			a.flashFailure(failure)
			return false
		}
		return a.signOut()
	}
	return false
}

// start starts a step, without anything of earlier ones.
func (a *account) start(s step) {
	a.flow = flow{Page: accountPage, Login: a.login, User: a.user.UserID, Step: s}
}

// report leaves a message about a change.
func (a *account) report(failure *extension.Failure, done string) {
	if failure != nil {
		a.flashFailure(failure)
		return
	}
	a.flash(flashMessage{Key: done, Good: true})
}

// confirm exchanges the old phone's code for a ticket.
func (a *account) confirm() {
	code, ok := a.readCode()
	if a.flow.Step != stepOldCode || !ok {
		return
	}
	var got struct {
		Ticket string `json:"ticket"`
	}
	if failure := a.change(a.login, "checkMyMessage", map[string]any{"code": code}, &got); failure != nil {
		a.flashFailure(failure)
		return
	}
	a.start(stepNewPhone)
	a.flow.Ticket = got.Ticket
}

// finish makes a change with a code.
func (a *account) finish(at step, function string, args func(code string) map[string]any, done string) {
	code, ok := a.readCode()
	if a.flow.Step != at || !ok {
		return
	}
	failure := a.change(a.login, function, args(code), nil)
	if failure == nil || failure.Code == "TICKET_REJECTED" {
		a.start("")
	}
	a.report(failure, done)
}

// endOthers ends all other sessions.
func (a *account) endOthers() *extension.Failure {
	var all []device
	if failure := a.read(sessionService, "sessions", nil, &all); failure != nil {
		return failure
	}
	for _, s := range all {
		if s.Current {
			continue
		}
		failure := a.change(sessionService, "endSession", map[string]any{"sessionId": s.ID}, nil)
		// FORBIDDEN: it ended meanwhile.
		if failure != nil && failure.Code != "FORBIDDEN" {
			return failure
		}
	}
	return nil
}

func (a *account) signOut() bool {
	failure := a.change(sessionService, "logout", nil, nil)
	if failure != nil && failure.Code != "LOGIN_REQUIRED" {
		a.flashFailure(failure)
		return false
	}
	return true
}

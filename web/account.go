package web

import (
	"net/http"
	"net/url"
	"time"
)

const accountPage = "account"

// The steps of changes to an account; an overview has none.
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

// Seen is when the session was last used, for those without JavaScript.
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

// openAccount reads who is signed in; who is nobody goes to sign in first.
func (p *Pages) openAccount(w http.ResponseWriter, r *http.Request) (*account, bool) {
	v, ok := p.open(w, r)
	if !ok {
		return nil, false
	}
	a := &account{visit: v}
	failed := &Failure{Code: "LOGIN_REQUIRED"}
	if v.SignedIn() {
		failed = v.ask(SessionService, "currentUser", nil, "", &a.user)
	}
	if failed != nil && failed.Code == "LOGIN_REQUIRED" {
		v.leave(loginPage + "?" + url.Values{"login": {v.login}}.Encode())
		return nil, false
	}
	if failed != nil {
		p.unavailable(w, r, "account")
		return nil, false
	}
	v.flow = p.flows.read(r, accountPage, v.login, a.user.UserID)
	return a, true
}

// Account shows the account.
func (p *Pages) Account(w http.ResponseWriter, r *http.Request) {
	if a, ok := p.openAccount(w, r); ok {
		a.show()
	}
}

// PostAccount takes one of its forms.
func (p *Pages) PostAccount(w http.ResponseWriter, r *http.Request) {
	if !p.form(w, r) {
		return
	}
	a, ok := p.openAccount(w, r)
	if !ok {
		return
	}
	a.flow.Message = note{}
	if out := a.act(a.field("do")); out {
		a.leave(loginPage + "?" + url.Values{"login": {a.login}}.Encode())
		return
	}
	a.again(accountPage, func(*visit) { a.refreshUser(); a.show() })
}

// refreshUser reads the user again, whom the form may have changed.
func (a *account) refreshUser() {
	var now profile
	if failed := a.ask(SessionService, "currentUser", nil, "", &now); failed == nil {
		a.user = now
	}
}

// act does what a form asks for; out: nobody is signed in any more.
func (a *account) act(what string) (out bool) {
	switch what {
	case "see":
		a.other("image")
	case "hear":
		a.other("audio")
	case "cancel":
		a.to("")
	case "bind":
		a.to(stepBind)
	case "bindSend":
		a.send(map[string]any{"phone": a.typedPhone(), "purpose": "bind"}, what, stepBindCode)
	case "bindDone":
		a.finish(stepBindCode, "bind", func(code string) map[string]any {
			return map[string]any{"userId": a.user.UserID, "phone": a.phone(), "code": code}
		}, "bound")
	case "change":
		a.send(map[string]any{"purpose": "checkMyMessage"}, what, stepOldCode)
	case "changeCheck":
		a.confirm()
	case "changeSend":
		if a.flow.Ticket != "" {
			a.send(map[string]any{"phone": a.typedPhone(), "purpose": "updatePhone"}, what, stepNewCode)
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
		a.send(map[string]any{"purpose": "unbind"}, what, stepUnbindCode)
	case "unbindDone":
		a.finish(stepUnbindCode, "unbind", func(code string) map[string]any {
			return map[string]any{"userId": a.user.UserID, "code": code}
		}, "unbound")
	case "end":
		a.report(a.do(SessionService, "endSession", map[string]any{"sessionId": a.field("session")}, nil), "sessionEnded")
	case "endOthers":
		a.report(a.endOthers(), "othersEnded")
	case "signOut":
		return a.signOut()
	case "signOutEverywhere":
		if failed := a.endOthers(); failed != nil {
			a.fail(failed)
			return false
		}
		return a.signOut()
	}
	return false
}

// to starts a step with nothing of the ones before.
func (a *account) to(s step) {
	a.flow = flow{Page: accountPage, Login: a.login, User: a.user.UserID, Step: s}
}

func (a *account) report(failed *Failure, done string) {
	if failed != nil {
		a.fail(failed)
		return
	}
	a.say(note{Key: done, Good: true})
}

// confirm takes the old phone's code for a ticket.
func (a *account) confirm() {
	code, ok := a.typedCode()
	if a.flow.Step != stepOldCode || !ok {
		return
	}
	var got struct {
		Ticket string `json:"ticket"`
	}
	if failed := a.do(a.login, "checkMyMessage", map[string]any{"code": code}, &got); failed != nil {
		a.fail(failed)
		return
	}
	a.to(stepNewPhone)
	a.flow.Ticket = got.Ticket
}

// finish takes a code for a change.
func (a *account) finish(at step, function string, args func(code string) map[string]any, done string) {
	code, ok := a.typedCode()
	if a.flow.Step != at || !ok {
		return
	}
	failed := a.do(a.login, function, args(code), nil)
	if failed != nil && failed.Code == "TICKET_REJECTED" {
		a.to("")
	}
	if failed == nil {
		a.to("")
	}
	a.report(failed, done)
}

// endOthers ends all sessions but this one.
func (a *account) endOthers() *Failure {
	var all []device
	if failed := a.ask(SessionService, "sessions", nil, "", &all); failed != nil {
		return failed
	}
	for _, s := range all {
		if s.Current {
			continue
		}
		failed := a.do(SessionService, "endSession", map[string]any{"sessionId": s.ID}, nil)
		// FORBIDDEN: it ended meanwhile.
		if failed != nil && failed.Code != "FORBIDDEN" {
			return failed
		}
	}
	return nil
}

func (a *account) signOut() bool {
	failed := a.do(SessionService, "logout", nil, nil)
	if failed != nil && failed.Code != "LOGIN_REQUIRED" {
		a.fail(failed)
		return false
	}
	return true
}

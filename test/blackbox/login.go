package blackbox

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"
)

var phones atomic.Int64

// Phone returns an unused phone number, as people in China write it and as the outbox
// shows it.
func Phone() (spelt, e164 string) {
	spelt = fmt.Sprintf("138%08d", 10_000_000+phones.Add(1))
	return spelt, "+86" + spelt
}

// Person is somebody who has logged in.
type Person struct {
	*Client
	Phone, E164  string
	UserID       string
	AccessToken  string
	RefreshToken string
	DeviceToken  string
}

// Send asks for a code for a phone.
func (c *Client) Send(spelt string) *Answer {
	c.t.Helper()
	return c.Call(Login, "sendMessage", Args{"phone": spelt})
}

// SendWhenAllowed asks for a code, and again after each interval that the answer names.
func (c *Client) SendWhenAllowed(login string, args Args) *Answer {
	c.t.Helper()
	for range 20 {
		a := c.Call(login, "sendMessage", args)
		if !a.Is("SEND_TOO_FREQUENT") {
			return a
		}
		if a.RetryAfter() > 10*time.Second {
			c.t.Fatalf("%s makes the phone wait for %s", login, a.RetryAfter())
		}
		time.Sleep(a.RetryAfter())
	}
	c.t.Fatal("the interval does not end")
	return nil
}

// SendCode asks for a code and returns it, from the outbox.
func (c *Client) SendCode(spelt, e164 string) string {
	c.t.Helper()
	c.Send(spelt).OK(c.t)
	return c.server.Code(e164)
}

// Register makes a user with an unused phone and logs them in.
func (s *Server) Register() *Person {
	s.t.Helper()
	c := s.Client()
	p := &Person{Client: c}
	p.Phone, p.E164 = Phone()
	p.register(Login, c.SendCode(p.Phone, p.E164))
	return p
}

// register makes a user and logs them in.
func (p *Person) register(login, code string) {
	p.t.Helper()
	user := p.Call(login, "register", Args{"phone": p.Phone, "code": code, "nick": "Somebody"}).OK(p.t)
	p.UserID = user.Text("userId")
	p.exchange(user.Text("loginCode"))
}

func (p *Person) exchange(loginCode string) {
	p.t.Helper()
	session := p.Call(Sessions, "loginByCode", Args{"loginCode": loginCode, "platform": "api"}).OK(p.t)
	p.AccessToken, p.RefreshToken = session.Text("accessToken"), session.Text("refreshToken")
	p.DeviceToken = session.Text("deviceToken")
	p.Client = p.Bearer(p.AccessToken)
}

// List returns an answer's data as a list.
func (a *Answer) List() []any {
	var list []any
	if json.Unmarshal(a.Data, &list) != nil {
		return nil
	}
	return list
}

package blackbox

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
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
	code := c.SendCode(p.Phone, p.E164)
	user := c.Call(Login, "register", Args{"phone": p.Phone, "code": code, "nick": "Somebody"}).OK(s.t)
	p.UserID = user.Text("userId")
	p.exchange(user.Text("loginCode"))
	return p
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

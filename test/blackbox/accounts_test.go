package blackbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// another logs the person in again, through another login of the shop.
func another(t *testing.T, shop *blackbox.Shop, p *blackbox.Person, way string, args ...blackbox.Args) *blackbox.Person {
	t.Helper()
	c := shop.Visitor()
	code := shop.Code(c, way, p.Phone, p.E164)
	in := c.Call(way, "getLoginCode", blackbox.Args{"phone": p.Phone, "code": code}).OK(t)
	require.Equal(t, p.UserID, in.Text("userId"))
	exchange := blackbox.Args{"loginCode": in.Text("loginCode"), "platform": "mobile"}
	for _, more := range args {
		for key, value := range more {
			exchange[key] = value
		}
	}
	session := c.Call(blackbox.Sessions, "loginByCode", exchange).OK(t)
	return &blackbox.Person{
		Client: c.Bearer(session.Text("accessToken")), Phone: p.Phone, E164: p.E164, UserID: p.UserID,
		AccessToken: session.Text("accessToken"), RefreshToken: session.Text("refreshToken"), DeviceToken: session.Text("deviceToken"),
	}
}

func TestBindAndUnbind(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	ways := logins(shop, 6, nil)
	shop.Open(1)
	visitor := shop.Visitor()
	ann, bob := shop.SignUp(ways[0]), shop.SignUp(ways[0])
	spelt, e164 := blackbox.Phone()
	code := shop.Code(ann.Client, ways[1], spelt, e164, blackbox.Args{"purpose": "bind"})

	visitor.Call(ways[1], "bind", blackbox.Args{"userId": ann.UserID, "phone": spelt, "code": code}).Fails(t, 401, "LOGIN_REQUIRED")
	// The account is checked first, then that it has no phone, then phone and code.
	ann.Call(ways[1], "bind", blackbox.Args{"userId": bob.UserID, "phone": "x", "code": "x"}).Fails(t, 403, "FORBIDDEN")
	ann.Call(ways[1], "bind", blackbox.Args{"userId": "nobody", "phone": spelt, "code": code}).Fails(t, 403, "FORBIDDEN")
	ann.Call(ways[1], "bind", blackbox.Args{"userId": ann.UserID, "phone": "x", "code": "x"}).Fails(t, 409, "PHONE_ALREADY_BOUND")
	ann.Call(ways[1], "bind", blackbox.Args{"userId": ann.UserID, "phone": ann.Phone, "code": code}).Fails(t, 409, "PHONE_ALREADY_BOUND")
	ann.Call(ways[1], "unbind", blackbox.Args{"userId": bob.UserID, "code": code}).Fails(t, 403, "FORBIDDEN")

	unbind(t, shop, ann, ways[2])
	me := ann.Call(blackbox.Sessions, "currentUser", nil).OK(t)
	require.Equal(t, ann.UserID, me.Text("userId"), "the session goes on")
	require.Empty(t, me.Text("phone"))
	ann.Call(ways[2], "unbind", blackbox.Args{"userId": ann.UserID, "code": code}).Fails(t, 409, "PHONE_NOT_BOUND")
	ann.Call(ways[2], "checkMyMessage", blackbox.Args{"code": code}).Fails(t, 409, "PHONE_NOT_BOUND")
	ann.Call(ways[2], "updatePhone", blackbox.Args{"userId": ann.UserID, "ticket": "t", "newPhone": spelt, "newCode": code}).
		Fails(t, 409, "PHONE_NOT_BOUND")
	ann.Call(ways[1], "bind", blackbox.Args{"userId": ann.UserID, "phone": "x", "code": code}).Fails(t, 400, "PHONE_INVALID")
	data := ann.Call(ways[1], "bind", blackbox.Args{"userId": ann.UserID, "phone": spelt, "code": "x"}).Fails(t, 400, "API_PARAMS_ERROR")
	require.Equal(t, "code", data["arg"])

	// Only a right code tells that the phone is another user's, and that doesn't use it
	// up.
	taken := shop.Code(ann.Client, ways[3], bob.Phone, bob.E164, blackbox.Args{"purpose": "bind"})
	bind := blackbox.Args{"userId": ann.UserID, "phone": bob.Phone, "code": blackbox.Wrong(taken)}
	ann.Call(ways[3], "bind", bind).Fails(t, 401, "CODE_REJECTED")
	bind["code"] = taken
	for range 2 {
		ann.Call(ways[3], "bind", bind).Fails(t, 409, "PHONE_IN_USE")
	}
	unbind(t, shop, bob, ways[4])
	require.Equal(t, "1", string(ann.Call(ways[3], "bind", bind).Data))
	me = ann.Call(blackbox.Sessions, "currentUser", nil).OK(t)
	require.Equal(t, bob.Phone[:3]+"****"+bob.Phone[7:], me.Text("phone"))
	ann.Call(ways[3], "bind", bind).Fails(t, 409, "PHONE_ALREADY_BOUND")

	// Ann's old phone is free: registering it again makes a new user.
	fresh := shop.Code(visitor, ways[5], ann.Phone, ann.E164)
	user := visitor.Call(ways[5], "register", blackbox.Args{"phone": ann.Phone, "code": fresh, "nick": "New"}).OK(t)
	require.NotEqual(t, ann.UserID, user.Text("userId"))
}

// A loginCode stands for a phone: without the phone it is worth nothing.
func TestALoginCodeDiesWithItsPhone(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	ways := logins(shop, 3, nil)
	shop.Open(1)
	p := shop.SignUp(ways[0])
	c := shop.Visitor()
	code := shop.Code(c, ways[1], p.Phone, p.E164)
	loginCode := c.Call(ways[1], "getLoginCode", blackbox.Args{"phone": p.Phone, "code": code}).OK(t).Text("loginCode")
	unbind(t, shop, p, ways[2])
	c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": loginCode, "platform": "api"}).Fails(t, 401, "CODE_REJECTED")
}

func TestTheLastWayToLogIn(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	ways := logins(shop, 3, map[string]any{"allowUnbindLast": 0})
	shop.Open(1)
	p := shop.SignUp(ways[0])
	code := shop.Code(p.Client, ways[1], p.Phone, p.E164, blackbox.Args{"purpose": "unbind"})
	p.Call(ways[1], "unbind", blackbox.Args{"userId": p.UserID, "code": code}).Fails(t, 409, "LAST_LOGIN")
	require.NotEmpty(t, p.Call(blackbox.Sessions, "currentUser", nil).OK(t).Text("phone"))
}

func TestReplacingAPhone(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	notice := map[string]any{"smsConfig": map[string]any{"noticeTemplateCode": "T-NOTICE", "noticeText": "your number was replaced"}}
	ways := logins(shop, 8, notice)
	config := shop.Vendor.Config()
	config["body"].(map[string]any)["code"] = "${text}" // a notice has no code
	config["text"] = "${code}"
	shop.WriteJSON("SMS/gateway/sms.json", config)
	shop.Open(1)
	ann, bob := shop.SignUp(ways[0]), shop.SignUp(ways[0])
	elsewhere := another(t, shop, ann, ways[1])
	spelt, e164 := blackbox.Phone()
	way := ways[2]

	own := shop.Code(ann.Client, way, ann.Phone, ann.E164, blackbox.Args{"purpose": "checkMyMessage"})
	ticket := ann.Call(way, "checkMyMessage", blackbox.Args{"code": own}).OK(t).Text("ticket")
	code := shop.Code(ann.Client, way, spelt, e164, blackbox.Args{"purpose": "updatePhone"})
	args := func(change blackbox.Args) blackbox.Args {
		a := blackbox.Args{"userId": ann.UserID, "ticket": ticket, "newPhone": spelt, "newCode": code}
		for key, value := range change {
			a[key] = value
		}
		return a
	}
	shop.Visitor().Call(way, "updatePhone", args(nil)).Fails(t, 401, "LOGIN_REQUIRED")
	ann.Call(way, "updatePhone", args(blackbox.Args{"userId": bob.UserID})).Fails(t, 403, "FORBIDDEN")
	ann.Call(way, "updatePhone", args(blackbox.Args{"newPhone": "110"})).Fails(t, 400, "PHONE_INVALID")
	require.Equal(t, "newCode", ann.Call(way, "updatePhone", args(blackbox.Args{"newCode": "1"})).Fails(t, 400, "API_PARAMS_ERROR")["arg"])
	for _, bad := range []string{"", "x", ticket + "x", strings.ToUpper(ticket), own} {
		ann.Call(way, "updatePhone", args(blackbox.Args{"ticket": bad})).Fails(t, 401, "TICKET_REJECTED")
	}
	// A ticket belongs to its session, its user and its login.
	elsewhere.Call(way, "updatePhone", args(nil)).Fails(t, 401, "TICKET_REJECTED")
	bob.Call(way, "updatePhone", args(blackbox.Args{"userId": bob.UserID})).Fails(t, 401, "TICKET_REJECTED")
	there := shop.Code(ann.Client, ways[3], spelt, e164, blackbox.Args{"purpose": "updatePhone"})
	ann.Call(ways[3], "updatePhone", args(blackbox.Args{"newCode": there})).Fails(t, 401, "TICKET_REJECTED")
	// A failure uses up neither ticket nor code.
	ann.Call(way, "updatePhone", args(blackbox.Args{"newCode": blackbox.Wrong(code)})).Fails(t, 401, "CODE_REJECTED")
	taken := shop.Code(ann.Client, way, bob.Phone, bob.E164, blackbox.Args{"purpose": "updatePhone"})
	ann.Call(way, "updatePhone", args(blackbox.Args{"newPhone": bob.Phone, "newCode": taken})).Fails(t, 409, "PHONE_IN_USE")
	bindCode := shop.Code(ann.Client, ways[4], spelt, e164, blackbox.Args{"purpose": "bind"})
	ann.Call(ways[4], "updatePhone", args(blackbox.Args{"newCode": bindCode})).Fails(t, 401, "TICKET_REJECTED")

	elsewhere.Call(blackbox.Sessions, "currentUser", nil).OK(t)
	before := len(shop.Vendor.To(ann.E164))
	a := ann.Call(way, "updatePhone", args(nil))
	a.OK(t)
	require.Equal(t, "1", string(a.Data))
	me := ann.Call(blackbox.Sessions, "currentUser", nil).OK(t)
	require.Equal(t, spelt[:3]+"****"+spelt[7:], me.Text("phone"), "this session goes on")
	blackbox.Eventually(t, revoked, "the other session ends", func() bool {
		return elsewhere.Call(blackbox.Sessions, "currentUser", nil).Is("LOGIN_REQUIRED")
	})
	elsewhere.Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": elsewhere.RefreshToken}).Fails(t, 401, "LOGIN_REQUIRED")
	require.Len(t, ann.Call(blackbox.Sessions, "sessions", nil).List(), 1)
	blackbox.Eventually(t, 10*time.Second, "the old number gets a notice", func() bool {
		return len(shop.Vendor.To(ann.E164)) == before+1
	})
	require.Equal(t, "your number was replaced", shop.Newest(ann.E164))

	// Ticket and code are used up.
	ann.Call(way, "updatePhone", args(nil)).Fails(t, 401, "TICKET_REJECTED")
	// The old phone is free, the new one is Ann's.
	c := shop.Visitor()
	old := shop.Code(c, ways[5], ann.Phone, ann.E164)
	c.Call(ways[5], "getLoginCode", blackbox.Args{"phone": ann.Phone, "code": old}).Fails(t, 404, "USER_NOT_REGISTERED")
	now := shop.Code(c, ways[5], spelt, e164)
	require.Equal(t, ann.UserID, c.Call(ways[5], "getLoginCode", blackbox.Args{"phone": spelt, "code": now}).OK(t).Text("userId"))
}

// What register requires, and what it returns.
func TestWhatRegisterTakesAndGives(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, nil)
	spelt, e164 := blackbox.Phone()
	code := shop.Code(c, blackbox.Login, spelt, e164)
	for _, nick := range []any{"", "   ", "a\nb", strings.Repeat("n", 256), 7, nil} {
		data := c.Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": nick}).Fails(t, 400, "API_PARAMS_ERROR")
		require.Equal(t, "nick", data["arg"])
	}
	nick := "<b>小红</b> 🙂"
	user := c.Call(blackbox.Login, "register", blackbox.Args{"phone": "+86 " + spelt, "code": code, "nick": nick}).OK(t)
	require.Equal(t, nick, user.Text("nick"))
	require.Equal(t, spelt[:3]+"****"+spelt[7:], user.Text("phone"))
	require.ElementsMatch(t, []string{"userId", "nick", "phone", "corpList", "loginCode"}, keys(user))
	corps := user["corpList"].([]any)
	require.Len(t, corps, 1)
	require.ElementsMatch(t, []string{"corpId", "corpName"}, keys(corps[0].(map[string]any)))
	require.Equal(t, "Example Shop", corps[0].(map[string]any)["corpName"])
	require.GreaterOrEqual(t, len(user.Text("loginCode")), 22, "128 bits")
}

func keys(d map[string]any) []string {
	var names []string
	for name := range d {
		names = append(names, name)
	}
	return names
}

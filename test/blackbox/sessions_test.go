package blackbox_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// revoked bounds how long an ended session may still work: a second, with room for a
// busy machine.
const revoked = 3 * time.Second

// fresh registers a user and returns their loginCode.
func fresh(t *testing.T, shop *blackbox.Shop, c *blackbox.Client) (loginCode, userID string) {
	t.Helper()
	spelt, e164 := blackbox.Phone()
	code := shop.Code(c, blackbox.Login, spelt, e164)
	user := c.Call(blackbox.Login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": "Somebody"}).OK(t)
	return user.Text("loginCode"), user.Text("userId")
}

// ended waits until the server no longer accepts a client's session.
func ended(t *testing.T, c *blackbox.Client) {
	t.Helper()
	blackbox.Eventually(t, revoked, "the session has ended", func() bool {
		return c.Call(blackbox.Sessions, "currentUser", nil).Is("LOGIN_REQUIRED")
	})
}

func TestALoginCodeOpensOneSession(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, nil)
	loginCode, userID := fresh(t, shop, c)

	// Invalid arguments don't use up the loginCode.
	for _, args := range []blackbox.Args{
		{"loginCode": loginCode, "platform": "desktop"},
		{"loginCode": loginCode, "platform": ""},
		{"loginCode": loginCode},
	} {
		require.Equal(t, "platform", c.Call(blackbox.Sessions, "loginByCode", args).Fails(t, 400, "API_PARAMS_ERROR")["arg"])
	}
	c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": loginCode, "platform": "api", "corp": "corps.other"}).Fails(t, 403, "FORBIDDEN")
	for _, dead := range []string{"", "x", loginCode + "x", loginCode[:len(loginCode)-1], strings.Repeat("a", 200)} {
		c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": dead, "platform": "api"}).Fails(t, 401, "CODE_REJECTED")
	}

	session := c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": loginCode, "platform": "api"}).OK(t)
	require.ElementsMatch(t, []string{"success", "accessToken", "refreshToken", "deviceToken", "tokenType", "expiresIn", "userId", "corpId"}, keys(session))
	require.Equal(t, true, session["success"])
	require.Equal(t, "Bearer", session["tokenType"])
	require.LessOrEqual(t, session["expiresIn"], 900.0)
	require.Equal(t, userID, session.Text("userId"))

	header, claims := jwt(t, session.Text("accessToken"))
	require.NotEmpty(t, header["kid"])
	require.NotEmpty(t, header["typ"])
	require.NotContains(t, []any{"none", "HS256"}, header["alg"])
	require.Equal(t, "urn:lintel:example.shop", claims["iss"])
	require.Equal(t, "example.shop", claims["aud"])
	require.LessOrEqual(t, claims["exp"].(float64)-claims["iat"].(float64), 900.0)
	resp, err := http.Get(shop.Servers[0].URL + "/.well-known/jwks.json")
	require.NoError(t, err)
	defer resp.Body.Close()
	var set struct{ Keys []map[string]any }
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&set))
	var kids []any
	for _, key := range set.Keys {
		kids = append(kids, key["kid"])
		require.NotContains(t, key, "d", "a private key")
	}
	require.Contains(t, kids, header["kid"])

	me := c.Bearer(session.Text("accessToken"))
	me.Call(blackbox.Sessions, "currentUser", nil).OK(t)
	// A second use is refused, and ends the session of the first.
	c.Call(blackbox.Sessions, "loginByCode", blackbox.Args{"loginCode": loginCode, "platform": "api"}).Fails(t, 401, "CODE_REJECTED")
	ended(t, me)
	c.Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": session.Text("refreshToken")}).Fails(t, 401, "LOGIN_REQUIRED")

	// Forged tokens.
	good := shop.SignUp(blackbox.Login)
	parts := strings.Split(good.AccessToken, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`))
	for _, token := range []string{
		"x", "", parts[0] + "." + parts[1] + ".", none + "." + parts[1] + ".", good.RefreshToken,
		parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])), loginCode,
	} {
		c.Bearer(token).Call(blackbox.Sessions, "currentUser", nil).Fails(t, 401, "LOGIN_REQUIRED")
	}
}

func jwt(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	require.Len(t, parts, 3)
	for i, into := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, into))
	}
	return header, claims
}

func TestWhichCorp(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	for name, allow := range map[string]int{"north": 1, "south": 1, "closed": 0} {
		shop.WriteJSON("corps/"+name+"/e.json", map[string]any{"title": name, "type": "corps.NormalType", "backendBundleEntry": "."})
		shop.WriteJSON("corps/"+name+"/config.json", map[string]any{"title": "The " + name, "allowJoin": allow})
	}
	north := shop.Another("north", map[string]any{"corpFullName": "corps.north"})
	closed := shop.Another("closed", map[string]any{"corpFullName": "corps.closed"})
	shop.Open(1)
	c := shop.Visitor()
	register := func(login string) blackbox.Dict {
		spelt, e164 := blackbox.Phone()
		code := shop.Code(c, login, spelt, e164)
		return c.Call(login, "register", blackbox.Args{"phone": spelt, "code": code, "nick": "N"}).OK(t)
	}
	exchange := func(loginCode string, corp ...string) *blackbox.Answer {
		args := blackbox.Args{"loginCode": loginCode, "platform": "api"}
		if len(corp) > 0 {
			args["corp"] = corp[0]
		}
		return c.Call(blackbox.Sessions, "loginByCode", args)
	}

	in := register(north)
	corps := in["corpList"].([]any)
	require.Len(t, corps, 1)
	corp := corps[0].(map[string]any)
	require.Equal(t, "The north", corp["corpName"])
	exchange(in.Text("loginCode"), "corps.shop").Fails(t, 403, "FORBIDDEN")
	exchange(in.Text("loginCode"), "The north").Fails(t, 403, "FORBIDDEN")
	session := exchange(in.Text("loginCode"), corp["corpId"].(string)).OK(t)
	require.Equal(t, corp["corpId"], session.Text("corpId"))

	in = register(north)
	session = exchange(in.Text("loginCode"), "corps.north").OK(t)
	require.Equal(t, corp["corpId"], session.Text("corpId"))
	me := c.Bearer(session.Text("accessToken")).Call(blackbox.Sessions, "currentUser", nil).OK(t)
	require.Equal(t, corp["corpId"], me.Text("corpId"))

	// With a corp that accepts nobody, a user has no corp.
	in = register(closed)
	require.Empty(t, in["corpList"])
	require.NotNil(t, in["corpList"], "a list")
	exchange(in.Text("loginCode"), "corps.closed").Fails(t, 403, "FORBIDDEN")
	require.Empty(t, exchange(in.Text("loginCode")).OK(t).Text("corpId"))
}

func TestRefreshTokens(t *testing.T) {
	t.Parallel()
	shop, c := blackbox.OpenShop(t, nil)
	refresh := func(token string) *blackbox.Answer {
		return c.Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": token})
	}
	p := shop.SignUp(blackbox.Login)
	second := refresh(p.RefreshToken).OK(t)
	require.NotEqual(t, p.RefreshToken, second.Text("refreshToken"))
	// A repeat after a lost answer gets the same successor while that is unused.
	require.Equal(t, second.Text("refreshToken"), refresh(p.RefreshToken).OK(t).Text("refreshToken"))
	third := refresh(second.Text("refreshToken")).OK(t)
	c.Bearer(third.Text("accessToken")).Call(blackbox.Sessions, "currentUser", nil).OK(t)
	// The successor of the first token has been used, so the first counts as stolen.
	refresh(p.RefreshToken).Fails(t, 401, "LOGIN_REQUIRED")
	refresh(third.Text("refreshToken")).Fails(t, 401, "LOGIN_REQUIRED")
	ended(t, c.Bearer(third.Text("accessToken")))
	ended(t, p.Client)
	for _, dead := range []string{"", "x", third.Text("refreshToken") + "x"} {
		refresh(dead).Fails(t, 401, "LOGIN_REQUIRED")
	}
	c.Call(blackbox.Sessions, "refresh", nil).Fails(t, 401, "LOGIN_REQUIRED")
}

// After ten seconds a repeated refresh token counts as stolen, even if its successor is
// unused.
func TestALateRepeatOfARefreshTokenEndsItsFamily(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.Open(1)
	p := shop.SignUp(blackbox.Login)
	c := shop.Visitor()
	second := c.Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": p.RefreshToken}).OK(t)
	time.Sleep(11 * time.Second)
	c.Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": p.RefreshToken}).Fails(t, 401, "LOGIN_REQUIRED")
	c.Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": second.Text("refreshToken")}).Fails(t, 401, "LOGIN_REQUIRED")
	ended(t, p.Client)
}

func TestEndingSessions(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	ways := logins(shop, 4, nil)
	shop.Open(1)
	ann, bob := shop.SignUp(ways[0]), shop.SignUp(ways[0])
	phone, tablet := another(t, shop, ann, ways[1]), another(t, shop, ann, ways[2])

	list := ann.Call(blackbox.Sessions, "sessions", nil).List()
	require.Len(t, list, 3)
	current := 0
	for _, item := range list {
		if item.(map[string]any)["current"] == true {
			current++
		}
	}
	require.Equal(t, 1, current)
	_, claims := jwt(t, phone.AccessToken)
	id := claims["sid"].(string)
	bob.Call(blackbox.Sessions, "endSession", blackbox.Args{"sessionId": id}).Fails(t, 403, "FORBIDDEN")
	phone.Call(blackbox.Sessions, "currentUser", nil).OK(t)
	ann.Call(blackbox.Sessions, "endSession", blackbox.Args{"sessionId": id}).OK(t)
	ended(t, phone.Client)
	phone.Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": phone.RefreshToken}).Fails(t, 401, "LOGIN_REQUIRED")
	require.Len(t, ann.Call(blackbox.Sessions, "sessions", nil).List(), 2)

	tablet.Call(blackbox.Sessions, "logout", nil).OK(t)
	ended(t, tablet.Client)
	shop.Visitor().Call(blackbox.Sessions, "refresh", blackbox.Args{"refreshToken": tablet.RefreshToken}).Fails(t, 401, "LOGIN_REQUIRED")
	ann.Call(blackbox.Sessions, "currentUser", nil).OK(t)
	for _, function := range []string{"currentUser", "sessions", "logout"} {
		shop.Visitor().Call(blackbox.Sessions, function, nil).Fails(t, 401, "LOGIN_REQUIRED")
	}
	shop.Visitor().Call(blackbox.Sessions, "endSession", blackbox.Args{"sessionId": id}).Fails(t, 401, "LOGIN_REQUIRED")
}

// A browser's session is in cookies, which only requests from its own origin may use.
func TestABrowsersSession(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.Open(1)
	browser := shop.Servers[0].Client()
	loginCode, userID := fresh(t, shop, browser)
	login := blackbox.Args{"loginCode": loginCode, "platform": "web"}
	browser.With("Origin", "https://evil.example").Call(blackbox.Sessions, "loginByCode", login).Fails(t, 403, "FORBIDDEN")
	browser.With("Sec-Fetch-Site", "same-site").Call(blackbox.Sessions, "loginByCode", login).Fails(t, 403, "FORBIDDEN")
	key := "browser-" + userID[:20]
	first := browser.With("Sec-Fetch-Site", "same-origin").With("Idempotency-Key", key).Call(blackbox.Sessions, "loginByCode", login)
	body := first.OK(t)
	require.ElementsMatch(t, []string{"success", "tokenType", "expiresIn", "userId", "corpId"}, keys(body))
	again := browser.With("Idempotency-Key", key).Call(blackbox.Sessions, "loginByCode", login)
	require.Equal(t, first.Header.Values("Set-Cookie"), again.Header.Values("Set-Cookie"))
	require.JSONEq(t, string(first.Data), string(again.Data))
	for _, cookie := range first.Header.Values("Set-Cookie") {
		require.Contains(t, cookie, "HttpOnly")
		require.Contains(t, cookie, "SameSite=Lax")
	}
	browser.Call(blackbox.Sessions, "currentUser", nil).OK(t)
	for name, value := range map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"} {
		browser.With(name, value).Call(blackbox.Sessions, "currentUser", nil).Fails(t, 401, "LOGIN_REQUIRED")
	}
	browser.With("Sec-Fetch-Site", "same-origin").Call(blackbox.Sessions, "currentUser", nil).OK(t)
	// A bearer token takes precedence over the cookie, even an expired one.
	browser.Bearer("dead").Call(blackbox.Sessions, "currentUser", nil).Fails(t, 401, "LOGIN_REQUIRED")

	refreshed := browser.Call(blackbox.Sessions, "refresh", nil)
	for _, name := range []string{"accessToken", "refreshToken", "deviceToken"} {
		require.NotContains(t, refreshed.OK(t), name)
	}
	require.NotEmpty(t, refreshed.Header.Values("Set-Cookie"))
	browser.Call(blackbox.Sessions, "currentUser", nil).OK(t)

	// The device cookie keeps strangers from locking the owner out.
	out := browser.Call(blackbox.Sessions, "logout", nil)
	out.OK(t)
	for _, cookie := range out.Header.Values("Set-Cookie") {
		require.Contains(t, cookie, "Max-Age=0")
	}
	browser.Call(blackbox.Sessions, "currentUser", nil).Fails(t, 401, "LOGIN_REQUIRED")
	browser.Call(blackbox.Sessions, "refresh", nil).Fails(t, 401, "LOGIN_REQUIRED")
}

package sessionhttp

import (
	"net/http"
	"time"
)

// The cookies, by the names that extension.Connection completes.
const (
	sessionCookie = "lintel_session"
	refreshCookie = "lintel_refresh"
	deviceCookie  = "lintel_device"
)

// How long browsers keep the cookies that outlive an access token.
const (
	refreshCookieLife = 30 * 24 * time.Hour
	deviceCookieLife  = 180 * 24 * time.Hour
)

// cookie returns a cookie's value. None counts in a request of another origin.
func (v *session) cookie(name string) string {
	if !v.SameOrigin {
		return ""
	}
	c, err := v.r.Cookie(v.CookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

func (v *session) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	cookie := &http.Cookie{ //nolint:gosec // G124: Secure wherever the client's connection is https
		Name: v.CookieName(name), Value: value, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.Secure,
		MaxAge: int(life / time.Second),
	}
	if life < 0 {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}

// clearCookies takes the session from the browser. The device token stays: it
// tells which phones have logged in here, not who is signed in.
func (v *session) clearCookies(w http.ResponseWriter) {
	v.setCookie(w, sessionCookie, "", -1)
	v.setCookie(w, refreshCookie, "", -1)
}

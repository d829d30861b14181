package blackbox_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// visitor is a person who uses the pages without JavaScript.
type visitor struct {
	t      *testing.T
	client *http.Client
	page   string
}

func newVisitor(t *testing.T, page string) *visitor {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &visitor{t: t, client: &http.Client{Jar: jar}, page: page}
}

var (
	formKey = regexp.MustCompile(`name="key" value="[^"]*"`)
	waiting = regexp.MustCompile(`\d+( s|")`)
)

// post sends a form and returns the page that follows, without the parts that differ
// each time.
func (v *visitor) post(fields url.Values) string {
	resp, err := v.client.PostForm(v.page, fields)
	require.NoError(v.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(v.t, err)
	require.Equal(v.t, http.StatusOK, resp.StatusCode)
	return waiting.ReplaceAllString(formKey.ReplaceAllString(string(text), ""), "")
}

// A page shows a stranger the same for registered and unregistered phones.
func TestThePageDoesNotSayWhetherAPhoneIsRegistered(t *testing.T) {
	t.Parallel()
	for name, allowed := range map[string]int{"open": 1, "closed": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := blackbox.Example(t)
			app.WriteJSON("auths/loginTypes/second/e.json", map[string]any{"title": "Second", "type": "auths.loginTypes.PhoneType"})
			app.WriteJSON("auths/loginTypes/second/config.json", map[string]any{"smsFullName": "{{PHONE_SMS}}", "captcha": "off", "allowRegister": allowed})
			known, _ := blackbox.Phone()
			app.SetLogin(map[string]any{"testPhones": map[string]any{known: "246810"}})
			s := app.Serve()
			c := s.Client()
			c.Send(known).OK(t)
			c.Call(blackbox.Login, "register", blackbox.Args{"phone": known, "code": "246810", "nick": "N"}).OK(t)
			unknown, _ := blackbox.Phone()
			look := func(phone string) (seen []string) {
				v := newVisitor(t, s.URL+"/login?login=auths.loginTypes.second")
				for _, fields := range []url.Values{
					{"do": {"send"}, "phone": {phone}}, {"do": {"verify"}, "code": {"12"}}, {"do": {"verify"}, "code": {"000000"}}, {"do": {"send"}},
				} {
					seen = append(seen, strings.ReplaceAll(v.post(fields), phone[len(phone)-4:], ""))
				}
				require.Contains(t, seen[0], `autocomplete="one-time-code"`)
				return seen
			}
			require.Equal(t, look(known), look(unknown))
		})
	}
}

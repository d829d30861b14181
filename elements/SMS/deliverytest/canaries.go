package deliverytest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// canaries lets the vendor echo everything that it got, in each field that a Type
// reads.
func (v Vendor) canaries(t *testing.T) {
	whole := func(r *http.Request, body []byte) string {
		return fmt.Sprint(r.RequestURI, r.Header, string(body))
	}
	for name, answer := range map[string]func(s *standIn) respond{
		"the request as code": func(*standIn) respond {
			return func(w http.ResponseWriter, r *http.Request, body []byte) {
				text := whole(r, body)
				v.Refusal(text, text).write(w)
			}
		},
		"the request as a page": func(*standIn) respond {
			return func(w http.ResponseWriter, r *http.Request, body []byte) {
				Answer{Status: http.StatusInternalServerError, Type: "text/html", Body: whole(r, body)}.write(w)
			}
		},
		"the signature as code": func(s *standIn) respond {
			return func(w http.ResponseWriter, _ *http.Request, _ []byte) {
				word := "none"
				if all := s.signatures(); len(all) > 0 {
					word = all[len(all)-1]
				}
				v.Refusal(word, word).write(w)
			}
		},
		"the phone as code": func(*standIn) respond { return always(v.Refusal(v.Phone, v.Phone[1:])) },
		"the code as code":  func(*standIn) respond { return always(v.Refusal(code, code)) },
	} {
		t.Run(name, func(t *testing.T) { v.grepped(t, answer) })
	}
	for _, secret := range v.Secrets {
		t.Run("a key as code", func(t *testing.T) {
			v.grepped(t, func(*standIn) respond { return always(v.Refusal("x"+secret, secret)) })
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		s := newStandIn(t, always(v.Accepted))
		s.Close()
		sms := v.open(t, s.URL, nil)
		e := v.fails(t, sms)
		v.unseen(t, s, fmt.Sprintf("%v %+v %s", e, e.Details, sms.Log()))
	})
	t.Run("accepted", func(t *testing.T) {
		s := newStandIn(t, always(v.Accepted))
		sms := v.open(t, s.URL, nil)
		_, err := v.send(sms, v.Phone)
		require.NoError(t, err)
		require.NotEmpty(t, sms.Log())
		v.unseen(t, s, sms.Log())
	})
}

func (v Vendor) grepped(t *testing.T, answer func(s *standIn) respond) {
	var s *standIn
	s = newStandIn(t, func(w http.ResponseWriter, r *http.Request, body []byte) { answer(s)(w, r, body) })
	sms := v.open(t, s.URL, nil)
	e := v.fails(t, sms)
	require.EqualValues(t, 1, s.requests.Load())
	v.unseen(t, s, fmt.Sprintf("%v %+v %s", e, e.Details, sms.Log()))
}

// unseen fails if a text contains anything sensitive.
func (v Vendor) unseen(t *testing.T, s *standIn, text string) {
	t.Helper()
	hidden := append([]string{v.Phone[1:], v.Phone[3:], code}, v.Secrets...)
	for _, word := range append(hidden, s.signatures()...) {
		if len(word) > 3 && strings.Contains(text, word) {
			t.Errorf("seen: %q in %s", word, text)
		}
	}
}

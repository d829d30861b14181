package delivery

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/lintel-run/lintel/elements/SMS/vendortext"
)

// sensitiveWords are the credentials of one message's request, which the vendor may
// echo.
type sensitiveWords struct {
	mu    sync.Mutex
	words []string
}

type sensitiveKey struct{}

func withSensitiveWords(ctx context.Context) (context.Context, *sensitiveWords) {
	s := &sensitiveWords{}
	return context.WithValue(ctx, sensitiveKey{}, s), s
}

func (s *sensitiveWords) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.words
}

// signatureParams are the query parameters with a request's signature.
var signatureParams = []string{"sig", "Signature", "signature"}

// minCredentialLen keeps names of schemes and dates out of the list.
const minCredentialLen = 16

// noteCredentials notes the credentials of a request: its Authorization, whole and
// in pieces, and the signature in its query. A vendor notes those in a body.
func noteCredentials(req *http.Request) {
	header := req.Header.Get("Authorization")
	words := append(strings.FieldsFunc(header, func(r rune) bool { return strings.ContainsRune(" ,/", r) }), header)
	query := req.URL.Query()
	for _, name := range signatureParams {
		words = append(words, query.Get(name), url.QueryEscape(query.Get(name)))
	}
	NoteSensitive(req.Context(), words...)
}

// NoteSensitive adds words that no error and no log line may contain, for the
// message that ctx belongs to.
func NoteSensitive(ctx context.Context, words ...string) {
	s, ok := ctx.Value(sensitiveKey{}).(*sensitiveWords)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, word := range words {
		if _, value, found := strings.Cut(word, "="); found && len(value) >= minCredentialLen {
			s.words = append(s.words, value)
		}
		if len(word) >= minCredentialLen {
			s.words = append(s.words, word)
		}
	}
}

// redact returns an outcome without anything private: a vendor may echo the phone,
// the login code or a key in any field.
func (s *Sender) redact(o Outcome, m *Message, credentials []string) Outcome {
	private := slices.Concat([]string{m.Phone.E164(), m.Phone.Digits(), m.Phone.National(), m.Text}, s.secrets, credentials)
	for _, value := range m.Given {
		private = append(private, value)
	}
	o.Code = redactText(o.Code, private)
	o.RequestID = redactText(o.RequestID, private)
	o.MessageID = redactText(o.MessageID, private)
	return o
}

func redactText(text string, private []string) string {
	if clean, ok := vendortext.Clean(text, private); ok {
		return clean
	}
	return "[redacted]"
}

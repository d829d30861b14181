package delivery

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// spoken collects what a request proved itself with: a vendor may echo that too.
type spoken struct {
	mu    sync.Mutex
	words []string
}

type spokenKey struct{}

func withSpoken(ctx context.Context) (context.Context, *spoken) {
	s := &spoken{}
	return context.WithValue(ctx, spokenKey{}, s), s
}

func (s *spoken) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.words
}

// proofs are the query parameters that prove a request.
var proofs = []string{"sig", "Signature", "signature"}

// shortestProof keeps names of schemes and dates out of the list.
const shortestProof = 16

// heard notes the proofs of a request: what stands in its Authorization, whole
// and in pieces, and in its query. Those in a body are the vendor's to note.
func heard(req *http.Request) {
	header := req.Header.Get("Authorization")
	words := append(strings.FieldsFunc(header, func(r rune) bool { return strings.ContainsRune(" ,/", r) }), header)
	query := req.URL.Query()
	for _, name := range proofs {
		words = append(words, query.Get(name), url.QueryEscape(query.Get(name)))
	}
	NoteProof(req.Context(), words...)
}

// NoteProof adds words that no error and no log line may hold, for the message
// that ctx belongs to.
func NoteProof(ctx context.Context, words ...string) {
	s, ok := ctx.Value(spokenKey{}).(*spoken)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, word := range words {
		if _, value, found := strings.Cut(word, "="); found && len(value) >= shortestProof {
			s.words = append(s.words, value)
		}
		if len(word) >= shortestProof {
			s.words = append(s.words, word)
		}
	}
}

package server

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	_ "github.com/lintel-run/lintel/elements/standard"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/services/sessionhttp"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/caches"
	answers "github.com/lintel-run/lintel/elements/caches/idempotency"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/server/extension"
)

// realStand is a server on a real app with the provided stores and one user.
type realStand struct {
	t    *testing.T
	app  *runtime.App
	url  string
	user string
}

func newRealStand(t *testing.T, o Options) *realStand {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.json"), []byte(`{"appId":"acme.shop","title":"Shop"}`), 0o600))
	o.Logger = slog.New(slog.DiscardHandler)
	app, err := runtime.Open(t.Context(), dir, runtime.WithLogger(o.Logger), runtime.WithoutWatch())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, app.Close()) })
	elements := extension.RuntimeApp{App: app}
	sessions, err := sessionhttp.New(elements, "")
	require.NoError(t, err)
	o.Sessions, o.Answers, o.Routes = sessions, answers.In(elements), sessions.Routes()
	s, err := New(app, o)
	require.NoError(t, err)
	front := httptest.NewServer(s.Handler())
	t.Cleanup(front.Close)

	stand := &realStand{t: t, app: app, url: front.URL, user: uuid.NewString()}
	instance, release, err := app.BuiltinDefault(element.DefaultDatabase)
	require.NoError(t, err)
	defer release()
	_, err = instance.(databases.Directory).CreateUser(t.Context(),
		databases.NewUser{ID: stand.user, Nick: "Li", Phone: "+8613800138000"},
		databases.Use{ID: uuid.NewString(), Request: uuid.NewString(), Kind: "register", UserID: stand.user})
	require.NoError(t, err)
	return stand
}

// loginCode issues a loginCode as the login service does, for a right guess.
func (s *realStand) loginCode() string {
	t := s.t
	instance, release, err := s.app.BuiltinDefault(element.DefaultCache)
	require.NoError(t, err)
	defer release()
	store := instance.(caches.Store)
	box, err := tokens.NewSealer(s.app.Key, nil)
	require.NoError(t, err)
	var secret [32]byte
	_, _ = rand.Read(secret[:])
	tag, codeID := rand.Text()[:tokens.TagLength], rand.Text()[:tokens.CodeIDLength]
	token := tokens.New(tag, secret)
	loginCode := box.LoginCode(token, codeID)
	ref, ok := tokens.Parse(loginCode)
	require.True(t, ok)
	value, err := box.SealLoginCode(ref, tokens.LoginCode{UserID: s.user, CodeID: codeID, Phone: "+8613800138000", Instance: "a.b"})
	require.NoError(t, err)
	_, err = store.Reserve(t.Context(), caches.Reserve{
		Request: uuid.NewString(), Key: tag, TTL: time.Minute, Interval: time.Second,
		Code: caches.Code{ID: codeID, MAC: "mac", Purposes: []string{"login"}},
	})
	require.NoError(t, err)
	guessed, err := store.Guess(t.Context(), caches.Guess{
		Request: uuid.NewString(), Key: tag, Purpose: "login", MAC: "mac", Attempts: 5, Then: caches.Consume,
		Issue: &caches.Issue{Hash: ref.Hash, Value: value, TTL: tokens.LoginCodeTTL},
	})
	require.NoError(t, err)
	require.Equal(t, caches.GuessRight, guessed.Outcome)
	return loginCode
}

func (s *realStand) post(client *http.Client, function string, args map[string]any, change ...func(*http.Request)) (int, envelope, *http.Response) {
	body := []byte("{}")
	if args != nil {
		var err error
		body, err = json.Marshal(args)
		require.NoError(s.t, err)
	}
	r, err := http.NewRequest(http.MethodPost, s.url+"/api/acme/shop/auths/loginTypes/services/AuthSvc/"+function, strings.NewReader(string(body)))
	require.NoError(s.t, err)
	r.Header.Set("Content-Type", "application/json")
	for _, c := range change {
		c(r)
	}
	answer, err := client.Do(r)
	if err != nil {
		s.t.Error(err)
		return 0, envelope{}, nil
	}
	defer answer.Body.Close()
	var e envelope
	if err := json.NewDecoder(answer.Body).Decode(&e); err != nil {
		s.t.Error(err)
	}
	return answer.StatusCode, e, answer
}

// persist is post that repeats a request for as long as the store is too busy.
func (s *realStand) persist(client *http.Client, function string, args map[string]any, key func(*http.Request)) (int, envelope) {
	for {
		status, e, _ := s.post(client, function, args, key)
		if status != http.StatusServiceUnavailable || s.t.Context().Err() != nil {
			return status, e
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestBrowserSessionFromLoginToLogout(t *testing.T) {
	s := newRealStand(t, Options{})
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}

	status, _, _ := s.post(browser, "currentUser", nil)
	require.Equal(t, 401, status)
	status, e, _ := s.post(browser, "loginByCode", map[string]any{"loginCode": s.loginCode(), "platform": "web"})
	require.Equal(t, 200, status, e)
	require.NotContains(t, e.Data, "accessToken")
	status, e, _ = s.post(browser, "currentUser", nil)
	require.Equal(t, 200, status)
	require.Equal(t, s.user, e.Data.(map[string]any)["userId"])
	require.Equal(t, "138****8000", e.Data.(map[string]any)["phone"])
	status, e, _ = s.post(browser, "refresh", nil)
	require.Equal(t, 200, status)
	require.NotContains(t, e.Data, "refreshToken")
	status, e, _ = s.post(browser, "sessions", nil)
	require.Equal(t, 200, status)
	require.Len(t, e.Data, 1)
	status, _, _ = s.post(browser, "logout", nil)
	require.Equal(t, 200, status)
	status, _, _ = s.post(browser, "currentUser", nil)
	require.Equal(t, 401, status)
	status, _, _ = s.post(browser, "refresh", nil)
	require.Equal(t, 401, status)
}

func TestOneOfFiftyExchangesOverHTTPSucceeds(t *testing.T) {
	s := newRealStand(t, Options{})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for round := range 5 {
		code := s.loginCode()
		var won, rejected atomic.Int32
		var group sync.WaitGroup
		begin := make(chan struct{})
		for i := range 50 {
			key := with("Idempotency-Key", fmt.Sprintf("client-%d-in-round-%d", i, round))
			group.Go(func() {
				<-begin
				switch status, e := s.persist(client, "loginByCode", map[string]any{"loginCode": code, "platform": "api"}, key); {
				case status == 200:
					won.Add(1)
				case e.Code == "CODE_REJECTED":
					rejected.Add(1)
				default:
					t.Errorf("got %d %s", status, e.Code)
				}
			})
		}
		close(begin)
		group.Wait()
		require.EqualValues(t, 1, won.Load(), "round %d", round)
		require.EqualValues(t, 49, rejected.Load())
	}
}

func TestFiftyRepeatsOfOneExchangeGetOneAnswer(t *testing.T) {
	s := newRealStand(t, Options{})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	args := map[string]any{"loginCode": s.loginCode(), "platform": "api"}
	var seen sync.Map
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			status, e := s.persist(client, "loginByCode", args, with("Idempotency-Key", someKey))
			seen.Store(fmt.Sprint(status, e.Data), e.Data)
		})
	}
	group.Wait()
	var all []any
	seen.Range(func(_, data any) bool { all = append(all, data); return true })
	require.Len(t, all, 1)
	access := all[0].(map[string]any)["accessToken"].(string)
	status, _, _ := s.post(client, "currentUser", nil, with("Authorization", "Bearer "+access))
	require.Equal(t, 200, status, "a repeat is no second use")
}

func TestArgumentsAreCheckedBeforeAnythingElse(t *testing.T) {
	s := newRealStand(t, Options{})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for name, c := range map[string]struct {
		args map[string]any
		arg  string
	}{
		"missing":    {map[string]any{"platform": "api"}, "loginCode"},
		"undeclared": {map[string]any{"loginCode": "x", "platform": "api", "more": 1}, "more"},
		"wrong type": {map[string]any{"loginCode": 1, "platform": "api"}, "loginCode"},
		"platform":   {map[string]any{"loginCode": "x", "platform": "tv"}, "platform"},
	} {
		t.Run(name, func(t *testing.T) {
			status, e, _ := s.post(client, "loginByCode", c.args)
			require.Equal(t, 400, status)
			require.Equal(t, map[string]any{"arg": c.arg}, e.Data)
		})
	}
}

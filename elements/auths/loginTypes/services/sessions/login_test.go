package sessions

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func TestLoginCodeOpensASession(t *testing.T) {
	s := newStand(t)
	out := s.login()
	require.Equal(t, true, out["success"])
	require.Equal(t, "Bearer", out["tokenType"])
	require.EqualValues(t, 900, out["expiresIn"])
	require.Equal(t, testUser, out["userId"])
	require.Equal(t, "c1", out["corpId"])

	who, err := s.service.Authenticate(t.Context(), out["accessToken"].(string))
	require.NoError(t, err)
	require.Equal(t, testUser, who.UserID)
	require.Equal(t, who.SessionID, s.database.ofCode["0123456789abcdefghijkB"])

	require.Len(t, s.database.devices, 1)
	device := s.database.devices[0]
	require.Equal(t, tokens.Hash(out["deviceToken"].(string)), device.Hash)
	require.Equal(t, testPhone, device.Phone)
	require.WithinDuration(t, time.Now().Add(180*24*time.Hour), device.ExpiresAt, time.Minute)
}

func TestALoginRenewsTheDeviceTokenThatItShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		login := func(shown string) string {
			ctx := element.WithCall(t.Context(), element.Call{Caller: element.Caller{Device: shown}})
			out, err := s.service.Call(ctx, "loginByCode", element.Args{"loginCode": s.loginCode(), "platform": "api"})
			require.NoError(t, err)
			return out.(map[string]any)["deviceToken"].(string)
		}
		first := login("")
		for range 5 {
			time.Sleep(100 * 24 * time.Hour)
			require.Equal(t, first, login(first))
		}
		require.Len(t, s.database.devices, 1)
		require.Equal(t, time.Now().Add(180*24*time.Hour), s.database.devices[0].ExpiresAt)
		for range 20 {
			require.NotEqual(t, first, login(""))
		}
		require.Len(t, s.database.devices, 21, "the first is still there")

		for name, shown := range map[string]string{
			"another's": "somebody else's", "too long": strings.Repeat("x", 10_000), "of another phone": "elsewhere",
		} {
			require.NoError(t, s.database.AddDevice(t.Context(), databases.Device{
				Hash: tokens.Hash("elsewhere"), Phone: "+8613900139000", ExpiresAt: time.Now().Add(time.Hour),
			}))
			require.NotEqual(t, shown, login(shown), name)
		}
		time.Sleep(181 * 24 * time.Hour)
		require.NotEqual(t, first, login(first), "it has expired")
	})
}

func TestLoginCodeIsTakenOnlyAfterAllChecks(t *testing.T) {
	two := []databases.Corp{{ID: "c1", FullName: "corps.Default"}, {ID: "c2", FullName: "corps.Second"}}
	for name, c := range map[string]struct {
		corps    []databases.Corp
		corp     string
		platform string
		want     errcode.Code
		arg      string
		corpID   string
	}{
		"only corp":             {corps: two[:1], platform: "web", corpID: "c1"},
		"no corp":               {platform: "web"},
		"by id":                 {corps: two, corp: "c2", platform: "mobile", corpID: "c2"},
		"by full name":          {corps: two, corp: "corps.Default", platform: "api", corpID: "c1"},
		"several, none named":   {corps: two, platform: "web", want: errcode.Params, arg: "corp"},
		"not a member":          {corps: two, corp: "c3", platform: "web", want: errcode.Forbidden},
		"not a member, no corp": {corp: "c1", platform: "web", want: errcode.Forbidden},
		"platform":              {corps: two[:1], platform: "desktop", want: errcode.Params, arg: "platform"},
		"no platform":           {corps: two[:1], want: errcode.Params, arg: "platform"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			u := s.database.users[testUser]
			u.Corps = c.corps
			s.database.users[testUser] = u
			code := s.loginCode()
			args := element.Args{"loginCode": code, "corp": c.corp, "platform": c.platform}
			out, err := s.service.Call(t.Context(), "loginByCode", args)
			if c.want == "" {
				require.NoError(t, err)
				require.Equal(t, c.corpID, out.(map[string]any)["corpId"])
				return
			}
			require.ErrorIs(t, err, c.want)
			var e *errcode.Error
			require.ErrorAs(t, err, &e)
			if c.arg != "" {
				require.Equal(t, c.arg, e.Details["arg"])
			}
			u.Corps = two[:1]
			s.database.users[testUser] = u
			_, err = s.service.Call(t.Context(), "loginByCode", element.Args{"loginCode": code, "platform": "web"})
			require.NoError(t, err, "the refusal cost the code nothing")
		})
	}
}

func TestAPhoneThatMovesMeanwhileOpensNoSession(t *testing.T) {
	s := newStand(t)
	s.database.moves = func() {
		u := s.database.users[testUser]
		u.Phone = "+8613700137000"
		s.database.users[testUser] = u
	}
	_, err := s.service.Call(t.Context(), "loginByCode", element.Args{"loginCode": s.loginCode(), "platform": "api"})
	require.ErrorIs(t, err, codes.CodeRejected)
	require.Empty(t, s.database.sessions)
}

func TestLoginCodeThatIsNotAliveIsRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		try := func(code string) error {
			_, err := s.service.Call(t.Context(), "loginByCode", element.Args{"loginCode": code, "platform": "api"})
			return err
		}
		require.ErrorIs(t, try("nonsense"), codes.CodeRejected)
		require.ErrorIs(t, try(""), codes.CodeRejected)
		old := s.loginCode()
		time.Sleep(tokens.LoginCodeTTL)
		require.ErrorIs(t, try(old), codes.CodeRejected)

		gone := s.loginCode()
		u := s.database.users[testUser]
		u.Phone = "+8613900139000"
		s.database.users[testUser] = u
		require.ErrorIs(t, try(gone), codes.CodeRejected, "the phone is another by now")
		delete(s.database.users, testUser)
		require.ErrorIs(t, try(gone), codes.CodeRejected)
		require.Empty(t, s.database.sessions)
	})
}

func TestSecondUseOfALoginCodeEndsItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		code := s.loginCode()
		args := element.Args{"loginCode": code, "platform": "api"}
		ctx := element.WithOperation(t.Context(), "first")
		first, err := s.service.Call(ctx, "loginByCode", args)
		require.NoError(t, err)

		again, err := s.service.Call(ctx, "loginByCode", args)
		require.NoError(t, err, "a repeat of the request is no second use")
		require.Equal(t, first.(map[string]any)["refreshToken"], again.(map[string]any)["refreshToken"])
		require.Len(t, s.database.sessions, 1)
		access := first.(map[string]any)["accessToken"].(string)
		_, err = s.service.Authenticate(t.Context(), access)
		require.NoError(t, err)

		_, err = s.service.Call(element.WithOperation(t.Context(), "second"), "loginByCode", args)
		require.ErrorIs(t, err, codes.CodeRejected)
		time.Sleep(time.Second)
		_, err = s.service.Authenticate(t.Context(), access)
		require.ErrorIs(t, err, errcode.LoginRequired)
	})
}

func TestFiftyExchangesOfOneLoginCodeGiveOneSession(t *testing.T) {
	for range 40 {
		s := newStand(t)
		code := s.loginCode()
		replicas := []*Service{s.service, s.replica(), s.replica()}
		var group sync.WaitGroup
		var won atomic.Int32
		begin := make(chan struct{})
		for i := range 50 {
			group.Go(func() {
				<-begin
				_, err := replicas[i%3].Call(t.Context(), "loginByCode", element.Args{"loginCode": code, "platform": "api"})
				if err == nil {
					won.Add(1)
				} else if errcode.Of(err) != codes.CodeRejected {
					t.Errorf("got %v", err)
				}
			})
		}
		close(begin)
		group.Wait()
		require.EqualValues(t, 1, won.Load())
		require.Len(t, s.database.sessions, 1)
	}
}

func TestStoreThatForgetsGivesNoSecondSession(t *testing.T) {
	s := newStand(t)
	code := s.loginCode()
	args := element.Args{"loginCode": code, "platform": "api"}
	_, err := s.service.Call(t.Context(), "loginByCode", args)
	require.NoError(t, err)
	for _, held := range s.cache.held {
		held.takenBy = "" // a failover lost the use
	}
	_, err = s.service.Call(t.Context(), "loginByCode", args)
	require.ErrorIs(t, err, codes.CodeRejected)
	require.Len(t, s.database.sessions, 1)
}

// The stores retry by themselves. If a reply is lost even so, the caller's repeat gets
// the result.
func TestLostRepliesDontRejectALoginCode(t *testing.T) {
	for name, lose := range map[string]func(s *stand){
		"of the cache":    func(s *stand) { s.cache.loses = 1 },
		"of the database": func(s *stand) { s.database.loses = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			lose(s)
			ctx := element.WithOperation(t.Context(), "one")
			args := element.Args{"loginCode": s.loginCode(), "platform": "api"}
			_, err := s.service.Call(ctx, "loginByCode", args)
			require.ErrorIs(t, err, errcode.StoreUnavailable)
			out, err := s.service.Call(ctx, "loginByCode", args)
			require.NoError(t, err)
			_, err = s.service.Authenticate(ctx, out.(map[string]any)["accessToken"].(string))
			require.NoError(t, err)
		})
	}
}

// Nobody has the session whose creation was not confirmed: another request may open one.
func TestALoginCodeWhoseSessionWasLostIsGood(t *testing.T) {
	s := newStand(t)
	code := s.loginCode()
	args := element.Args{"loginCode": code, "platform": "api"}
	s.database.loses = 1
	_, err := s.service.Call(t.Context(), "loginByCode", args)
	require.ErrorIs(t, err, errcode.StoreUnavailable)
	out, err := s.replica().Call(t.Context(), "loginByCode", args)
	require.NoError(t, err)
	require.Len(t, s.database.sessions, 1)
	_, err = s.service.Authenticate(t.Context(), out.(map[string]any)["accessToken"].(string))
	require.NoError(t, err)
	_, err = s.service.Call(t.Context(), "loginByCode", args)
	require.ErrorIs(t, err, codes.CodeRejected)
}

func TestStoresDownAreSaidSo(t *testing.T) {
	s := newStand(t)
	code := s.loginCode()
	args := element.Args{"loginCode": code, "platform": "api"}
	s.cache.fails = 1
	_, err := s.service.Call(t.Context(), "loginByCode", args)
	require.ErrorIs(t, err, errcode.StoreUnavailable)
	s.database.down = true
	_, err = s.service.Call(t.Context(), "loginByCode", args)
	require.ErrorIs(t, err, errcode.StoreUnavailable)
	var e *errcode.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, time.Second, e.RetryAfter)
	s.database.down = false
	_, err = s.service.Call(t.Context(), "loginByCode", args)
	require.NoError(t, err)
}

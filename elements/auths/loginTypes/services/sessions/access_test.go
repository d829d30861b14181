package sessions

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func TestAccessTokenHasTheClaimsOfTheContract(t *testing.T) {
	s := newStand(t)
	access := s.login()["accessToken"].(string)
	claims := jwt.MapClaims{}
	token, _, err := jwt.NewParser().ParseUnverified(access, claims)
	require.NoError(t, err)
	require.Equal(t, "ES256", token.Header["alg"])
	require.Equal(t, "at+jwt", token.Header["typ"])
	require.Equal(t, s.database.keys[0].ID, token.Header["kid"])
	require.Equal(t, "urn:lintel:acme.shop", claims["iss"])
	require.Equal(t, testApp, claims["aud"])
	require.Equal(t, testUser, claims["sub"])
	require.LessOrEqual(t, claims["exp"].(float64)-claims["iat"].(float64), 900.0)
	require.NotEmpty(t, claims["jti"])
	require.NotEmpty(t, claims["sid"])
	require.NotContains(t, claims, "nbf", "a verifier whose clock is a second behind would refuse the token")

	require.NoError(t, s.service.SetPublicURL("https://app.example"))
	_, err = s.service.Authenticate(t.Context(), access)
	require.ErrorIs(t, err, errcode.LoginRequired, "another issuer")
	_, _, err = jwt.NewParser().ParseUnverified(s.login()["accessToken"].(string), claims)
	require.NoError(t, err)
	require.Equal(t, "https://app.example", claims["iss"])
}

func TestOnlyOurAccessTokensPass(t *testing.T) {
	s := newStand(t)
	good := s.login()["accessToken"].(string)
	claims := jwt.MapClaims{}
	parsed, _, err := jwt.NewParser().ParseUnverified(good, claims)
	require.NoError(t, err)
	ours, err := s.service.keys.signing(t.Context())
	require.NoError(t, err)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)

	sign := func(method jwt.SigningMethod, key any, change func(header map[string]any, c jwt.MapClaims)) string {
		c := jwt.MapClaims{}
		for k, v := range claims {
			c[k] = v
		}
		token := jwt.NewWithClaims(method, c)
		token.Header["kid"], token.Header["typ"] = parsed.Header["kid"], parsed.Header["typ"]
		change(token.Header, c)
		text, err := token.SignedString(key)
		require.NoError(t, err)
		return text
	}
	same := func(map[string]any, jwt.MapClaims) {}
	claim := func(name string, value any) func(map[string]any, jwt.MapClaims) {
		return func(_ map[string]any, c jwt.MapClaims) { c[name] = value }
	}
	header := func(name string, value any) func(map[string]any, jwt.MapClaims) {
		return func(h map[string]any, _ jwt.MapClaims) { h[name] = value }
	}
	_, err = s.service.Authenticate(t.Context(), sign(jwt.SigningMethodES256, ours.private, same))
	require.NoError(t, err)
	for name, text := range map[string]string{
		"no signature":       sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, same),
		"HMAC":               sign(jwt.SigningMethodHS256, []byte("key"), same),
		"another key":        sign(jwt.SigningMethodES256, other, same),
		"another kid":        sign(jwt.SigningMethodES256, other, header("kid", "x")),
		"kid is no text":     sign(jwt.SigningMethodES256, ours.private, header("kid", 1)),
		"another typ":        sign(jwt.SigningMethodES256, ours.private, header("typ", "JWT")),
		"another issuer":     sign(jwt.SigningMethodES256, ours.private, claim("iss", "urn:lintel:other.app")),
		"another audience":   sign(jwt.SigningMethodES256, ours.private, claim("aud", "other.app")),
		"expired":            sign(jwt.SigningMethodES256, ours.private, claim("exp", time.Now().Add(-2*time.Minute).Unix())),
		"no expiry":          sign(jwt.SigningMethodES256, ours.private, func(_ map[string]any, c jwt.MapClaims) { delete(c, "exp") }),
		"from the future":    sign(jwt.SigningMethodES256, ours.private, claim("iat", time.Now().Add(2*time.Minute).Unix())),
		"another's session":  sign(jwt.SigningMethodES256, ours.private, claim("sub", "somebody")),
		"no session":         sign(jwt.SigningMethodES256, ours.private, claim("sid", "")),
		"an unknown session": sign(jwt.SigningMethodES256, ours.private, claim("sid", "x")),
		"too long":           good + string(make([]byte, maxAccess)),
		"nonsense":           "a.b.c",
		"empty":              "",
	} {
		t.Run(name, func(t *testing.T) {
			who, err := s.service.Authenticate(t.Context(), text)
			require.ErrorIs(t, err, errcode.LoginRequired)
			require.Equal(t, element.Caller{}, who)
		})
	}
}

// A token of a replica whose clock is up to a minute ahead is good, also one with the
// nbf that earlier versions wrote.
func TestAMinuteOfClockSkewIsAllowed(t *testing.T) {
	s := newStand(t)
	token, _, err := jwt.NewParser().ParseUnverified(s.login()["accessToken"].(string), jwt.MapClaims{})
	require.NoError(t, err)
	ours, err := s.service.keys.signing(t.Context())
	require.NoError(t, err)
	for _, claim := range []string{"iat", "nbf"} {
		for ahead, good := range map[time.Duration]bool{0: true, time.Second: true, 55 * time.Second: true, 65 * time.Second: false} {
			claims := maps.Clone(token.Claims.(jwt.MapClaims))
			claims[claim] = time.Now().Add(ahead).Unix()
			skewed := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
			skewed.Header = token.Header
			text, err := skewed.SignedString(ours.private)
			require.NoError(t, err)
			_, err = s.service.Authenticate(t.Context(), text)
			require.Equal(t, good, err == nil, "%s %s ahead: %v", claim, ahead, err)
		}
	}
}

func TestAccessTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		access := s.login()["accessToken"].(string)
		time.Sleep(accessTTL + 59*time.Second)
		_, err := s.service.Authenticate(t.Context(), access)
		require.NoError(t, err, "a minute of clockSkew is allowed")
		time.Sleep(2 * time.Second)
		_, err = s.service.Authenticate(t.Context(), access)
		require.ErrorIs(t, err, errcode.LoginRequired)
	})
}

func TestEndOfASessionIsSeenWithinASecondEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		elsewhere := s.replica()
		access := s.login()["accessToken"].(string)
		who, err := elsewhere.Authenticate(t.Context(), access)
		require.NoError(t, err)
		before := s.database.looks
		for range 100 {
			_, err = elsewhere.Authenticate(t.Context(), access)
			require.NoError(t, err)
		}
		require.Equal(t, before, s.database.looks, "one look a second")

		_, err = s.service.Authenticate(t.Context(), access)
		require.NoError(t, err)
		_, err = s.service.Call(element.WithCaller(t.Context(), who), "logout", nil)
		require.NoError(t, err)
		_, err = s.service.Authenticate(t.Context(), access)
		require.ErrorIs(t, err, errcode.LoginRequired, "at once where it ended")
		time.Sleep(time.Second)
		_, err = elsewhere.Authenticate(t.Context(), access)
		require.ErrorIs(t, err, errcode.LoginRequired)
	})
}

func TestSessionThatCantBeLookedUpIsNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		access := s.login()["accessToken"].(string)
		s.database.mu.Lock()
		s.database.down = true
		s.database.mu.Unlock()
		_, err := s.service.Authenticate(t.Context(), access)
		require.ErrorIs(t, err, errcode.StoreUnavailable)
		s.database.mu.Lock()
		s.database.down = false
		s.database.mu.Unlock()
		_, err = s.service.Authenticate(t.Context(), access)
		require.NoError(t, err, "the failure is not remembered")
	})
}

func TestKeysRotateWithoutLosingATokenOrAReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		elsewhere := s.replica()
		old := s.login()["accessToken"].(string)
		_, err := elsewhere.Authenticate(t.Context(), old)
		require.NoError(t, err)
		require.Len(t, s.database.keys, 1)
		time.Sleep(2 * time.Second)

		kid, err := s.service.Rotate(t.Context())
		require.NoError(t, err)
		time.Sleep(publishedBefore + keysTTL)
		fresh := s.login()["accessToken"].(string)
		token, _, err := jwt.NewParser().ParseUnverified(fresh, jwt.MapClaims{})
		require.NoError(t, err)
		require.Equal(t, kid, token.Header["kid"])
		for _, service := range []*Service{s.service, elsewhere} {
			for _, access := range []string{old, fresh} {
				_, err = service.Authenticate(t.Context(), access)
				require.NoError(t, err)
			}
		}
		require.Len(t, publishedKids(t, elsewhere), 2)
		time.Sleep(keysOverlap + time.Second)
		require.Equal(t, []string{kid}, publishedKids(t, elsewhere))
	})
}

// A verifier that keeps a key set for as long as it may knows the key of each token,
// whichever replica signed it, also after several rotations in a row.
func TestCachedKeySetsHoldTheKeysThatSign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		services := []*Service{s.service, s.replica()}
		var made []string
		signed := map[string]int{}
		type cached struct {
			at   time.Time
			kids []string
		}
		caches := make([]cached, 4) // that begin at other times
		for i := range caches {
			caches[i] = cached{time.Now().Add(time.Duration(i)*JWKSCacheTTL/4 - 2*JWKSCacheTTL), nil}
		}
		begun := time.Now()
		for ; time.Since(begun) < 15*time.Minute; time.Sleep(500 * time.Millisecond) {
			for i := range caches {
				if time.Since(caches[i].at) >= 2*JWKSCacheTTL {
					caches[i] = cached{time.Now(), publishedKids(t, services[i%2])}
				}
			}
			if slices.Contains([]time.Duration{300 * time.Second, 330 * time.Second, 331 * time.Second, 540 * time.Second}, time.Since(begun)) {
				kid, err := s.service.Rotate(t.Context())
				require.NoError(t, err)
				made = append(made, kid)
			}
			for _, service := range services {
				key, err := service.keys.signing(t.Context())
				require.NoError(t, err)
				signed[key.id]++
				for _, c := range caches {
					if c.kids != nil {
						require.Contains(t, c.kids, key.id, time.Since(begun))
					}
				}
			}
		}
		require.Len(t, made, 4)
		require.Contains(t, signed, made[2])
		key, err := s.service.keys.signing(t.Context())
		require.NoError(t, err)
		require.Equal(t, made[3], key.id, "the newest signs in the end")
	})
}

func TestReplicasPublishANewKeySoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		elsewhere := s.replica()
		_, err := elsewhere.keys.signing(t.Context())
		require.NoError(t, err)
		kid, err := s.service.Rotate(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Second)
		require.Contains(t, publishedKids(t, elsewhere), kid)
	})
}

func TestFirstKeyIsOneWhoeverStarts(t *testing.T) {
	s := newStand(t)
	first, second := s.replica(), s.replica()
	require.Equal(t, publishedKids(t, first), publishedKids(t, second))
	require.Len(t, s.database.keys, 1)
}

func TestUnknownKeyIDsShareALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		s.login()
		start, looks := time.Now(), map[*keys]bool{}
		var group sync.WaitGroup
		var mu sync.Mutex
		for range 200 {
			group.Go(func() {
				key, err := s.service.keys.verifying(t.Context(), "nobody's")
				require.NoError(t, err)
				require.Nil(t, key)
				mu.Lock()
				looks[s.service.keys.current.Load()] = true
				mu.Unlock()
			})
		}
		group.Wait()
		require.LessOrEqual(t, len(looks), 2)
		require.LessOrEqual(t, time.Since(start), 2*minReadInterval)
	})
}

func TestATokenSignedWithANewKeyIsKnownElsewhereAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		elsewhere := s.replica()
		_, err := elsewhere.keys.read(t.Context())
		require.NoError(t, err)
		who, err := elsewhere.Authenticate(t.Context(), s.login()["accessToken"].(string))
		require.NoError(t, err)
		require.Equal(t, testUser, who.UserID)
	})
}

func TestKeysOfAnotherSecretAreSaidSo(t *testing.T) {
	s := newStand(t)
	s.login()
	s.database.keys[0].Encrypted[20] ^= 1
	other := s.replica()
	_, err := other.keys.signing(t.Context())
	require.ErrorIs(t, err, errcode.Internal)
	_, err = other.Rotate(t.Context())
	require.NoError(t, err)
	_, err = other.keys.signing(t.Context())
	require.NoError(t, err)
}

func publishedKids(t *testing.T, service *Service) []string {
	t.Helper()
	text, err := service.JWKS(t.Context())
	require.NoError(t, err)
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	require.NoError(t, json.Unmarshal(text, &set))
	var kids []string
	for _, key := range set.Keys {
		require.Equal(t, "ES256", key["alg"])
		require.Equal(t, "EC", key["kty"])
		require.NotContains(t, key, "d")
		kids = append(kids, key["kid"])
	}
	return kids
}

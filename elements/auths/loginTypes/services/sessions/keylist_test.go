package sessions

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
)

func states(t *testing.T, s *Service) (all []KeyState) {
	t.Helper()
	list, err := s.Keys(t.Context())
	require.NoError(t, err)
	for _, k := range list {
		all = append(all, k.State)
	}
	return all
}

func TestKeysAreListedWithWhatTheyAreFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		require.Empty(t, states(t, s.service))
		s.login()
		require.Equal(t, []KeyState{KeySigns}, states(t, s.service))
		time.Sleep(2 * time.Second)
		made := time.Now()
		kid, err := s.service.Rotate(t.Context())
		require.NoError(t, err)
		list, err := s.service.Keys(t.Context())
		require.NoError(t, err)
		require.Equal(t, Key{ID: kid, CreatedAt: made.UTC(), State: KeyPublished, Until: made.UTC().Add(publishedBefore)}, list[0])
		require.Equal(t, KeySigns, list[1].State)
		time.Sleep(publishedBefore)
		require.Equal(t, []KeyState{KeySigns, KeyVerifies}, states(t, s.service))
		time.Sleep(keysOverlap)
		require.Equal(t, []KeyState{KeySigns, KeyExpired}, states(t, s.service))
		s.database.keys[0].Encrypted[20] ^= 1
		require.Contains(t, states(t, s.service), KeyUnreadable)
	})
}

// A key that has leaked is retired at once: within a second no replica takes its tokens
// or publishes it, and clients go on by their refresh tokens.
func TestARevokedKeyIsRetiredAtOnce(t *testing.T) {
	for name, rotatedBefore := range map[string]bool{"the only one": false, "after a rotation": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStand(t)
				services := []*Service{s.service, s.replica()}
				out := s.login()
				old := out["accessToken"].(string)
				leaked := publishedKids(t, services[1])[0]
				if rotatedBefore {
					time.Sleep(2 * time.Second)
					_, err := s.service.Rotate(t.Context())
					require.NoError(t, err)
				}
				for _, service := range services {
					_, err := service.Authenticate(t.Context(), old)
					require.NoError(t, err)
				}
				require.NoError(t, s.service.Revoke(t.Context(), leaked))
				require.ErrorIs(t, s.service.Revoke(t.Context(), leaked), errcode.Params)
				time.Sleep(keysTTL)
				for _, service := range services {
					_, err := service.Authenticate(t.Context(), old)
					require.ErrorIs(t, err, errcode.LoginRequired)
					require.NotContains(t, publishedKids(t, service), leaked)
				}
				require.Equal(t, []KeyState{KeySigns}, states(t, s.service))
				_, err := s.refresh(out["refreshToken"].(string))
				require.NoError(t, err)
				fresh := s.login()["accessToken"].(string)
				for _, service := range services {
					_, err := service.Authenticate(t.Context(), fresh)
					require.NoError(t, err)
				}
			})
		})
	}
}

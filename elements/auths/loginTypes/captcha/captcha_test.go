package captcha

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const instance = "auths.loginTypes.myPhoneLogin"

// quick is a renderer that draws nothing.
type quick struct{ drawn atomic.Int64 }

func (q *quick) image([]byte) ([]byte, error) { return q.any() }

func (q *quick) sound([]byte, string) ([]byte, error) { return q.any() }

func (q *quick) any() ([]byte, error) { return strconv.AppendInt(nil, q.drawn.Add(1), 10), nil }

func opened(t testing.TB, r renderer) *Maker {
	t.Helper()
	key := sha256.Sum256([]byte("key"))
	m, err := newMaker(func(string) ([]byte, error) { return key[:], nil }, r)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// solve tries all numbers, as a client does.
func solve(t testing.TB, c *Challenge) string {
	t.Helper()
	for n := range c.Max + 1 {
		answer := strconv.FormatInt(n, 10)
		if sum := sha256.Sum256([]byte(c.Salt + answer)); hex.EncodeToString(sum[:]) == c.Hash {
			return answer
		}
	}
	t.Fatal("there is no answer")
	return ""
}

func pow(t testing.TB, m *Maker, address string) Captcha {
	t.Helper()
	c, err := m.Pow(instance, address)
	require.NoError(t, err)
	return c
}

func TestAComputationIsSolvedByItsNumber(t *testing.T) {
	m := opened(t, &quick{})
	c := pow(t, m, "a")
	require.Equal(t, int64(minEffort), c.Challenge.Max)
	answer := solve(t, c.Challenge)
	got := m.Check(instance, c.Token, answer)
	require.True(t, got.Correct)
	require.Len(t, got.ID, 22)
	for _, wrong := range []string{"", "0" + answer, "-" + answer, answer + "1"} {
		got := m.Check(instance, c.Token, wrong)
		require.False(t, got.Correct, wrong)
		require.NotEmpty(t, got.ID, "it was tried")
	}
	other := pow(t, m, "a")
	require.NotEqual(t, c.Challenge.Salt, other.Challenge.Salt)
	require.NotEqual(t, got.ID, m.Check(instance, other.Token, "").ID)
}

func TestATokenIsOnlyWhatThisAppMadeForThisInstance(t *testing.T) {
	m := opened(t, &quick{})
	c := pow(t, m, "a")
	answer := solve(t, c.Challenge)
	key := sha256.Sum256([]byte("another key"))
	stranger, err := New(func(string) ([]byte, error) { return key[:], nil })
	require.NoError(t, err)
	defer func() { require.NoError(t, stranger.Close()) }()
	require.Equal(t, CheckResult{}, stranger.Check(instance, c.Token, answer))
	require.Equal(t, CheckResult{}, m.Check("auths.loginTypes.other", c.Token, answer))
	for i := range len(c.Token) {
		changed := []byte(c.Token)
		changed[i] ^= 1
		require.Equal(t, CheckResult{}, m.Check(instance, string(changed), answer), "changed at %d", i)
	}
	for _, none := range []string{"", "none", c.Token + "A", c.Token + "=", c.Token + "\n", strings.Repeat("A", 100_000)} {
		require.Equal(t, CheckResult{}, m.Check(instance, none, answer))
	}
}

func TestACaptchaIsOverAfterTwoMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := opened(t, &quick{})
		c := pow(t, m, "a")
		answer := solve(t, c.Challenge)
		time.Sleep(Life - time.Second)
		got := m.Check(instance, c.Token, answer)
		require.True(t, got.Correct)
		require.InDelta(t, time.Second, got.Left, float64(2*time.Millisecond))
		time.Sleep(time.Second)
		require.Equal(t, CheckResult{}, m.Check(instance, c.Token, answer))
	})
}

func TestPicturesAndRecordingsAreMadeAheadAndShownOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := opened(t, dchest{})
		seen := make(map[string]bool)
		for range 20 {
			c, err := m.Image(t.Context(), instance, "a")
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(string(c.PNG), "\x89PNG"))
			require.False(t, seen[string(c.PNG)])
			seen[string(c.PNG)] = true
			require.NotEmpty(t, m.Check(instance, c.Token, "").ID)
		}
		for _, language := range []string{"zh-CN", "en", "fr", ""} {
			c, err := m.Audio(t.Context(), instance, "a", language)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(string(c.WAV), "RIFF"))
		}
	})
}

func TestWhatAPersonTypes(t *testing.T) {
	for typed, want := range map[string]bool{
		"012345": true, " 012 345\n": true, "０１２３４５": true, "01234": false, "0123456": false, "": false, " ": false, "ABCDEF": false,
	} {
		require.Equal(t, want, matches("012345", typed), typed)
	}
	require.True(t, matches("abc", "aBC"))
	require.False(t, matches("", ""), "no captcha has an empty answer")
}

func TestSpokenLanguages(t *testing.T) {
	for tag, want := range map[string]string{"zh-Hans-CN": "zh", "ZH_tw": "zh", "en": "en", "ja-JP": "ja", "ru": "ru", "fr": "en", "": "en", "../zh": "en"} {
		require.Equal(t, want, spokenLanguage(tag), tag)
	}
}

func TestComputationsTakeLongerUnderLoad(t *testing.T) {
	now := time.Unix(1_700_000_000, 0).Truncate(time.Minute)
	l := newDemand()
	for range freeComputations {
		require.Equal(t, int64(minEffort), l.effort("a", now))
	}
	for range 3 * freeComputations {
		l.effort("a", now)
	}
	require.Greater(t, l.effort("a", now), int64(4*minEffort))
	require.Equal(t, int64(minEffort), l.effort("b", now), "another address has nothing to do with it")
	for range 100 * freeComputations {
		l.effort("a", now)
	}
	require.Equal(t, int64(maxEffort), l.effort("a", now))
	require.Greater(t, l.effort("b", now), int64(2*minEffort), "what all ask for counts for everybody")
	require.Equal(t, int64(minEffort), l.effort("b", now.Add(2*time.Minute)))
	require.Equal(t, int64(minEffort), l.effort("a", now.Add(2*time.Minute)))
	require.Equal(t, int64(minEffort), newDemand().effort("", now), "a call from within has no address")
}

func TestAnAddressGetsSoManyPicturesAnHour(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	l := newDemand()
	for i := range maxPictures {
		require.NoError(t, l.admit(Image, "a", now), i)
	}
	var limit *LimitError
	require.ErrorAs(t, l.admit(Image, "a", now), &limit)
	require.Positive(t, limit.RetryAfter)
	require.NoError(t, l.admit(Image, "b", now))
	require.NoError(t, l.admit(Image, "", now))
	for range maxRecordings {
		require.NoError(t, l.admit(Audio, "a", now))
	}
	require.Error(t, l.admit(Audio, "a", now))
	require.NoError(t, l.admit(Image, "a", now.Add(limit.RetryAfter)))
	require.Error(t, l.admit(Image, "a", now.Add(limit.RetryAfter)))
}

func TestAddressesAreForgotten(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	l := newDemand()
	l.started = now
	for i := range 10 * maxAddresses {
		require.NoError(t, l.admit(Image, strconv.Itoa(i), now))
		require.LessOrEqual(t, len(l.addresses)+len(l.previous), 2*maxAddresses)
	}
	for range 3 {
		now = now.Add(2 * time.Hour)
		l.effort("a", now)
	}
	require.LessOrEqual(t, len(l.addresses)+len(l.previous), 2)
}

func TestTheWorldCantMakePicturesFasterThanTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := opened(t, &quick{})
		made, busy := 0, 0
		began := time.Now()
		for time.Since(began) < 10*time.Second {
			var group sync.WaitGroup
			var mu sync.Mutex
			for range 1000 {
				group.Go(func() {
					_, err := m.pictures.take(t.Context())
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						made++
					} else if errors.Is(err, ErrBusy) {
						busy++
					}
				})
			}
			group.Wait()
		}
		require.LessOrEqual(t, made, burst+11*perSecond)
		require.GreaterOrEqual(t, made, burst)
		require.Positive(t, busy)
	})
}

func TestCloseEndsWhatIsBeingMade(t *testing.T) {
	m := opened(t, &quick{})
	_, err := m.Image(t.Context(), instance, "a")
	require.NoError(t, err)
	require.NoError(t, m.Close())
	_, _ = m.Image(t.Context(), instance, "a")
	for len(m.pictures.items) > 0 {
		<-m.pictures.items
	}
	_, err = m.pictures.take(t.Context())
	require.ErrorIs(t, err, ErrBusy)
}

func FuzzCheck(f *testing.F) {
	m := opened(f, &quick{})
	c, err := m.Pow(instance, "")
	require.NoError(f, err)
	f.Add(c.Token, "1")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, token, answer string) {
		if got := m.Check(instance, token, answer); token != c.Token {
			require.Equal(t, CheckResult{}, got, "nobody else makes a token")
		}
	})
}

// BenchmarkImage measures a request for a picture while pictures are made ahead.
func BenchmarkImageRequest(b *testing.B) {
	m := opened(b, dchest{})
	for range picturesKept {
		_, _ = m.Image(b.Context(), instance, "")
	}
	n := 0
	for b.Loop() {
		if n++; n%picturesKept == 0 {
			b.StopTimer()
			for len(m.pictures.items) < picturesKept {
				time.Sleep(time.Millisecond)
			}
			b.StartTimer()
		}
		if _, err := m.Image(b.Context(), instance, ""); err != nil {
			b.Fatal(err)
		}
	}
}

package blackbox_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"image/png"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// solve solves a challenge as docs/captcha.md describes.
func solve(t testing.TB, made blackbox.Dict) blackbox.Args {
	t.Helper()
	require.Equal(t, "pow", made["kind"])
	challenge := made["challenge"].(map[string]any)
	require.Equal(t, "SHA-256", challenge["algorithm"])
	for n := range int(challenge["max"].(float64)) + 1 {
		sum := sha256.Sum256([]byte(challenge["salt"].(string) + strconv.Itoa(n)))
		if hex.EncodeToString(sum[:]) == challenge["hash"] {
			return blackbox.Args{"token": made["token"], "answer": strconv.Itoa(n)}
		}
	}
	t.Fatal("the computation has no answer")
	return nil
}

func solved(t testing.TB, c *blackbox.Client) blackbox.Args {
	t.Helper()
	return solve(t, c.Call(blackbox.Login, "generateCaptcha", blackbox.Args{"kind": "pow"}).OK(t))
}

func send(c *blackbox.Client, phone string, captcha blackbox.Args) *blackbox.Answer {
	args := blackbox.Args{"phone": phone}
	if captcha != nil {
		args["captcha"] = captcha
	}
	return c.Call(blackbox.Login, "sendMessage", args)
}

// guarded makes a shop that asks for captchas, which --dev doesn't, with the limits
// of a new app.
func guarded(t *testing.T, settings map[string]any) *blackbox.Shop {
	shop := blackbox.NewShop(t)
	shop.SetLogin(map[string]any{"captcha": "risk", "ipHourlyLimit": 30})
	shop.SetLogin(settings)
	return shop
}

func TestADefaultAppAsksAnOrdinaryPersonForNoCaptcha(t *testing.T) {
	t.Parallel()
	shop := guarded(t, nil).Open(1)
	person := shop.SignUp(blackbox.Login)
	config := person.Call(blackbox.Login, "getLoginConfig", nil).OK(t)
	require.Equal(t, "risk", config["captcha"])
	require.Equal(t, "pow", config["captchaKind"])
	for range 2 {
		spelt, _ := blackbox.Phone()
		send(shop.Visitor(), spelt, nil).OK(t)
	}
	// This address has sent three times: from now on it needs a captcha.
	spelt, e164 := blackbox.Phone()
	c := shop.Visitor()
	send(c, spelt, nil).Fails(t, http.StatusForbidden, "CAPTCHA_REQUIRED")
	require.Empty(t, shop.Codes(e164))
	send(c, spelt, solved(t, c)).OK(t)
	require.Len(t, shop.Newest(e164), 6)
}

func TestAThousandSendsFromOneAddressMeetACaptchaAndALimit(t *testing.T) {
	t.Parallel()
	shop := guarded(t, nil).Open(1)
	vendor, s := shop.Vendor, shop.Servers[0]
	var codes sync.Map
	var group sync.WaitGroup
	var n atomic.Int64
	for range 8 {
		c := s.Client()
		group.Go(func() {
			for n.Add(1) <= 1000 {
				spelt, _ := blackbox.Phone()
				a := send(c, spelt, nil)
				count, _ := codes.LoadOrStore(a.Code, new(atomic.Int64))
				count.(*atomic.Int64).Add(1)
			}
		})
	}
	group.Wait()
	require.Len(t, vendor.Sent(), 3)
	asked, ok := codes.Load("CAPTCHA_REQUIRED")
	require.True(t, ok)
	require.Equal(t, int64(997), asked.(*atomic.Int64).Load())

	// Solving every captcha leads to the address's limit.
	c := s.Client()
	for i := 3; ; i++ {
		spelt, _ := blackbox.Phone()
		a := send(c, spelt, solved(t, c))
		if i < 30 {
			a.OK(t)
			continue
		}
		a.Fails(t, http.StatusTooManyRequests, "SEND_LIMITED")
		break
	}
	require.Len(t, vendor.Sent(), 30)
}

func TestACaptchaIsGoodForOneTry(t *testing.T) {
	t.Parallel()
	shop := guarded(t, map[string]any{"captcha": "always"}).Open(1)
	c := shop.Visitor()
	phone, e164 := blackbox.Phone()
	fails := func(captcha blackbox.Args, reason string) {
		t.Helper()
		data := send(c, phone, captcha).Fails(t, http.StatusForbidden, "CAPTCHA_ERROR")
		require.Equal(t, blackbox.Dict{"reason": reason}, data)
	}
	send(c, phone, nil).Fails(t, http.StatusForbidden, "CAPTCHA_REQUIRED")

	tried := solved(t, c)
	answer := tried["answer"]
	tried["answer"] = "-1"
	fails(tried, "wrong")
	tried["answer"] = answer
	fails(tried, "expired")
	for _, empty := range []string{"", " "} {
		tried := solved(t, c)
		tried["answer"] = empty
		fails(tried, "wrong")
	}
	fails(blackbox.Args{"token": "none", "answer": "1"}, "expired")
	fails(blackbox.Args{"token": "", "answer": ""}, "expired")
	fails(blackbox.Args{"token": "11111111-2222-4333-8444-555555555555", "answer": ""}, "expired")
	for _, wrong := range []any{blackbox.Args{"token": "x"}, "x", blackbox.Args{}} {
		data := c.Call(blackbox.Login, "sendMessage", blackbox.Args{"phone": phone, "captcha": wrong}).Fails(t, http.StatusBadRequest, "API_PARAMS_ERROR")
		require.Equal(t, "captcha", data["arg"])
	}
	require.Empty(t, shop.Codes(e164), "none of these was a message, a cooldown or a limit")

	good := solved(t, c)
	send(c, phone, good).OK(t)
	require.Len(t, shop.Newest(e164), 6)
	other, _ := blackbox.Phone()
	data := send(c, other, good).Fails(t, http.StatusForbidden, "CAPTCHA_ERROR")
	require.Equal(t, "expired", data["reason"])

	// A cooldown, a wrong phone and wrong arguments don't use up a captcha.
	kept := solved(t, c)
	send(c, phone, kept).Fails(t, http.StatusTooManyRequests, "SEND_TOO_FREQUENT")
	send(c, "12345", kept).Fails(t, http.StatusBadRequest, "PHONE_INVALID")
	c.Call(blackbox.Login, "sendMessage", blackbox.Args{"phone": other, "purpose": "x", "captcha": kept}).Fails(t, http.StatusBadRequest, "API_PARAMS_ERROR")
	send(c, other, kept).OK(t)
	require.NotContains(t, shop.Log(), kept["token"], "a token in the log")
}

func TestOneCaptchaForManySendsAtOnceIsOneMessage(t *testing.T) {
	t.Parallel()
	shop := guarded(t, map[string]any{"captcha": "always", "ipHourlyLimit": 1000}).Open(1)
	vendor, s := shop.Vendor, shop.Servers[0]
	for round := range 5 {
		c := s.Client()
		captcha := solved(t, c)
		var ok, refused atomic.Int64
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				spelt, _ := blackbox.Phone()
				switch a := send(c, spelt, captcha); {
				case a.Status == http.StatusOK:
					ok.Add(1)
				case a.Is("CAPTCHA_ERROR"):
					refused.Add(1)
				default:
					t.Errorf("status %d: %s", a.Status, a.Body)
				}
			})
		}
		group.Wait()
		require.Equal(t, int64(1), ok.Load())
		require.Equal(t, int64(49), refused.Load())
		require.Len(t, vendor.Sent(), round+1)
	}
}

func TestACaptchaThatIsGivenIsCheckedThoughNoneWasAskedFor(t *testing.T) {
	t.Parallel()
	s := blackbox.Example(t).Serve() // captcha off
	c := s.Client()
	phone, _ := blackbox.Phone()
	wrong := solved(t, c)
	wrong["answer"] = "-1"
	send(c, phone, wrong).Fails(t, http.StatusForbidden, "CAPTCHA_ERROR")
	send(c, phone, solved(t, c)).OK(t)
}

func TestPicturesAndRecordings(t *testing.T) {
	t.Parallel()
	s := guarded(t, map[string]any{"captcha": "always", "captchaKind": "image"}).Open(1).Servers[0]
	c := s.Client()
	require.Equal(t, "image", c.Call(blackbox.Login, "getLoginConfig", nil).OK(t)["captchaKind"])
	made := c.Call(blackbox.Login, "generateCaptcha", nil).OK(t)
	require.Equal(t, "image", made["kind"])
	require.Len(t, made, 3)
	text, ok := strings.CutPrefix(made.Text("img"), "data:image/png;base64,")
	require.True(t, ok)
	content, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	_, err = png.Decode(bytes.NewReader(content))
	require.NoError(t, err)

	for _, kind := range []string{"audio", "audio-en"} {
		made = c.Call(blackbox.Login, "generateCaptcha", blackbox.Args{"kind": kind}).OK(t)
		require.Equal(t, "audio", made["kind"])
		text, ok = strings.CutPrefix(made.Text("audio"), "data:audio/wav;base64,")
		require.True(t, ok)
		content, err = base64.StdEncoding.DecodeString(text)
		require.NoError(t, err)
		require.Equal(t, "RIFF", string(content[:4]))
	}

	// Only the picture tells the answer, and a wrong guess uses the captcha up.
	phone, _ := blackbox.Phone()
	made = c.Call(blackbox.Login, "generateCaptcha", nil).OK(t)
	for i, reason := range []string{"wrong", "expired"} {
		data := send(c, phone, blackbox.Args{"token": made["token"], "answer": fmt.Sprintf("%07d", i)}).Fails(t, http.StatusForbidden, "CAPTCHA_ERROR")
		require.Equal(t, reason, data["reason"])
	}

	// A computation is no picture, however right its answer.
	computed := solved(t, c)
	for _, reason := range []string{"wrong", "expired"} {
		data := send(c, phone, computed).Fails(t, http.StatusForbidden, "CAPTCHA_ERROR")
		require.Equal(t, reason, data["reason"])
	}
}

func TestACaptchaUnderANameOfTheClients(t *testing.T) {
	t.Parallel()
	s := guarded(t, map[string]any{"captcha": "always"}).Open(1).Servers[0]
	c := s.Client()
	const id = "2f1d8a52-6a63-4b7f-9a4e-1f0b7c1d2e3f"
	made := c.Call(blackbox.Login, "generateCaptcha", blackbox.Args{"id": id}).OK(t)
	require.Equal(t, id, made["token"])
	phone, _ := blackbox.Phone()
	good := solve(t, made)
	good["token"] = strings.ToUpper(id)
	send(c, phone, good).OK(t)
	other, _ := blackbox.Phone()
	data := send(c, other, good).Fails(t, http.StatusForbidden, "CAPTCHA_ERROR")
	require.Equal(t, "expired", data["reason"])
	again := solve(t, c.Call(blackbox.Login, "generateCaptcha", blackbox.Args{"id": id}).OK(t))
	send(c, other, again).OK(t)
	for _, wrong := range []string{"", "1", "sms_13800138000", strings.Repeat("a", 36), "{" + id + "}"} {
		data := c.Call(blackbox.Login, "generateCaptcha", blackbox.Args{"id": wrong}).Fails(t, http.StatusBadRequest, "API_PARAMS_ERROR")
		require.Equal(t, "id", data["arg"], wrong)
	}
}

func TestReplicasCountTogetherAndTakeEachOthersCaptchas(t *testing.T) {
	t.Parallel()
	shop := guarded(t, nil)
	shop.Together = true
	shop.Open(2)
	first, second := shop.Servers[0], shop.Servers[1]
	for _, s := range []*blackbox.Server{first, second, first} {
		spelt, _ := blackbox.Phone()
		send(s.Client(), spelt, nil).OK(t)
	}
	spelt, _ := blackbox.Phone()
	for _, s := range []*blackbox.Server{first, second} {
		send(s.Client(), spelt, nil).Fails(t, http.StatusForbidden, "CAPTCHA_REQUIRED")
	}
	captcha := solved(t, first.Client())
	send(second.Client(), spelt, captcha).OK(t)
	other, _ := blackbox.Phone()
	for _, s := range []*blackbox.Server{first, second} {
		data := send(s.Client(), other, captcha).Fails(t, http.StatusForbidden, "CAPTCHA_ERROR")
		require.Equal(t, "expired", data["reason"])
	}
}

func TestUnknownPhonesAreAskedAsKnownOnesAre(t *testing.T) {
	t.Parallel()
	shop := guarded(t, map[string]any{"resendInterval": 1}).Open(1)
	known := shop.SignUp(blackbox.Login) // the address's first send
	shop.SetLogin(map[string]any{"allowRegister": 0})
	blackbox.Eventually(t, 10*time.Second, "nobody may register", func() bool {
		return known.Call(blackbox.Login, "getLoginConfig", nil).OK(t)["allowRegister"] == false
	})
	c := shop.Visitor()
	unknown, e164 := blackbox.Phone()
	send(c, unknown, nil).OK(t)
	other, _ := blackbox.Phone()
	send(c, other, nil).OK(t)
	time.Sleep(1100 * time.Millisecond) // resendInterval
	send(c, unknown, nil).Fails(t, http.StatusForbidden, "CAPTCHA_REQUIRED")
	send(c, known.Phone, nil).Fails(t, http.StatusForbidden, "CAPTCHA_REQUIRED")
	require.Equal(t, send(c, unknown, solved(t, c)).OK(t), send(c, known.Phone, solved(t, c)).OK(t))
	require.Empty(t, shop.Codes(e164))
	blackbox.Eventually(t, 10*time.Second, "the known one gets its message", func() bool { return len(shop.Codes(known.E164)) == 2 })
}

func TestPicturesHaveALimitOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := blackbox.Shipped(t).Serve()
	c := s.Client()
	made, limited := 0, 0
	began := time.Now()
	for range 1010 {
		a := c.Call(blackbox.Login, "generateCaptcha", blackbox.Args{"kind": "image"})
		switch {
		case a.Status == http.StatusOK:
			made++
		case a.Is("SEND_LIMITED"):
			limited++
			require.Equal(t, http.StatusTooManyRequests, a.Status)
			require.Positive(t, a.RetryAfter())
		default:
			require.Equal(t, http.StatusServiceUnavailable, a.Status, a.Body)
		}
	}
	t.Logf("%d pictures in %v", made, time.Since(began))
	require.Positive(t, limited)
	require.LessOrEqual(t, made, 1005)
	c.Call(blackbox.Login, "generateCaptcha", blackbox.Args{"kind": "pow"}).OK(t)
}

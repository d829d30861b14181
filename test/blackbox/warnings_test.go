package blackbox_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

func TestOperatorsAreWarnedByValidateAndAtStart(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	app.SetLogin(map[string]any{"smsConfig": map[string]any{}, "testPhones": map[string]any{"13912345678": "246810"}})
	v := blackbox.NewVendor(t)
	app.UseVendor(v, "plain")
	app.Edit("SMS/plain/sms.json", func(c map[string]any) { c["allowPlainHTTP"] = true })

	out := blackbox.Lintel(t, app.Dir, nil, "validate", "--json")
	require.Equal(t, 0, out.Code, "warnings are no errors: %s", out.Stdout)
	var answer struct {
		Problems []struct {
			Element, File, Pointer, Message string
			Line                            int
			Warning                         bool
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out.Stdout), &answer))
	found := map[string]string{}
	for _, p := range answer.Problems {
		require.True(t, p.Warning, p.Message)
		require.NotEmpty(t, p.File)
		require.Positive(t, p.Line, p.Pointer)
		found[p.Pointer] = p.Element
	}
	require.Equal(t, map[string]string{"/testPhones": blackbox.Login, "/smsConfig": blackbox.Login, "/allowPlainHTTP": "SMS.plain"}, found)
	require.NotContains(t, out.Stdout, "246810")
	require.NotContains(t, out.Stdout, "13912345678")

	s := app.Serve()
	for _, words := range []string{"there are test phones", "neither noticeTemplateCode nor noticeText", "plain http is allowed", "139****5678"} {
		blackbox.Eventually(t, 10*time.Second, words, func() bool { return strings.Contains(s.Log(), words) })
	}
	require.NotContains(t, s.Log(), "246810")
	require.NotContains(t, s.Log(), "13912345678")
}

func TestAnOldNumberIsToldThatItWasReplaced(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	app.SetLogin(map[string]any{"resendInterval": 1})
	s := app.Serve()
	p := s.Register()
	var code string
	blackbox.Eventually(t, 5*time.Second, "another code", func() bool {
		return p.Send(p.Phone).Status == 200
	})
	code = s.Code(p.E164)
	ticket := p.Call(blackbox.Login, "checkMyMessage", blackbox.Args{"code": code}).OK(t).Text("ticket")
	spelt, e164 := blackbox.Phone()
	newCode := p.SendCode(spelt, e164)
	a := p.Call(blackbox.Login, "updatePhone", blackbox.Args{"userId": p.UserID, "ticket": ticket, "newPhone": spelt, "newCode": newCode})
	require.Equal(t, 200, a.Status, a.Body)
	blackbox.Eventually(t, 5*time.Second, "the notice", func() bool {
		for _, m := range s.Outbox() {
			if m.Phone == p.E164 && strings.Contains(m.Text, "was replaced") {
				return true
			}
		}
		return false
	})
}

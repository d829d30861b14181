package phonetype_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	phonetype "github.com/lintel-run/lintel/elements/auths/loginTypes/PhoneType"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

func TestFunctionsAreThoseOfTheContract(t *testing.T) {
	type function struct {
		args       string
		login, end bool
	}
	want := map[string]function{
		"sendMessage":     {"phone:Phone purpose:Stext captcha:JitDict ", false, true},
		"getLoginCode":    {"phone:Phone! code:Stext! ", false, true},
		"register":        {"phone:Phone! code:Stext! nick:Stext! ", false, true},
		"bind":            {"userId:Stext! phone:Phone! code:Stext! ", true, true},
		"unbind":          {"userId:Stext! code:Stext! ", true, true},
		"checkMyMessage":  {"code:Stext! ", true, true},
		"updatePhone":     {"userId:Stext! ticket:Stext! newPhone:Phone! newCode:Stext! ", true, true},
		"getLoginConfig":  {"", false, false},
		"generateCaptcha": {"kind:Stext id:Stext ", false, false},
	}
	got := map[string]function{}
	for _, f := range phonetype.Type().Describe().GetFunctions() {
		require.True(t, f.GetExposed(), f.GetName())
		args := ""
		for _, a := range f.GetArgs() {
			args += a.GetName() + ":" + a.GetDataType()
			if a.GetRequired() {
				args += "!"
			}
			args += " "
		}
		got[f.GetName()] = function{args, f.GetLoginRequired(), f.GetRunsToEnd()}
		require.Equal(t, f.GetRunsToEnd(), f.GetChanges(), f.GetName())
	}
	require.Equal(t, want, got)
}

func TestLoginFromSendToLoginCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plain)
		out, err := w.Call(by(""), "sendMessage", sdktest.Args{"phone": "+86 138-0013-8000"})
		require.NoError(t, err)
		require.Equal(t, map[string]any{"code": 200.0, "message": "success", "resendAfter": 45.0, "expiresIn": 300.0}, out)
		message := w.sent()[0]
		require.Equal(t, []any{"+8613800138000"}, message["phoneList"])
		require.Regexp(t, `^\d{6}$`, w.last())
		require.Equal(t, map[string]any{"code": w.last(), "minutes": "5", "product": "Test App"}, message["params"])

		args := sdktest.Args{"phone": alice, "code": w.last()}
		_, err = w.Call(by(""), "getLoginCode", args)
		requireCode(t, codes.UserNotRegistered, err)
		args["nick"] = "  Alice "
		out, err = w.Call(by(""), "register", args)
		require.NoError(t, err)
		made := out.(map[string]any)
		require.Equal(t, "Alice", made["nick"])
		require.Equal(t, "138****8000", made["phone"])
		require.NotEmpty(t, made["loginCode"])
		corps := made["corpList"].([]any)
		require.Equal(t, "The shop", corps[0].(map[string]any)["corpName"])

		time.Sleep(time.Minute)
		out, err = w.Call(by(""), "getLoginCode", sdktest.Args{"phone": "0086" + alice, "code": w.code("", alice, "login")})
		require.NoError(t, err)
		got := out.(map[string]any)
		require.Equal(t, made["userId"], got["userId"])
		require.Equal(t, made["corpList"], got["corpList"])
		require.NotEqual(t, made["loginCode"], got["loginCode"])
	})
}

func TestArgumentsAreCheckedBeforeAnythingIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plain)
		for _, tc := range []struct {
			function string
			args     sdktest.Args
			want     errcode.Code
			arg      string
		}{
			{"sendMessage", sdktest.Args{}, errcode.Params, "phone"},
			{"sendMessage", sdktest.Args{"phone": alice, "purpose": ""}, errcode.Params, "purpose"},
			{"sendMessage", sdktest.Args{"phone": alice, "purpose": "Login"}, errcode.Params, "purpose"},
			{"sendMessage", sdktest.Args{"phone": alice, "captcha": sdktest.Args{}}, errcode.Params, "captcha"},
			{"sendMessage", sdktest.Args{"phone": alice, "captcha": sdktest.Args{"token": "t"}}, errcode.Params, "captcha"},
			{"sendMessage", sdktest.Args{"phone": alice, "captcha": sdktest.Args{"token": "t", "answer": 1}}, errcode.Params, "captcha"},
			{"sendMessage", sdktest.Args{"phone": "", "captcha": sdktest.Args{"token": "t", "answer": "a", "more": 1}}, errcode.Params, "captcha"},
			{"sendMessage", sdktest.Args{"phone": alice, "captcha": sdktest.Args{"token": strings.Repeat("t", 1000), "answer": "a"}}, errcode.Params, "captcha"},
			{"generateCaptcha", sdktest.Args{"kind": "maths"}, errcode.Params, "kind"},
			{"generateCaptcha", sdktest.Args{"kind": ""}, errcode.Params, "kind"},
			{"generateCaptcha", sdktest.Args{"kind": "pow-en"}, errcode.Params, "kind"},
			{"generateCaptcha", sdktest.Args{"id": ""}, errcode.Params, "id"},
			{"generateCaptcha", sdktest.Args{"id": "1"}, errcode.Params, "id"},
			{"sendMessage", sdktest.Args{"purpose": "bind"}, errcode.Params, "phone"},
			{"sendMessage", sdktest.Args{"phone": ""}, codes.PhoneInvalid, ""},
			{"sendMessage", sdktest.Args{"phone": alice + "\n"}, codes.PhoneInvalid, ""},
			{"sendMessage", sdktest.Args{"phone": "+447400123456"}, codes.PhoneRegionNotAllowed, ""},
			{"sendMessage", sdktest.Args{"purpose": "unbind"}, errcode.LoginRequired, ""},
			{"sendMessage", sdktest.Args{"phone": alice, "purpose": "bind"}, errcode.LoginRequired, ""},
			{"getLoginCode", sdktest.Args{"phone": alice, "code": "12345"}, errcode.Params, "code"},
			{"getLoginCode", sdktest.Args{"phone": alice, "code": " 123456"}, errcode.Params, "code"},
			{"getLoginCode", sdktest.Args{"phone": alice, "code": "１２３４５６"}, errcode.Params, "code"},
			{"getLoginCode", sdktest.Args{"phone": alice, "code": 123456}, errcode.Params, "code"},
			{"getLoginCode", sdktest.Args{"phone": alice}, errcode.Params, "code"},
			{"register", sdktest.Args{"phone": alice, "code": "123456", "nick": " "}, errcode.Params, "nick"},
			{"register", sdktest.Args{"phone": alice, "code": "123456", "nick": "a\nb"}, errcode.Params, "nick"},
		} {
			_, err := w.Call(by(""), tc.function, tc.args)
			e := requireCode(t, tc.want, err)
			if tc.arg != "" {
				require.Equal(t, tc.arg, e.Details["arg"], "%v", tc.args)
			}
		}
		require.Empty(t, w.sent())
		w.code("", alice, "")
	})
}

func TestAccountFromBindToUnbind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, `{"smsFullName": "SMS.outbox", "smsConfig": {"noticeTemplateCode": "NOTICE"}}`)
		user := w.user(alice)
		time.Sleep(time.Minute)

		// The phone is moved.
		code := w.code(user, "+86"+alice, "checkMyMessage")
		out, err := w.Call(by(user), "checkMyMessage", sdktest.Args{"code": code})
		require.NoError(t, err)
		ticket := out.(map[string]any)["ticket"]
		code = w.code(user, bob, "updatePhone")
		out, err = w.Call(by(user), "updatePhone", sdktest.Args{"userId": user, "ticket": ticket, "newPhone": bob, "newCode": code})
		require.NoError(t, err)
		require.EqualValues(t, 1, out)
		synctest.Wait()
		notice := w.sent()[len(w.sent())-1]
		require.Equal(t, []any{"+86" + alice}, notice["phoneList"])
		require.Equal(t, "NOTICE", notice["verifyTemplateCode"])

		// It is unbound; the phone may be left out.
		time.Sleep(time.Minute)
		_, err = w.Call(by(user), "sendMessage", sdktest.Args{"purpose": "unbind"})
		require.NoError(t, err)
		require.Equal(t, []any{"+86" + bob}, w.sent()[len(w.sent())-1]["phoneList"])
		out, err = w.Call(by(user), "unbind", sdktest.Args{"userId": user, "code": w.last()})
		require.NoError(t, err)
		require.EqualValues(t, 1, out)
		_, err = w.Call(by(user), "sendMessage", sdktest.Args{"purpose": "unbind"})
		requireCode(t, codes.PhoneNotBound, err)

		// The session goes on, so that a phone can be bound.
		time.Sleep(time.Minute)
		code = w.code(user, alice, "bind")
		out, err = w.Call(by(user), "bind", sdktest.Args{"userId": user, "phone": alice, "code": code})
		require.NoError(t, err)
		require.EqualValues(t, 1, out)
	})
}

func TestAnothersPhoneIsForbiddenForTheOwnOnesPurposes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plain)
		user := w.user(alice)
		for _, purpose := range []string{"unbind", "checkMyMessage"} {
			_, err := w.Call(by(user), "sendMessage", sdktest.Args{"phone": bob, "purpose": purpose})
			requireCode(t, errcode.Forbidden, err)
		}
	})
}

func TestWhoMayNotIsToldBeforePhoneAndCodeAreLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plain)
		user := w.user(alice)
		junk := "junk"
		for _, tc := range []struct {
			as       string
			function string
			args     sdktest.Args
			want     errcode.Code
		}{
			{"", "bind", sdktest.Args{"userId": user, "phone": junk, "code": junk}, errcode.LoginRequired},
			{"", "checkMyMessage", sdktest.Args{"code": junk}, errcode.LoginRequired},
			{user, "bind", sdktest.Args{"userId": "x", "phone": junk, "code": junk}, errcode.Forbidden},
			{user, "unbind", sdktest.Args{"userId": "x", "code": junk}, errcode.Forbidden},
			{user, "updatePhone", sdktest.Args{"userId": "x", "ticket": junk, "newPhone": junk, "newCode": junk}, errcode.Forbidden},
			{user, "bind", sdktest.Args{"userId": user, "phone": junk, "code": junk}, codes.PhoneAlreadyBound},
			{user, "updatePhone", sdktest.Args{"userId": user, "ticket": junk, "newPhone": bob, "newCode": junk}, errcode.Params},
			{user, "updatePhone", sdktest.Args{"userId": user, "ticket": junk, "newPhone": bob, "newCode": "123456"}, codes.TicketRejected},
		} {
			_, err := w.Call(by(tc.as), tc.function, tc.args)
			requireCode(t, tc.want, err)
		}
	})
}

func TestSettingsForALoginPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, `{"smsFullName": "SMS.outbox", "codeLength": 8, "allowRegister": 0, "smsConfig": {"verifySign": "Mine"}}`)
		out, err := w.Call(by(""), "getLoginConfig", nil)
		require.NoError(t, err)
		require.Equal(t, map[string]any{
			"callingCodes": map[string]any{"CN": 86.0}, "logo": "", "colors": map[string]any{},
			"title": "A test", "regions": []any{"CN"}, "defaultRegion": "CN", "codeLength": 8.0, "codeTTL": 300.0,
			"resendInterval": 45.0, "allowRegister": false, "captcha": "risk", "captchaKind": "pow",
			"termsUrl": "", "privacyUrl": "", "consentRequired": 0.0,
		}, out)
		for property, want := range map[string]any{
			"allowRegister": false, "authType": "PhoneType", "isActive": true,
			"authConfig": map[string]any{"accessKey": "******", "verifyTemplateCode": "SMS_1", "verifySign": "Mine"},
		} {
			got, err := w.Get(by(""), property)
			require.NoError(t, err)
			require.Equal(t, want, got, property)
		}
	})
}

func TestWhatALoginPageLinksTo(t *testing.T) {
	for _, good := range []string{"https://shop.example", "https://shop.example/terms?v=2#top", "/", "/terms", "terms.html", "legal/terms", "../terms"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, `{"smsFullName": "SMS.outbox", "termsUrl": "`+good+`", "privacyUrl": "/privacy", "consentRequired": 1}`)
			out, err := w.Call(by(""), "getLoginConfig", nil)
			require.NoError(t, err)
			settings := out.(map[string]any)
			require.Equal(t, []any{good, "/privacy", 1.0}, []any{settings["termsUrl"], settings["privacyUrl"], settings["consentRequired"]})
		})
	}
	_, refused := sdktest.TryOpen(t, phoneType, `{"smsFullName": "a", "consentRequired": 1}`)
	require.Len(t, refused, 1)
	require.Contains(t, refused[0].GetMessage(), "neither termsUrl nor privacyUrl")
}

func TestConfigurationThatCantWorkIsRefused(t *testing.T) {
	for config, pointer := range map[string]string{
		`{"smsFullName": "a", "regions": ["CN", "XX"]}`:                                                "/regions",
		`{"smsFullName": "a", "defaultRegion": "ZZ"}`:                                                  "/defaultRegion",
		`{"smsFullName": "a", "regions": ["US", "GB"]}`:                                                "/defaultRegion",
		`{"smsFullName": "a", "regions": ["US", "GB"], "defaultRegion": "CN"}`:                         "/defaultRegion",
		`{"smsFullName": "a", "defaultRegion": "US"}`:                                                  "/defaultRegion",
		`{"smsFullName": "a", "testPhones": {"123": "123456"}}`:                                        "/testPhones",
		`{"smsFullName": "a", "testPhones": {"+447400123456": "123456"}}`:                              "/testPhones",
		`{"smsFullName": "a", "testPhones": {"13800138000": "12345"}}`:                                 "/testPhones",
		`{"smsFullName": "a", "testPhones": {"13800138000": "123456", "+86 138 0013 8000": "123456"}}`: "/testPhones",
	} {
		_, wrong := sdktest.TryOpen(t, phonetype.Type(), config)
		require.NotEmpty(t, wrong, config)
		require.Equal(t, pointer, wrong[0].GetPointer(), config)
		require.NotContains(t, wrong[0].GetMessage(), "123456")
		require.NotContains(t, wrong[0].GetMessage(), "13800138000")
	}
}

func TestTheDefaultRegionIsTheOnlyOneOrChina(t *testing.T) {
	for config, want := range map[string]string{
		`{"smsFullName": "a"}`: "CN", `{"smsFullName": "a", "regions": ["US"]}`: "US", `{"smsFullName": "a", "regions": ["GB", "CN"]}`: "CN",
		`{"smsFullName": "a", "regions": ["GB", "US"], "defaultRegion": "US"}`: "US",
	} {
		var out phonetype.LoginConfig
		require.NoError(t, sdktest.Open(t, phonetype.Type(), config).CallInto(t.Context(), "getLoginConfig", nil, &out))
		require.Equal(t, want, out.DefaultRegion, config)
	}
}

func TestAnyOtherPurposeIsRefusedByName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, `{"smsFullName": "SMS.outbox"}`)
		for _, purpose := range []string{"", " ", "Login", "login ", "logIn", "signup", "anything", "登录", "bind,unbind"} {
			for _, phone := range []string{"13800138000", "12"} {
				_, err := w.Call(by(""), "sendMessage", sdktest.Args{"phone": phone, "purpose": purpose})
				e, ok := errcode.As(err)
				require.True(t, ok, purpose)
				require.Equal(t, errcode.Params, e.Code, purpose)
				require.Equal(t, "purpose", e.Details["arg"])
			}
		}
	})
}

func TestOperatorsAreWarned(t *testing.T) {
	texts := func(w []*elementv1.Diagnostic) (all string) {
		for _, d := range w {
			all += d.GetPointer() + " " + d.GetMessage() + "\n"
		}
		return all
	}
	quiet := sdktest.Open(t, phonetype.Type(), `{"smsFullName": "a"}`)
	require.Empty(t, quiet.Warnings)
	loud := texts(sdktest.Open(t, phonetype.Type(), `{"smsFullName": "a", "testPhones": {"13800138000": "123456"}}`).Warnings)
	require.Contains(t, loud, "138****8000")
	require.NotContains(t, loud, "13800138000")
	require.NotContains(t, loud, "123456")
}

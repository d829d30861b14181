package catalog

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/runtime/internal/catalog/code"
	"github.com/lintel-run/lintel/runtime/internal/catalog/manifest"
)

func TestAWholeAppIsAnAppJSONAndTwoInstances(t *testing.T) {
	a := newApp(t, with(sms("SMS/mine", `{"$schema":"x","url":"http://localhost","timeout":5}`), map[string]string{
		"auths/loginTypes/myPhoneLogin/e.json":            `{"title":"Phone login","type":"auths.loginTypes.PhoneType"}`,
		"auths/loginTypes/myPhoneLogin/myPhoneLogin.json": `{"smsFullName":"SMS.mine"}`,
	}))
	s := fine(t, a.load())
	require.Equal(t, "org.app", s.App.AppID)

	login := s.Lookup("auths.loginTypes.myPhoneLogin")
	require.Equal(t, Instance, login.Rank)
	require.Equal(t, "auths.loginTypes.PhoneType", login.CodeType)
	require.Equal(t, "auths.loginTypes.Meta", login.Meta)
	require.Equal(t, []string{"auths.loginTypes.PhoneType", "auths.loginTypes.Meta"}, login.Ancestors)
	require.Equal(t, "org.app", login.App)
	require.Equal(t, manifest.Public, login.Access)
	require.JSONEq(t, `{"smsFullName":"SMS.mine"}`, string(login.Config))
	require.Len(t, login.References, 1)
	require.Equal(t, code.Exec, login.Entry.Kind)
	require.False(t, login.Broken)
	require.Equal(t, "bind", login.Functions[1].Name)

	require.JSONEq(t, `{"url":"http://localhost","timeout":5}`, string(s.Lookup("SMS.mine").Config))
	require.Empty(t, s.Lookup("SMS.mine").Functions, "nothing below SMS.Meta is exposed")
	require.True(t, s.Lookup("auths.loginTypes.PhoneType").Eager)
	require.Equal(t, Type, s.Lookup("SMS.Http").Rank)
	require.Equal(t, Meta, s.Lookup("SMS.Meta").Rank)
	require.Empty(t, s.Lookup("SMS.Meta").App)
	require.Nil(t, s.Lookup("SMS.nothing"))
	require.Equal(t, "caches.Default", s.Defaults["defaultCache"])
}

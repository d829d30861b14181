// Package phonetype is the Type auths.loginTypes.PhoneType: login with a phone number
// and a code that is sent to it.
//
// It parses phone numbers and checks arguments. The host keeps codes and users, and
// sends codes through an SMS element. The Type keeps no state, so any number of
// processes may serve an instance.
package phonetype

import (
	"context"

	"github.com/lintel-run/lintel/plugins/sdk"
)

// Name is the Type's full name.
const Name = "auths.loginTypes.PhoneType"

// Type returns the Type.
func Type() sdk.Type {
	return sdk.NewType(Name, open, append(refuseRegions(),
		refuseConsent,
		sdk.Title("Phone login"),
		sdk.Desc("Logging in with a phone number and a code that a message brings."),
		sdk.WarnIf(`{"properties": {"testPhones": {"minProperties": 1}}, "required": ["testPhones"]}`, "/testPhones",
			"there are test phones: they get no message, and a code that is written here opens them"),
		sdk.WarnIf(`{"not": {"required": ["smsConfig"], "properties": {"smsConfig": {"anyOf": [
			{"required": ["noticeTemplateCode"], "properties": {"noticeTemplateCode": {"minLength": 1}}},
			{"required": ["noticeText"], "properties": {"noticeText": {"minLength": 1}}}]}}}}`, "/smsConfig",
			"neither noticeTemplateCode nor noticeText is set: a user's old number is not told when it is replaced"),
		sdk.Func("sendMessage", (*PhoneLogin).SendMessage, sdk.ForAnyone(), sdk.RunsToEnd(),
			sdk.Title("Send a code"), sdk.Desc("Sends a code to a phone.")),
		sdk.Func("getLoginCode", (*PhoneLogin).GetLoginCode, sdk.ForAnyone(), sdk.RunsToEnd(),
			sdk.Title("Log in"), sdk.Desc("Takes a code for a loginCode, which opens a session.")),
		sdk.Func("register", (*PhoneLogin).Register, sdk.ForAnyone(), sdk.RunsToEnd(),
			sdk.Title("Register"), sdk.Desc("Makes a user with a phone, and a loginCode for them.")),
		sdk.Func("bind", (*PhoneLogin).Bind, sdk.ForSignedIn(), sdk.RunsToEnd(),
			sdk.Title("Bind a phone"), sdk.Desc("Gives the current user a phone.")),
		sdk.Func("unbind", (*PhoneLogin).Unbind, sdk.ForSignedIn(), sdk.RunsToEnd(),
			sdk.Title("Unbind the phone"), sdk.Desc("Takes the current user's phone away.")),
		sdk.Func("checkMyMessage", (*PhoneLogin).CheckMyMessage, sdk.ForSignedIn(), sdk.RunsToEnd(),
			sdk.Title("Confirm the own phone"), sdk.Desc("Takes a code of the user's own phone for a ticket, which updatePhone needs.")),
		sdk.Func("updatePhone", (*PhoneLogin).UpdatePhone, sdk.ForSignedIn(), sdk.RunsToEnd(),
			sdk.Title("Replace the phone"), sdk.Desc("Gives the current user another phone and ends their other sessions.")),
		sdk.Func("getLoginConfig", (*PhoneLogin).GetLoginConfig, sdk.ForAnyone(),
			sdk.Title("Login settings"), sdk.Desc("What a login page needs.")),
		sdk.Func("generateCaptcha", (*PhoneLogin).GenerateCaptcha, sdk.ForAnyone(),
			sdk.Title("Make a captcha"), sdk.Desc("Makes a captcha, which sendMessage may ask for.")),
		sdk.Prop("allowRegister", (*PhoneLogin).AllowRegister, sdk.Title("New users")),
		sdk.Prop("authConfig", (*PhoneLogin).AuthConfig, sdk.Title("SMS configuration in use")),
		sdk.Prop("authType", (*PhoneLogin).AuthType, sdk.Title("Kind of login")),
		sdk.Prop("isActive", (*PhoneLogin).IsActive, sdk.Title("Active")),
	)...)
}

// LoginConfig is the result of getLoginConfig: what a login page needs. Times are in
// seconds.
type LoginConfig struct {
	Look
	Title          string   `json:"title"`
	Regions        []string `json:"regions"`
	DefaultRegion  string   `json:"defaultRegion"`
	CodeLength     int      `json:"codeLength"`
	CodeTTL        int      `json:"codeTTL"`
	ResendInterval int      `json:"resendInterval"`
	AllowRegister  bool     `json:"allowRegister"`
	Captcha        string   `json:"captcha"`
	CaptchaKind    string   `json:"captchaKind"`
}

// GetLoginConfig returns what a login page needs.
func (p *PhoneLogin) GetLoginConfig(context.Context, sdk.None) (LoginConfig, error) {
	return LoginConfig{
		Look:           p.look(),
		Title:          p.title,
		Regions:        p.config.Regions,
		DefaultRegion:  p.config.DefaultRegion,
		CodeLength:     p.config.CodeLength,
		CodeTTL:        p.config.CodeTTL,
		ResendInterval: p.config.ResendInterval,
		AllowRegister:  p.config.AllowRegister == 1,
		Captcha:        p.config.Captcha,
		CaptchaKind:    p.config.CaptchaKind,
	}, nil
}

// AllowRegister reports whether new users may register.
func (p *PhoneLogin) AllowRegister(context.Context) (bool, error) {
	return p.config.AllowRegister == 1, nil
}

// AuthConfig returns the SMS configuration in use: that of the SMS element with its
// secrets masked, overridden by this login's.
func (p *PhoneLogin) AuthConfig(ctx context.Context) (map[string]any, error) {
	config := make(map[string]any)
	if err := sdk.HostOf(ctx).Get(ctx, p.config.SMSFullName, "config", &config); err != nil {
		return nil, err
	}
	own := p.config.SMSConfig
	for key, value := range map[string]string{
		"verifyTemplateCode": own.VerifyTemplateCode,
		"verifySign":         own.VerifySign,
		"noticeTemplateCode": own.NoticeTemplateCode,
		"noticeText":         own.NoticeText,
	} {
		if value != "" {
			config[key] = value
		}
	}
	if len(own.VerifyParams) > 0 {
		config["verifyParams"] = own.VerifyParams
	}
	return config, nil
}

// AuthType returns the kind of login.
func (p *PhoneLogin) AuthType(context.Context) (string, error) { return "PhoneType", nil }

// IsActive returns true: an instance that isn't active has no properties.
func (p *PhoneLogin) IsActive(context.Context) (bool, error) { return true, nil }

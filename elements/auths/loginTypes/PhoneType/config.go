package phonetype

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/elements/phone/numbering"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Config is an instance's configuration.
type Config struct {
	SMSFullName      string            `json:"smsFullName" jsonschema:"required,minLength=1" element:"SMS.Meta" title:"SMS" doc:"Full name of the SMS instance that sends the codes."`
	AllowRegister    int               `json:"allowRegister" jsonschema:"minimum=0,maximum=1" default:"1" title:"New users" doc:"1: an unknown phone may register. 0: only known phones get a message, and nobody can tell which those are."`
	SMSConfig        SMSConfig         `json:"smsConfig" title:"Message" doc:"What this login wants of the message; wins over what the SMS instance has. With an SMS.Route, whose vendors have templates of their own, only noticeText."`
	CodeLength       int               `json:"codeLength" jsonschema:"minimum=6,maximum=10" default:"6" doc:"Digits of a code."`
	CodeTTL          int               `json:"codeTTL" jsonschema:"minimum=1,maximum=600" default:"300" doc:"Seconds that a code is valid, from its sending."`
	ResendInterval   int               `json:"resendInterval" jsonschema:"minimum=1,maximum=86400" default:"45" doc:"Seconds between two messages to a phone."`
	MaxAttempts      int               `json:"maxAttempts" jsonschema:"minimum=1,maximum=1000" default:"5" doc:"Wrong guesses that a code allows."`
	PhoneHourlyLimit int               `json:"phoneHourlyLimit" jsonschema:"minimum=1,maximum=1000000" default:"5" doc:"Messages to a phone in any hour."`
	PhoneDailyLimit  int               `json:"phoneDailyLimit" jsonschema:"minimum=1,maximum=1000000" default:"10" doc:"Messages to a phone in any 24 hours."`
	IPHourlyLimit    int               `json:"ipHourlyLimit" jsonschema:"minimum=1,maximum=1000000" default:"30" doc:"Messages asked for from an address (IPv6: a /64) in any hour."`
	IPHourlyGuesses  int               `json:"ipHourlyGuesses" jsonschema:"minimum=1,maximum=1000000" default:"60" doc:"Wrong guesses from an address (IPv6: a /64) in any hour, over all phones."`
	AppHourlyLimit   int               `json:"appHourlyLimit" jsonschema:"minimum=0,maximum=1000000" default:"0" doc:"Messages of the whole app in any hour; 0: no limit."`
	Regions          []string          `json:"regions" jsonschema:"minItems=1" default:"[\"CN\"]" doc:"Regions whose numbers may log in: ISO 3166 codes in capitals."`
	DefaultRegion    string            `json:"defaultRegion,omitempty" among:"regions" doc:"Region of a number without country code, one of regions. Where it is not set: the only one of regions, else CN."`
	Captcha          string            `json:"captcha" jsonschema:"enum=off,enum=risk,enum=always" default:"risk" doc:"When a captcha is asked for before a message is sent: never, when an address or many phones of a kind look suspicious, or always. With --dev: never."`
	CaptchaKind      string            `json:"captchaKind" jsonschema:"enum=pow,enum=image" default:"pow" doc:"The captcha that is offered. pow: the browser works, the person does nothing; pictures are accepted too. image: the person reads digits, or has them read out; nothing else is accepted."`
	TestPhones       map[string]string `json:"testPhones" secret:"true" doc:"Phones that never get a message, each with the code that opens the user made through it. For those who review the app in a store. They have no cooldown and 60 sends an hour of their own; after 20 wrong guesses no code opens one until its entry changes."`
	CorpFullName     string            `json:"corpFullName" element:"corps.Meta" doc:"Full name of the corp that new users join; the app's default where it is not set."`
	AllowUnbindLast  int               `json:"allowUnbindLast" jsonschema:"minimum=0,maximum=1" default:"1" doc:"Whether a user may unbind their only way to log in."`
	Logo             string            `json:"logo,omitempty" jsonschema:"maxLength=65536,pattern=^(https://|/[^/]|data:image/(png|jpeg|webp|gif|svg\\+xml);base64\\,)" doc:"Picture on the login page: an https URL, a path of the site, or a data URI."`
	TermsURL         string            `json:"termsUrl,omitempty" jsonschema:"maxLength=2048,pattern=^(https://[^/?#@\\s\\\\]|/([^/\\s\\\\]|$)|[A-Za-z0-9_.~%-]+([/?#]|$))[^\\s\\\\]*$" doc:"The terms of use, which the login page links to: an https URL or a relative one."`
	PrivacyURL       string            `json:"privacyUrl,omitempty" jsonschema:"maxLength=2048,pattern=^(https://[^/?#@\\s\\\\]|/([^/\\s\\\\]|$)|[A-Za-z0-9_.~%-]+([/?#]|$))[^\\s\\\\]*$" doc:"The privacy policy, likewise."`
	ConsentRequired  int               `json:"consentRequired" jsonschema:"minimum=0,maximum=1" default:"0" doc:"1: nobody gets a code on the login page before they have ticked a box beside the links."`
	Colors           Colors            `json:"colors" doc:"Colours of the login page. Text on them is black or white, whichever can be read."`
}

const wrongConsent = "is 1, but there is neither termsUrl nor privacyUrl to agree to"

// refuseConsent refuses a box without anything to agree to.
var refuseConsent = sdk.RefuseIf(`{"required":["consentRequired"],"properties":{"consentRequired":{"const":1}},"not":{"anyOf":[
	{"required":["termsUrl"],"properties":{"termsUrl":{"minLength":1}}},
	{"required":["privacyUrl"],"properties":{"privacyUrl":{"minLength":1}}}]}}`, "/consentRequired", wrongConsent)

// SMSConfig overrides the SMS instance's configuration for this login's messages.
type SMSConfig struct {
	VerifyTemplateCode string   `json:"verifyTemplateCode,omitempty" excludes:"../smsFullName=SMS.Route" doc:"The vendor's template of a code's message."`
	VerifySign         string   `json:"verifySign,omitempty" excludes:"../smsFullName=SMS.Route" doc:"The signature that the vendor puts before it."`
	VerifyParams       []string `json:"verifyParams,omitempty" excludes:"../smsFullName=SMS.Route" doc:"The template's variables, in its order."`
	NoticeTemplateCode string   `json:"noticeTemplateCode,omitempty" excludes:"../smsFullName=SMS.Route" doc:"The vendor's template that tells an old number of a change."`
	NoticeText         string   `json:"noticeText,omitempty" jsonschema:"example=Your phone number at ${product} was replaced." doc:"The text that tells an old number of a change, for vendors that send text."`
}

// PhoneLogin is an opened instance. Its methods may be called from any goroutine.
type PhoneLogin struct {
	config   Config
	title    string
	appTitle string
	rules    *numbering.Rules
	// tests are the entries of the test phones, by E.164.
	tests map[string]*elementv1.TestEntry
}

func open(ctx context.Context, c Config, env sdk.Env) (*PhoneLogin, error) {
	if c.DefaultRegion == "" {
		c.DefaultRegion = defaultRegion(c.Regions)
	}
	if env.App.Dev {
		c.Captcha = "off"
	}
	rules, unknown := numbering.NewRules(c.Regions, c.DefaultRegion)
	if rules == nil {
		if unknown == c.DefaultRegion {
			return nil, sdk.ConfigError("/defaultRegion", wrongRegion)
		}
		return nil, sdk.ConfigError("/regions", wrongRegions)
	}
	if c.ConsentRequired == 1 && c.TermsURL == "" && c.PrivacyURL == "" {
		return nil, sdk.ConfigError("/consentRequired", wrongConsent)
	}
	if !slices.Contains(c.Regions, c.DefaultRegion) {
		return nil, sdk.ConfigError("/defaultRegion", "%s is not among regions: %s", c.DefaultRegion, strings.Join(c.Regions, ", "))
	}
	p := &PhoneLogin{
		config:   c,
		title:    env.Title,
		appTitle: env.App.Title,
		rules:    rules,
	}
	var err error
	if p.tests, err = testsOf(c, rules); err != nil {
		return nil, err
	}
	for number := range p.tests {
		sdk.Warn(ctx, "/testPhones", "%s is a test phone: it gets no message, and a code that is written here opens it", phone.Mask(number))
	}
	return p, nil
}

// testsOf reads the test phones. Its errors contain no phone and no code.
func testsOf(c Config, rules *numbering.Rules) (map[string]*elementv1.TestEntry, error) {
	tests := make(map[string]*elementv1.TestEntry, len(c.TestPhones))
	var wrong []error
	for text, code := range c.TestPhones {
		number, err := rules.Normalize(text)
		switch {
		case errors.Is(err, numbering.ErrRegion):
			wrong = append(wrong, sdk.ConfigError("/testPhones", "a test phone is of a region that is not in regions"))
		case err != nil:
			wrong = append(wrong, sdk.ConfigError("/testPhones", "a test phone is not a mobile number"))
		case tests[number] != nil:
			wrong = append(wrong, sdk.ConfigError("/testPhones", "%s occurs twice", phone.Mask(number)))
		case !isCode(code, c.CodeLength):
			wrong = append(wrong, sdk.ConfigError("/testPhones", "the code of %s is not %s", phone.Mask(number), digits(c.CodeLength)))
		default:
			tests[number] = &elementv1.TestEntry{Code: code}
		}
	}
	return tests, errors.Join(wrong...)
}

func digits(n int) string { return fmt.Sprintf("%d digits", n) }

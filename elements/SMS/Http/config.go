// Package httptype implements the Type SMS.Http: any vendor with an HTTP API, whose
// request, response and receipts the instance's configuration describes.
package httptype

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/invopop/jsonschema"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Config is an instance's configuration.
type Config struct {
	delivery.Settings
	delivery.TemplateSettings
	Text string `json:"text,omitempty" default:"${product}: ${code}, valid for ${minutes} minutes" doc:"what ${text} stands for; ${code} and other values of the call may stand in it"`

	Method   string            `json:"method" default:"POST" jsonschema:"enum=POST,enum=GET,enum=PUT" doc:"the request's method"`
	URL      string            `json:"url" jsonschema:"required,minLength=1,example=https://sms.example.com/send" doc:"where the request goes; placeholders may stand in path and query"`
	Headers  map[string]string `json:"headers,omitempty" doc:"the request's headers"`
	Secrets  map[string]string `json:"secrets,omitempty" secret:"true" doc:"what ${secrets.NAME} stands for"`
	BodyType string            `json:"bodyType,omitempty" jsonschema:"enum=json,enum=form,enum=xml,enum=text,enum=none" doc:"how the body is written; without it json, or none where there is no body"`
	Body     json.RawMessage   `json:"body,omitempty" doc:"any JSON value for json, an object or text for form, text for xml and text"`
	Charset  string            `json:"charset" default:"utf-8" jsonschema:"enum=utf-8,enum=gbk" doc:"of the request and the answer"`
	// NationalOf matters only where the request has no other form of the phone.
	NationalOf string `json:"nationalOf" default:"86" jsonschema:"pattern=^[1-9][0-9]{0,2}$" doc:"country calling code of the numbers that ${phoneNational} stands for where the request has no ${countryCode}, ${phone} or ${phoneDigits}; others are refused"`
	Sign       string `json:"sign,omitempty" doc:"what ${signed} stands for; ${body} may stand in it"`

	Accepted  Rule      `json:"accepted" jsonschema:"required" doc:"the vendor's positive marker: all conditions must hold"`
	Refused   []Refusal `json:"refused,omitempty" doc:"what the vendor's refusals look like; the first that holds counts, before accepted"`
	MessageID string    `json:"messageId,omitempty" doc:"JSON pointer to the vendor's name of the message"`
	Receipt   *Receipt  `json:"receipt,omitempty" doc:"what the vendor's delivery receipts look like, where it pushes them"`

	AllowPrivateNetwork bool `json:"allowPrivateNetwork,omitempty" doc:"let requests go to private addresses"`
}

// JSONSchemaExtend adds what the Go types can't express.
func (Config) JSONSchemaExtend(s *jsonschema.Schema) {
	s.Properties.Set("body", &jsonschema.Schema{
		AnyOf: []*jsonschema.Schema{
			{Type: "object"}, {Type: "array"}, {Type: "string"}, {Type: "number"}, {Type: "boolean"}, {Type: "null"},
		},
	})
	if secrets, ok := s.Properties.Get("secrets"); ok && secrets.AdditionalProperties != nil {
		secrets.AdditionalProperties.WriteOnly = true
	}
}

// Type returns the Type SMS.Http.
func Type() sdk.Type {
	return delivery.NewType("SMS.Http", "Any vendor with an HTTP API",
		"Sends messages with an HTTP request that the configuration describes.", open,
		append(delivery.RefuseURL("url", `"endpoint":{"const":""}`), delivery.WithReceipts())...)
}

func open(ctx context.Context, c Config, _ sdk.Env) (*delivery.Sender, error) {
	v := &vendor{config: c, charset: charset(c.Charset), uses: make(map[string]bool)}
	names := placeholderNames{secrets: c.Secrets, used: v.uses, plain: make(map[string]bool)}
	var wrong []error
	check := func(err error) {
		if err != nil {
			wrong = append(wrong, err)
		}
	}
	var err error
	v.url, err = newURL(ctx, c, names)
	check(err)
	v.body, err = newBody(c, names)
	check(err)
	signed := names.with("body")
	signed.plain = make(map[string]bool) // only its digest is sent
	v.sign, err = compile("/sign", c.Sign, signed, v.charset.wireEscaper())
	check(err)
	if c.Sign != "" {
		names = names.with("signed")
	}
	v.headers, err = newHeaders(c.Headers, names.with("body"))
	check(err)
	v.nationalOnly = names.plain["phoneNational"] && !names.plain["countryCode"] && !names.plain["phone"] && !names.plain["phoneDigits"]
	check(c.Accepted.check("/accepted"))
	for i, r := range c.Refused {
		check(r.check("/refused/" + strconv.Itoa(i)))
	}
	check(checkPointer("/messageId", c.MessageID, true))
	check(c.Receipt.check())
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	v.client = delivery.NewClient(v.url.guard)

	o := delivery.Options{
		Settings: c.Settings, TemplateSettings: c.TemplateSettings,
		RequireTemplate: v.uses["template"], RequireSign: v.uses["sign"], Close: v.client.Close,
	}
	// The request names the variables that it needs; no others are required.
	o.VerifyParams = nil
	if v.uses["text"] {
		o.Text = c.Text
	}
	return delivery.NewSender("", v, o), nil
}

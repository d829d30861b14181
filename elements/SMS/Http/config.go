// Package httptype implements the Type SMS.Http: any vendor with an HTTP API, whose
// request, response and receipts the instance's configuration describes.
package httptype

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
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
	Values   map[string]string `json:"values,omitempty" doc:"what ${values.NAME} stands for: intermediate results, which may contain each other and be keys of hmacSha1 and hmacSha256"`
	BodyType string            `json:"bodyType,omitempty" jsonschema:"enum=json,enum=form,enum=xml,enum=text,enum=none" doc:"how the body is written; without it json, or none where there is no body"`
	Body     json.RawMessage   `json:"body,omitempty" doc:"any JSON value for json, an object or text for form, text for xml and text"`
	Charset  string            `json:"charset" default:"utf-8" jsonschema:"enum=utf-8,enum=gbk" doc:"of the request and the answer"`
	// NationalOf matters only where the request has no other form of the phone.
	NationalOf string `json:"nationalOf" default:"86" jsonschema:"pattern=^[1-9][0-9]{0,2}$" doc:"country calling code of the numbers that ${phoneNational} stands for where the request has no ${countryCode}, ${phone} or ${phoneDigits}; others are refused"`
	Sign       string `json:"sign,omitempty" doc:"what ${signed} stands for; ${body} may stand in it"`

	Accepted  Rule      `json:"accepted" jsonschema:"required" doc:"the vendor's positive marker: all conditions must hold"`
	Refused   []Refusal `json:"refused,omitempty" doc:"what the vendor's refusals look like; the first that holds counts, before accepted"`
	MessageID MessageID `json:"messageId,omitzero" doc:"where the answer has the vendor's ID of the message: a place as in where, or {\"matches\": \"expression\"} for the whole text, of which the first group is the ID"`
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
	if accepted, ok := s.Properties.Get("accepted"); ok {
		accepted.Examples = []any{map[string]any{"status": []int{200}}}
	}
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

func open(ctx context.Context, c Config, env sdk.Env) (*delivery.Sender, error) {
	v := &vendor{config: c, charset: charset(c.Charset)}
	names := &instanceNames{
		secrets: c.Secrets, values: &values{configured: c.Values, compiled: map[string]*namedTemplate{}}, hasSign: c.Sign != "",
	}
	var wrong []error
	check := func(err error) {
		if err != nil {
			wrong = append(wrong, err)
		}
	}
	check(v.compile(ctx, names, check))
	check(c.Accepted.compile("/accepted"))
	for i, r := range c.Refused {
		check(r.compile("/refused/" + strconv.Itoa(i)))
	}
	check(v.config.MessageID.compile("/messageId"))
	check(v.config.Receipt.compile())
	if len(wrong) > 0 {
		return nil, errors.Join(unique(wrong)...)
	}
	network, err := c.Network(env)
	if err != nil {
		return nil, err
	}
	network.Guard = v.url.guard
	v.client = delivery.NewClient(network)

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

// compile compiles the templates of the request.
func (v *vendor) compile(ctx context.Context, names *instanceNames, check func(error)) error {
	c := v.config
	inBody, inSign := names.place(false, false), names.place(true, false)
	inHeaders, inURL := names.place(true, true), names.place(true, true)
	var err error
	v.url, err = newURL(ctx, c, inURL)
	check(err)
	v.body, err = newBody(c, inBody)
	check(err)
	v.sign, err = compile("/sign", c.Sign, inSign, v.charset.wireEscaper())
	check(err)
	v.headers, err = newHeaders(c.Headers, inHeaders)
	check(err)
	v.values = names.values.compiled
	v.uses = make(map[string]bool)
	shown := make(map[string]bool)
	for _, place := range []*placeNames{inURL, inBody, inSign, inHeaders} {
		maps.Copy(v.uses, place.used)
		if place != inSign { // only a digest of it is sent
			for source, legible := range place.shown {
				shown[source] = shown[source] || legible
			}
		}
	}
	_, national := shown["phoneNational"]
	v.nationalOnly = national && !shown["countryCode"] && !shown["phone"] && !shown["phoneDigits"]
	return names.values.compileAll(names)
}

// unique returns errors without those that say the same.
func unique(list []error) []error {
	seen := make(map[string]bool)
	return slices.DeleteFunc(list, func(err error) bool {
		again := seen[err.Error()]
		seen[err.Error()] = true
		return again
	})
}

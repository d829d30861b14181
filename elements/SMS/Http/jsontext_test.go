package httptype_test

import (
	"context"
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

// hostile are values that try to leave their place.
var hostile = []string{"493027", `1","admin":"1`, `"}`, `\`, `\"`, `${phone}`, "]", "a&b=c", "a\r\nb", "中😀", "</a>", `","x":{"y":"`, "\u2028", ""}

// A value in JSON stays in its place, wherever the JSON stands.
func TestJSONWithinOtherBodiesKeepsItsStructure(t *testing.T) {
	const quoted, bare = `{"code":"${params.v}","n":[1,"<${params.v}>"]}`, `{"code":${params.v | json},"n":[1,"<${params.v}>"]}`
	for name, c := range map[string]struct {
		config map[string]any
		read   func(r request) string
	}{
		"form field":       {map[string]any{"bodyType": "form", "body": map[string]any{"p": quoted}}, formField},
		"form field, json": {map[string]any{"bodyType": "form", "body": map[string]any{"p": bare}}, formField},
		"form text":        {map[string]any{"bodyType": "form", "body": "a=1&p=" + quoted}, formField},
		"form text, json":  {map[string]any{"bodyType": "form", "body": "p=" + bare + "&z=1"}, formField},
		"text":             {map[string]any{"bodyType": "text", "body": bare}, func(r request) string { return string(r.body) }},
		"text, quoted":     {map[string]any{"bodyType": "text", "body": " " + quoted}, func(r request) string { return string(r.body) }},
		"a named value":    {map[string]any{"bodyType": "form", "body": map[string]any{"p": "${values.p}"}, "values": map[string]string{"p": quoted}}, formField},
		"JSON": {map[string]any{"body": map[string]any{"p": quoted}}, func(r request) string {
			var body struct{ P string }
			_ = json.Unmarshal(r.body, &body)
			return body.P
		}},
		"query": {map[string]any{"query": "?p=" + quoted + "&z=2", "method": "GET"}, func(r request) string { return r.URL.Query().Get("p") }},
	} {
		t.Run(name, func(t *testing.T) {
			address, seen := vendor(t, saying(200, ""))
			query, _ := c.config["query"].(string)
			delete(c.config, "query")
			c.config["url"] = address + query
			sms := open(t, c.config)
			for _, v := range hostile {
				_, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"v": v}})
				require.NoError(t, err, v)
				want, _ := json.Marshal(map[string]any{"code": v, "n": []any{1, "<" + v + ">"}})
				require.JSONEq(t, string(want), c.read(seen()), "%q: %s", v, seen().body)
			}
		})
	}
}

func formField(r request) string {
	form, err := url.ParseQuery(string(r.body))
	if err != nil {
		return err.Error()
	}
	return form.Get("p")
}

// Numbers may stand without quotes, where they are some.
func TestNumbersInJSONText(t *testing.T) {
	address, seen := vendor(t, saying(200, ""))
	sms := open(t, map[string]any{"url": address, "bodyType": "text", "body": `{"t":${timestamp},"id":${template},"n":${requestNumber},"ms":${timestamp | date:millis},"p":${phoneDigits}}`})
	send := func(template string) error {
		_, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{}, "verifyTemplateCode": template})
		return err
	}
	require.NoError(t, send("17"))
	var got map[string]json.Number
	require.NoError(t, json.Unmarshal(seen().body, &got), string(seen().body))
	require.Equal(t, json.Number("17"), got["id"])
	for _, wrong := range []string{"x", `1,"a":2`, "01", "null", "1,2", "[]"} {
		require.ErrorIs(t, send(wrong), smscode.Params, wrong)
	}
}

// A message brings less than a login code's, such as a notice: what it doesn't bring is
// left out with its key.
func TestParametersOfOtherMessagesAreLeftOut(t *testing.T) {
	notice := sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"product": "Shop"}, "verifyTemplateCode": "NOTICE"}
	for name, c := range map[string]struct {
		config map[string]any
		want   string
		read   func(r request) string
	}{
		"JSON": {map[string]any{"body": map[string]any{"tpl": "${template}", "vars": map[string]string{"code": "${params.code}", "product": "${params.product}"}, "list": []string{"${params.code}", "${params.product}", "in ${params.minutes} min"}}},
			`{"list":["Shop"],"tpl":"NOTICE","vars":{"product":"Shop"}}`, nil},
		"form":      {map[string]any{"bodyType": "form", "body": map[string]any{"tpl": "${template}", "code": "<${params.code}>", "product": "${params.product}"}}, `{"product":["Shop"],"tpl":["NOTICE"]}`, formJSON},
		"form text": {map[string]any{"bodyType": "form", "body": "code=${params.code}&tpl=${template}&m=1${params.minutes}&product=${params.product}"}, `{"product":["Shop"],"tpl":["NOTICE"]}`, formJSON},
		"JSON in a form": {map[string]any{"bodyType": "form", "body": map[string]any{"tpl": "${template}", "vars": `{"code": ${params.code | json}, "a": {"m": "${params.minutes}"}, "product": "${params.product}"}`}},
			`{"tpl":["NOTICE"],"vars":["{\"a\":{},\"product\":\"Shop\"}"]}`, formJSON},
		"a value": {map[string]any{"values": map[string]string{"c": "${params.code | md5}"}, "body": map[string]string{"tpl": "${template}", "c": "${values.c}", "h": "${params.product | hmacSha1:values.c}"}}, `{"tpl":"NOTICE"}`, nil},
		"header": {map[string]any{"headers": map[string]string{"Code": "${params.code}", "P": "${params.product}"}, "bodyType": "text", "body": "${template}"}, `["Shop"]`, func(r request) string {
			out, _ := json.Marshal(append(r.Header["P"], r.Header["Code"]...))
			return string(out)
		}},
		"query":            {map[string]any{"query": "?c=${params.code}&p=${params.product}&t=${template}", "method": "GET"}, `{"p":["Shop"],"t":["NOTICE"]}`, func(r request) string { out, _ := json.Marshal(r.URL.Query()); return string(out) }},
		"the login's text": {map[string]any{"body": map[string]string{"tpl": "${template}", "text": "${text}"}}, `{"tpl":"NOTICE"}`, nil},
		"XML":              {map[string]any{"bodyType": "xml", "body": "<a><c>${params.code}</c><p>${params.product}</p><t>${template}</t></a>"}, `"<a><c></c><p>Shop</p><t>NOTICE</t></a>"`, func(r request) string { out, _ := json.Marshal(string(r.body)); return string(out) }},
	} {
		t.Run(name, func(t *testing.T) {
			address, seen := vendor(t, saying(200, ""))
			query, _ := c.config["query"].(string)
			delete(c.config, "query")
			c.config["url"] = address + query
			c.config["verifyTemplateCode"] = "LOGIN"
			sms := open(t, c.config)
			_, err := sms.Call(context.Background(), "sendMessage", notice)
			require.NoError(t, err)
			got := string(seen().body)
			if c.read != nil {
				got = c.read(seen())
			}
			require.JSONEq(t, c.want, got)
			// The instance's own template needs what it names.
			_, err = sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"product": "Shop"}})
			require.ErrorIs(t, err, smscode.Params)
		})
	}
}

func formJSON(r request) string {
	form, _ := url.ParseQuery(string(r.body))
	out, _ := json.Marshal(form)
	return string(out)
}

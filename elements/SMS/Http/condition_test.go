package httptype_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

// outcome sends a message that is answered so, and returns its message ID, or how it
// failed.
func outcome(t *testing.T, rules, charset string, status int, answer string) (result, messageID string) {
	t.Helper()
	url, _ := vendor(t, saying(status, answer))
	config := map[string]any{"url": url, "charset": charset}
	require.NoError(t, json.Unmarshal([]byte(rules), &config))
	var sent delivery.SendResult
	sms := open(t, config)
	err := sms.CallInto(t.Context(), "sendMessage", args, &sent)
	if err == nil {
		return "accepted", sent.Results[0].MessageID
	}
	e := coded(t, err)
	if e.Code == smscode.Failed {
		return "unknown", ""
	}
	reason, _ := e.Details["reason"].(string)
	return reason, ""
}

func TestAnswersAreReadAtEveryPlace(t *testing.T) {
	const gbkXML = "<?xml version=\"1.0\" encoding=\"GBK\"?><r><m>\xb3\xc9\xb9\xa6</m><id> 9 </id></r>" // 成功
	for name, c := range map[string]struct {
		rules, charset string
		status         int
		answer         string
		want, id       string
	}{
		"number as text":             {`{"accepted":{"where":{"/c":"0"}},"messageId":"/d/0/id"}`, "", 200, `{"c":0,"d":[{"id":12345678901234567890}]}`, "accepted", "12345678901234567890"},
		"text as number":             {`{"accepted":{"where":{"/c":0}}}`, "", 200, `{"c":"0"}`, "accepted", ""},
		"XML":                        {`{"accepted":{"where":{"xml:/r/c":0}},"messageId":"xml:/r/ids/id"}`, "", 200, `<r><c>0</c><ids><id>a</id><id>b</id></ids></r>`, "accepted", "a"},
		"XML attribute, namespace":   {`{"accepted":{"where":{"xml:/r/@code":"ok"}},"messageId":"xml:/r/m/@id"}`, "", 200, `<x:r xmlns:x="u" code="ok"><!-- c --><m id="7"><![CDATA[x]]></m></x:r>`, "accepted", "7"},
		"XML in GBK":                 {`{"accepted":{"where":{"xml:/r/m":"成功"}},"messageId":"xml:/r/id"}`, "gbk", 200, gbkXML, "accepted", "9"},
		"XML, another path":          {`{"accepted":{"where":{"xml:/r/c":0}}}`, "", 200, `<r><x><c>0</c></x></r>`, "unknown", ""},
		"no whole XML":               {`{"accepted":{"where":{"xml:/r/c":0}}}`, "", 200, `<r><c>0</c>`, "unknown", ""},
		"deep XML":                   {`{"accepted":{"where":{"xml:/r":0}}}`, "", 200, strings.Repeat("<a>", 20000), "unknown", ""},
		"form":                       {`{"accepted":{"where":{"form:result":0}},"messageId":"form:sid"}`, "", 200, "result=0&sid=a%20b&description=%CE", "accepted", "a b"},
		"form, another":              {`{"accepted":{"where":{"form:result":0}}}`, "", 200, "result=1", "unknown", ""},
		"whole text":                 {`{"accepted":{"where":{"$":"0"}}}`, "", 200, "0\r\n", "accepted", ""},
		"an expression":              {`{"accepted":{"where":{"$":{"matches":"^OK:"}}},"messageId":{"matches":"^OK:([0-9]+)"}}`, "", 200, "OK:42 sent", "accepted", "42"},
		"its group is the ID":        {`{"accepted":{"where":{"$":{"matches":"^OK:([0-9]+)"}}}}`, "", 200, "OK:42 sent", "accepted", "42"},
		"without groups":             {`{"accepted":{"where":{"$":{"matches":"^OK"}}},"messageId":{"matches":"[0-9]+"}}`, "", 200, "OK:42 sent", "accepted", "42"},
		"a wrong expression's ID":    {`{"accepted":{"where":{"$":{"matches":"^OK"}}},"messageId":{"matches":"id=([0-9]+)"}}`, "", 200, "OK:42 sent", "accepted", ""},
		"a number's expression":      {`{"accepted":{"where":{"/id":{"matches":"^[0-9]{3}$"}}}}`, "", 200, `{"id":123}`, "accepted", ""},
		"exists":                     {`{"accepted":{"where":{"/d/id":{"exists":true},"/error":{"exists":false}}}}`, "", 200, `{"d":{"id":{}}}`, "accepted", ""},
		"null exists":                {`{"accepted":{"where":{"/error":{"exists":true}}}}`, "", 200, `{"error":null}`, "accepted", ""},
		"null is there":              {`{"accepted":{"where":{"/error":{"exists":false}}}}`, "", 200, `{"error":null}`, "unknown", ""},
		"null has no text":           {`{"accepted":{"where":{"/error":"null"}}}`, "", 200, `{"error":null}`, "unknown", ""},
		"nothing in what is no JSON": {`{"accepted":{"where":{"/error":{"exists":false}}}}`, "", 200, `<html>`, "unknown", ""},
		"nothing in what is no XML":  {`{"accepted":{"where":{"xml:/r/error":{"exists":false}}}}`, "", 200, `{}`, "unknown", ""},
		"nothing in XML":             {`{"accepted":{"where":{"xml:/r/error":{"exists":false}}}}`, "", 200, `<r/>`, "accepted", ""},
		"refused first":              {`{"accepted":{"status":[200]},"refused":[{"where":{"/c":{"matches":"^E4"}},"reason":"throttled"},{"where":{"/c":"E42"},"reason":"auth"}]}`, "", 200, `{"c":"E42"}`, "throttled", ""},
		"refused, all conditions":    {`{"accepted":{"status":[200]},"refused":[{"where":{"/c":"E42","/d":1},"reason":"auth"}]}`, "", 200, `{"c":"E42"}`, "accepted", ""},
		"accepted, all conditions":   {`{"accepted":{"status":[200],"where":{"/c":"0","form:x":1}}}`, "", 200, `{"c":"0"}`, "unknown", ""},
		"a 5xx":                      {`{"accepted":{"where":{"/c":"0"}},"refused":[{"where":{"/c":"E1"},"reason":"auth"}]}`, "", 502, `{"c":"E1"}`, "unknown", ""},
		"a 5xx that is refused":      {`{"accepted":{"where":{"/c":"0"}},"refused":[{"status":[503],"where":{"/c":"E1"},"reason":"auth"}]}`, "", 503, `{"c":"E1"}`, "auth", ""},
		"a 5xx that is accepted":     {`{"accepted":{"status":[500],"where":{"/c":"0"}}}`, "", 500, `{"c":"0"}`, "accepted", ""},
		"another 5xx":                {`{"accepted":{"status":[500]}}`, "", 501, `{"c":"0"}`, "unknown", ""},
		"not named 404":              {`{"accepted":{"where":{"/c":"0"}}}`, "", 404, `{"c":"0"}`, "unknown", ""},
		"cut":                        {`{"accepted":{"where":{"xml:/r/c":{"exists":false}, "form:a":{"exists":true}}}}`, "", 200, "a=" + strings.Repeat("x", 1<<17), "unknown", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.charset == "" {
				c.charset = "utf-8"
			}
			result, id := outcome(t, c.rules, c.charset, c.status, c.answer)
			require.Equal(t, []string{c.want, c.id}, []string{result, id})
		})
	}
}

func TestWrongRulesAreRefused(t *testing.T) {
	for _, c := range []struct{ pointer, change string }{
		{"/accepted/where/~1c/matches", `"accepted":{"where":{"/c":{"matches":"("}}}`},
		{"/refused/1/where/$/matches", `"refused":[{"status":[400]},{"where":{"$":{"matches":"(?=x)"}}}]`},
		{"/accepted/where/c", `"accepted":{"where":{"c":1}}`}, {"/accepted/where/xml:a", `"accepted":{"where":{"xml:a":1}}`},
		{"/accepted/where/form:", `"accepted":{"where":{"form:":1}}`}, {"/accepted/where/~1a~02", `"accepted":{"where":{"/a~2":1}}`},
		{"/accepted/status/0", `"accepted":{"status":[0]}`}, {"/accepted", `"accepted":{}`},
		{"/messageId", `"messageId":"data.id"`}, {"/messageId/matches", `"messageId":{"matches":"["}`},
		{"/receipt/handshake/value", `"receipt":{"messageId":"/i","state":"/s","delivered":["x"],"handshake":{"value":"code"}}`},
		{"/receipt/handshake/reply", `"receipt":{"messageId":"/i","state":"/s","delivered":["x"],"handshake":{"value":"/code","reply":"${secrets.k}"}}`},
		{"/receipt/field", `"receipt":{"field":"f","messageId":"/i","state":"/s","delivered":["x"]}`},
		{"/receipt/list", `"receipt":{"from":"form","list":"/l","messageId":"i","state":"s","delivered":["x"]}`},
		{"/receipt/state", `"receipt":{"from":"form","field":"f","messageId":"/i","state":"s","delivered":["x"]}`},
		{"/receipt/where/type", `"receipt":{"where":{"type":1},"messageId":"/i","state":"/s","delivered":["x"]}`},
		{"/receipt/where/~1type/matches", `"receipt":{"where":{"/type":{"matches":"*"}},"messageId":"/i","state":"/s","delivered":["x"]}`},
	} {
		config := map[string]json.RawMessage{"url": json.RawMessage(`"https://sms.example.com/"`), "accepted": json.RawMessage(`{"status":[200]}`), "secrets": json.RawMessage(`{"k":"s"}`)}
		require.NoError(t, json.Unmarshal([]byte("{"+c.change+"}"), &config))
		raw, _ := json.Marshal(config)
		_, wrong := sdktest.TryOpen(t, typ(), string(raw))
		require.Len(t, wrong, 1, c.change)
		require.Equal(t, c.pointer, wrong[0].GetPointer(), "%s: %s", c.change, wrong[0].GetMessage())
	}
	// What the Go types can't hold is wrong, too.
	for _, change := range []string{`"accepted":{"where":{"/c":null}}`, `"accepted":{"where":{"/c":[1]}}`, `"accepted":{"where":{"/c":{"exists":true,"matches":"x"}}}`,
		`"accepted":{"where":{"/c":{}}}`, `"accepted":{"where":{"/c":{"is":1}}}`, `"messageId":7`, `"messageId":{"at":"x"}`} {
		_, wrong := sdktest.TryOpen(t, typ(), `{"url":"https://sms.example.com/","accepted":{"status":[200]},`+change+`}`)
		require.NotEmpty(t, wrong, change)
	}
}

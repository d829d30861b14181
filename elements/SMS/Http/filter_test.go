package httptype_test

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

func mac1(key, text string) []byte {
	h := hmac.New(sha1.New, []byte(key))
	h.Write([]byte(text))
	return h.Sum(nil)
}

func mac256(key, text string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// sendBody sends the usual message and returns the JSON that arrived.
func sendBody(t *testing.T, config map[string]any) map[string]string {
	t.Helper()
	url, seen := vendor(t, saying(200, ""))
	config["url"] = url
	_, err := open(t, config).Call(context.Background(), "sendMessage", args)
	require.NoError(t, err)
	var got map[string]string
	require.NoError(t, json.Unmarshal(seen().body, &got), string(seen().body))
	return got
}

func TestDigestsAndEncodings(t *testing.T) {
	key := "k\x00\xff key"
	got := sendBody(t, map[string]any{
		"secrets": map[string]string{"k": "key", "k64": base64.StdEncoding.EncodeToString([]byte(key)), "raw64": strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(key)), "=")},
		"body": map[string]string{
			"sha1": "${params.code | sha1}", "sha1b": "${params.code | sha1 | base64}", "hmac1": "${params.code | hmacSha1:secrets.k}",
			"hmac1b": "${params.code | hmacSha1:secrets64.k64 | base64}", "hmac64": "${params.code | hmacSha256:secrets64.raw64 | base64url}",
			"hex": "${params.code | hex}", "digest hex": "${params.code | md5 | hex | upper}", "b64url": "${params.product | base64url}",
			"md5 of hex": "${params.code | md5 | upper | md5}", "json": "${params.product | json}", "json of hex": "${params.code | md5 | json}",
		},
	})
	product := args["params"].(map[string]any)["product"].(string)
	md := md5.Sum([]byte(code))
	mdOfHex := md5.Sum([]byte(strings.ToUpper(hex.EncodeToString(md[:]))))
	s1 := sha1.Sum([]byte(code))
	quoted, _ := json.Marshal(hex.EncodeToString(md[:]))
	require.Equal(t, product, unquoted(t, got["json"]))
	delete(got, "json")
	require.Equal(t, map[string]string{
		"sha1": hex.EncodeToString(s1[:]), "sha1b": base64.StdEncoding.EncodeToString(s1[:]), "hmac1": hex.EncodeToString(mac1("key", code)),
		"hmac1b": base64.StdEncoding.EncodeToString(mac1(key, code)), "hmac64": base64.URLEncoding.EncodeToString(mac256(key, code)),
		"hex": hex.EncodeToString([]byte(code)), "digest hex": strings.ToUpper(hex.EncodeToString(md[:])), "b64url": base64.URLEncoding.EncodeToString([]byte(product)),
		"md5 of hex": hex.EncodeToString(mdOfHex[:]), "json of hex": string(quoted),
	}, got)
}

func unquoted(t *testing.T, text string) string {
	t.Helper()
	var out string
	require.NoError(t, json.Unmarshal([]byte(text), &out), text)
	return out
}

// All formats show one moment.
func TestDatesAreOneMomentInUTC(t *testing.T) {
	before := time.Now()
	got := sendBody(t, map[string]any{"values": map[string]string{"t": "${timestamp}"}, "body": map[string]string{
		"rfc1123": "${timestamp | date:rfc1123}", "iso": "${timestamp|date:iso}", "basic": "${values.t | date:basic}", "day": "${timestamp | date: day}",
		"compact": "${timestamp | date:compact}", "unix": "${timestamp | date:unix}", "millis": "${timestamp | date:millis}", "plain": "${timestamp}", "md5": "${timestamp | date:day | md5}",
	}})
	ms, err := strconv.ParseInt(got["millis"], 10, 64)
	require.NoError(t, err)
	at := time.UnixMilli(ms).UTC()
	require.False(t, at.Before(before.Truncate(time.Millisecond)))
	require.False(t, at.After(time.Now()))
	day := md5.Sum([]byte(at.Format("20060102")))
	require.Equal(t, map[string]string{
		"rfc1123": at.Format(http.TimeFormat), "iso": at.Format("2006-01-02T15:04:05Z"), "basic": at.Format("20060102T150405Z"), "day": at.Format("20060102"),
		"compact": at.Format("20060102150405"), "unix": strconv.FormatInt(at.Unix(), 10), "millis": got["millis"], "plain": strconv.FormatInt(at.Unix(), 10),
		"md5": hex.EncodeToString(day[:]),
	}, got)
}

func TestANonceIsOneMessages(t *testing.T) {
	url, seen := vendor(t, saying(200, ""))
	sms := open(t, map[string]any{"url": url + "/${nonce}", "headers": map[string]string{"N": "${values.n}"}, "values": map[string]string{"n": "${nonce}"},
		"bodyType": "text", "body": "${nonce}"})
	nonces := map[string]bool{}
	for range 3 {
		_, err := sms.Call(context.Background(), "sendMessage", args)
		require.NoError(t, err)
		r := seen()
		require.Regexp(t, `^[0-9a-f]{32}$`, string(r.body))
		require.Equal(t, []string{string(r.body), "/" + string(r.body)}, []string{r.Header.Get("N"), r.URL.Path})
		nonces[string(r.body)] = true
	}
	require.Len(t, nonces, 3)
}

// A signature such as AWS's: keys of keys, and a digest of the body.
func TestValuesAreIntermediateResultsAndKeys(t *testing.T) {
	url, seen := vendor(t, saying(200, ""))
	sms := open(t, map[string]any{
		"url": url + "?sig=${values.sig}", "secrets": map[string]string{"sk": "secret", "bin": base64.StdEncoding.EncodeToString([]byte("\x01\x02\xff"))},
		"values": map[string]string{
			"service": "sms", "kDay": "${timestamp | date:day | hmacSha256:secrets.sk}", "kService": "${values.service | hmacSha256:values.kDay}",
			"hash": "${body | sha256}", "text": "${values.hash}\n${timestamp}", "sig": "${values.text | hmacSha256:values.kService}",
			"keyText": "a${values.service}", "byText": "${params.code | hmacSha1:values.keyText | base64}", "signedHash": "${signed | sha256}",
		},
		"sign":    "${values.hash}/${requestId}",
		"headers": map[string]string{"T": "${timestamp}", "Hash": "${values.hash}", "Hash64": "${values.hash | base64}", "By-Text": "${values.byText}", "Signed": "${values.signedHash}"},
		"body":    map[string]string{"to": "${phone}", "k": "${values.kService}"},
	})
	_, err := sms.Call(context.Background(), "sendMessage", args)
	require.NoError(t, err)
	r := seen()
	seconds, err := strconv.ParseInt(r.Header.Get("T"), 10, 64)
	require.NoError(t, err)
	kDay := mac256("secret", time.Unix(seconds, 0).UTC().Format("20060102"))
	kService := mac256(string(kDay), "sms")
	hash := sha256.Sum256(r.body)
	hashHex := hex.EncodeToString(hash[:])
	signed := sha256.Sum256([]byte(hashHex + "/test-request"))
	require.JSONEq(t, `{"to":"`+phone+`","k":"`+hex.EncodeToString(kService)+`"}`, string(r.body))
	require.Equal(t, hex.EncodeToString(mac256(string(kService), hashHex+"\n"+r.Header.Get("T"))), r.URL.Query().Get("sig"))
	require.Equal(t, []string{hashHex, base64.StdEncoding.EncodeToString(hash[:]), base64.StdEncoding.EncodeToString(mac1("asms", code)), hex.EncodeToString(signed[:])},
		[]string{r.Header.Get("Hash"), r.Header.Get("Hash64"), r.Header.Get("By-Text"), r.Header.Get("Signed")})
}

// What is wrong with a template is known before anything is sent.
func TestWrongTemplatesAreRefused(t *testing.T) {
	const sending = `"url":"https://sms.example.com/","accepted":{"status":[200]},"secrets":{"k":"a2V5","bad":"*"}`
	for _, c := range []struct{ pointer, change, says string }{
		{"/values/a", `"values":{"a":"${values.a}"}`, "a → a"},
		{"/values/a", `"values":{"a":"${values.b}","b":"x${values.c | md5}","c":"${params.code | hmacSha256:values.a}"}`, "a → b → c → a"},
		{"/values/a", `"values":{"a":"${values.b}"}`, `"b"`},
		{"/values/a", `"values":{"a":"${nope}"}`, "nope"},
		{"/values/a", `"values":{"a":"${phone"}`, "no end"},
		{"/values/a", `"values":{"a":"${phone | rot13}"}`, "rot13"},
		{"/values/a", `"values":{"a":"${phone | hmacSha256:secrets.no}"}`, `"no"`},
		{"/values/a", `"values":{"a":"${signed}"}`, "signed"},
		{"/values/a b", `"values":{"a b":"x"}`, "no name"},
		{"/body/x", `"body":{"x":"${values.a}"}`, `"a"`},
		{"/body/x", `"body":{"x":"${values.h}"},"values":{"h":"${body | md5}"}`, "contains ${body}"},
		{"/body/x", `"body":{"x":"${phone | md5 | hmacSha1:values.h}"},"values":{"h":"${body | md5}"}`, "contains ${body}"},
		{"/sign", `"sign":"${values.h}","values":{"h":"${signed | md5}"}`, "contains ${signed}"},
		{"/body/x", `"body":{"x":"${phone | hmacSha1:values.no}"}`, `"no"`},
		{"/body/x", `"body":{"x":"${phone | hmacSha1}"}`, "hmacSha1:values.NAME"},
		{"/body/x", `"body":{"x":"${phone | hmacSha1:a2V5-in-place}"}`, `secrets.NAME`},
		{"/body/x", `"body":{"x":"${phone | hmacSha512:a2V5-in-place}"}`, `"hmacSha512"`},
		{"/body/x", `"body":{"x":"${phone | md5:k}"}`, "no argument"},
		{"/secrets/bad", `"body":{"x":"${phone | hmacSha256:secrets64.bad}"}`, "base64"},
		{"/body/x", `"body":{"x":"${timestamp | date}"}`, "rfc1123"},
		{"/body/x", `"body":{"x":"${timestamp | date:RFC1123}"}`, "rfc1123"},
		{"/body/x", `"body":{"x":"${phone | date:day}"}`, "timestamp"},
		{"/body/x", `"body":{"x":"${timestamp | md5 | date:day}"}`, "timestamp"},
		{"/body/x", `"body":{"x":"${values.t | date:day}"},"values":{"t":"${timestamp}s"}`, "timestamp"},
		{"/body/x", `"body":{"x":"${paramss.code}"}`, "params.NAME"},
		{"/body/x", `"body":{"x":"${params}"}`, "params.NAME"},
		{"/body/x", `"body":{"x":"{\"a\":${params.code}}"}`, "| json"},
		{"/body/x", `"bodyType":"form","body":{"x":"[${text}]"}`, "| json"},
		{"/body", `"bodyType":"form","body":"x={\"a\":${text}}&y=1"`, "| json"},
		{"/url", `"url":"https://sms.example.com/?x={%22a%22:${text}}"`, "| json"},
		{"/headers/X", `"headers":{"X":"${values.no}"}`, `"no"`},
	} {
		config := map[string]json.RawMessage{}
		require.NoError(t, json.Unmarshal([]byte("{"+sending+"}"), &config))
		require.NoError(t, json.Unmarshal([]byte("{"+c.change+"}"), &config), c.change)
		raw, _ := json.Marshal(config)
		_, wrong := sdktest.TryOpen(t, typ(), string(raw))
		require.Len(t, wrong, 1, c.change)
		require.Equal(t, c.pointer, wrong[0].GetPointer(), "%s: %s", c.change, wrong[0].GetMessage())
		require.Contains(t, wrong[0].GetMessage(), c.says, c.change)
		require.NotContains(t, wrong[0].GetMessage(), "a2V5")
	}
}

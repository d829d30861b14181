package awssns_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	awssns "github.com/lintel-run/lintel/elements/SMS/AwsSns"
	"github.com/lintel-run/lintel/elements/SMS/deliverytest"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

const (
	key     = "AKIAcanaryIDENTITY00"
	secret  = "canarySecretKey0123456789/+abcdefghijklm"
	xmlType = "text/xml"
	yes     = `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m-1</MessageId></PublishResult><ResponseMetadata><RequestId>R-1</RequestId></ResponseMetadata></PublishResponse>`
)

// signature implements AWS4-HMAC-SHA256 for a request without a query, from
// docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
func signature(secret, region, service, method, path, at string, headers map[string]string, body string) string {
	hash := func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }
	mac := func(key, s string) string {
		m := hmac.New(sha256.New, []byte(key))
		io.WriteString(m, s)
		return string(m.Sum(nil))
	}
	var names []string
	for name := range headers {
		names = append(names, name)
	}
	sort.Strings(names)
	lines := ""
	for _, name := range names {
		lines += name + ":" + strings.Join(strings.Fields(headers[name]), " ") + "\n"
	}
	canonical := strings.Join([]string{method, path, "", lines, strings.Join(names, ";"), hash(body)}, "\n")
	scope := strings.Join([]string{at[:8], region, service, "aws4_request"}, "/")
	signing := mac(mac(mac(mac("AWS4"+secret, at[:8]), region), service), "aws4_request")
	return hex.EncodeToString([]byte(mac(signing, "AWS4-HMAC-SHA256\n"+at+"\n"+scope+"\n"+hash(canonical))))
}

// AWS's test suite for this signature publishes this vector, get-vanilla.
func TestSignatureRuleGivesTheVendorsVector(t *testing.T) {
	require.Equal(t, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		signature("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service", "GET", "/", "20150830T123600Z",
			map[string]string{"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"}, ""))
}

func config(endpoint, more string) string {
	return fmt.Sprintf(`{"accessKey":%q,"secretKey":%q,"region":"ap-southeast-1","endpoint":%q%s}`, key, secret, endpoint, more)
}

type request struct {
	*http.Request
	body string
	form url.Values
}

func standIn(t *testing.T, status int, answer string) (endpoint string, seen *request) {
	seen = &request{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		seen.Request, seen.body = r, string(raw)
		seen.form, _ = url.ParseQuery(seen.body)
		w.Header().Set("Content-Type", xmlType)
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL, seen
}

func args(phone string) sdktest.Args {
	return sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"minutes": 5, "code": "049302", "product": "Shop & Co"}}
}

func requireSigned(t *testing.T, r *request) {
	t.Helper()
	at := r.Header.Get("X-Amz-Date")
	when, err := time.Parse("20060102T150405Z", at)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), when, time.Minute)
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="+key+"/"+at[:8]+"/ap-southeast-1/sns/aws4_request, SignedHeaders=")
	require.True(t, ok, r.Header.Get("Authorization"))
	signed, got, ok := strings.Cut(rest, ", Signature=")
	require.True(t, ok)
	headers := map[string]string{}
	for _, name := range strings.Split(signed, ";") {
		switch name {
		case "host":
			headers[name] = r.Host
		case "content-length":
			headers[name] = fmt.Sprint(r.ContentLength)
		default:
			headers[name] = r.Header.Get(name)
		}
	}
	for _, name := range []string{"host", "content-type", "x-amz-date"} {
		require.Contains(t, headers, name)
	}
	require.Equal(t, signature(secret, "ap-southeast-1", "sns", r.Method, r.URL.EscapedPath(), at, headers, r.body), got)
}

func TestRequest(t *testing.T) {
	for path, sent := range map[string]string{"": "/", "/gateway": "/gateway"} {
		endpoint, seen := standIn(t, 200, yes)
		out, err := sdktest.Open(t, awssns.Type(), config(endpoint+path, `,"senderId":"SHOP"`)).Call(context.Background(), "sendMessage", args("+14155550100"))
		require.NoError(t, err)
		require.Equal(t, map[string]any{"vendor": "AwsSns", "requestId": "R-1", "results": []any{
			map[string]any{"phone": "+14155550100", "messageId": "m-1", "status": "accepted"}}}, out)
		require.Equal(t, "POST "+sent, seen.Method+" "+seen.RequestURI)
		requireSigned(t, seen)
		attributes := map[string]string{}
		for n := 1; seen.form.Has(fmt.Sprintf("MessageAttributes.entry.%d.Name", n)); n++ {
			p := fmt.Sprintf("MessageAttributes.entry.%d.", n)
			require.Equal(t, "String", seen.form.Get(p+"Value.DataType"))
			attributes[seen.form.Get(p+"Name")] = seen.form.Get(p + "Value.StringValue")
		}
		require.Equal(t, map[string]string{"AWS.SNS.SMS.SMSType": "Transactional", "AWS.SNS.SMS.SenderID": "SHOP"}, attributes)
		require.Equal(t, []string{"Publish", "2010-03-31", "+14155550100", "Shop & Co: 049302, valid for 5 minutes"},
			[]string{seen.form.Get("Action"), seen.form.Get("Version"), seen.form.Get("PhoneNumber"), seen.form.Get("Message")})
	}
}

func TestNeitherNameNorOwnTextIsNeeded(t *testing.T) {
	endpoint, seen := standIn(t, 200, yes)
	_, err := sdktest.Open(t, awssns.Type(), config(endpoint, `,"text":"${code}!"`)).Call(context.Background(), "sendMessage", args("+8613800138000"))
	require.NoError(t, err)
	require.Equal(t, "049302!", seen.form.Get("Message"))
	require.NotContains(t, seen.body, "SenderID")
}

func failure(code, message string) string {
	var b strings.Builder
	for _, c := range message {
		fmt.Fprintf(&b, "&#%d;", c)
	}
	var escaped strings.Builder
	for _, c := range code {
		fmt.Fprintf(&escaped, "&#%d;", c)
	}
	return `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>` + escaped.String() + `</Code><Message>` + b.String() + `</Message></Error><RequestId>R-9</RequestId></ErrorResponse>`
}

func TestInvalidParameterTellsWhichInItsWords(t *testing.T) {
	for message, reason := range map[string]string{
		"Invalid parameter: PhoneNumber Reason: +1 is not valid to publish to": "number", "Invalid parameter: SenderID Reason: too long": "signature",
		"Invalid parameter: Message Reason: too long": "content", "This phone number is opted out": "blocked", "Invalid parameter: Subject": "other",
	} {
		endpoint, _ := standIn(t, 400, failure("InvalidParameter", message))
		_, err := sdktest.Open(t, awssns.Type(), config(endpoint, "")).Call(context.Background(), "sendMessage", args("+14155550100"))
		e := deliverytest.Coded(t, err)
		require.Equal(t, map[string]any{"reason": reason, "vendorCode": "InvalidParameter", "vendorRequestId": "R-9"}, e.Details)
	}
}

func TestOnlyAMessageIsAccepted(t *testing.T) {
	for _, answer := range []string{
		`<PublishResponse><PublishResult/></PublishResponse>`, `<PublishResponse><PublishResult><MessageId></MessageId></PublishResult></PublishResponse>`,
		`<Other><PublishResult><MessageId>m</MessageId></PublishResult></Other>`, `<PublishResponse><MessageId>m</MessageId></PublishResponse>`,
	} {
		endpoint, _ := standIn(t, 200, answer)
		_, err := sdktest.Open(t, awssns.Type(), config(endpoint, "")).Call(context.Background(), "sendMessage", args("+14155550100"))
		require.ErrorIs(t, err, smscode.Failed, answer)
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	for _, region := range []string{"evil.example/", "us", "US-EAST-1", "us-east-1.evil.example"} {
		_, wrong := sdktest.TryOpen(t, awssns.Type(), fmt.Sprintf(`{"accessKey":"k","secretKey":"s","region":%q}`, region))
		require.Len(t, wrong, 1, region)
		require.Equal(t, "/region", wrong[0].GetPointer())
	}
	for _, region := range []string{"us-east-1", "ap-southeast-1", "us-gov-west-1", "cn-north-1", "me-central-1"} {
		_, wrong := sdktest.TryOpen(t, awssns.Type(), fmt.Sprintf(`{"accessKey":"k","secretKey":"s","region":%q}`, region))
		require.Empty(t, wrong, region)
	}
	endpoint, seen := standIn(t, 403, failure("AuthorizationError", "no"))
	steps := sdktest.Check(t, awssns.Type(), config(endpoint, `,"senderId":"123"`)).GetSteps()
	require.True(t, steps[0].GetOk())
	require.Contains(t, steps[0].GetMessage(), "senderId", "a name without a letter")
	require.True(t, steps[1].GetOk(), "a user that may only publish")
	require.Equal(t, "GetSMSAttributes", seen.form.Get("Action"))
	requireSigned(t, seen)
}

func TestWhatEveryVendorHolds(t *testing.T) {
	codes := []deliverytest.Code{
		{Code: "InternalError", Status: 500}, {Code: "InternalError"}, {Code: "ServiceUnavailable", Status: 503},
		{Code: "ServiceUnavailable", Reason: smscode.Unavailable}, {Code: "ParameterValueInvalid", Reason: smscode.Content},
		{Code: "InvalidParameter", Reason: smscode.Other}, {Code: "NotFound", Status: 404, Reason: smscode.Other},
	}
	for _, code := range []string{"Throttling", "ThrottlingException", "Throttled"} {
		codes = append(codes, deliverytest.Code{Code: code, Reason: smscode.Throttled, Scope: smscode.ScopeAccount})
	}
	for _, code := range []string{"InvalidClientTokenId", "SignatureDoesNotMatch", "AuthorizationError", "ExpiredToken"} {
		codes = append(codes, deliverytest.Code{Code: code, Status: 403, Reason: smscode.Auth})
	}
	deliverytest.Run(t, deliverytest.Vendor{
		Type:     awssns.Type(),
		Config:   map[string]any{"accessKey": key, "secretKey": secret, "region": "ap-southeast-1", "senderId": "SHOP"},
		Secrets:  []string{key, secret},
		Phone:    "+14155550100",
		Accepted: deliverytest.Answer{Type: xmlType, Body: yes},
		Refusal: func(code, requestID string) deliverytest.Answer {
			return deliverytest.Answer{Status: 400, Type: xmlType, Body: strings.Replace(failure(code, ""), "R-9", url.QueryEscape(requestID), 1)}
		},
		Codes:            codes,
		RightCredentials: &deliverytest.Answer{Type: xmlType, Body: `<GetSMSAttributesResponse><GetSMSAttributesResult><attributes/></GetSMSAttributesResult></GetSMSAttributesResponse>`},
		WrongCredentials: &deliverytest.Answer{Status: 403, Type: xmlType, Body: failure("InvalidClientTokenId", "m")},
	})
}

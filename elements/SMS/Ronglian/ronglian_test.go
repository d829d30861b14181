package ronglian_test

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	ronglian "github.com/lintel-run/lintel/elements/SMS/Ronglian"
	"github.com/lintel-run/lintel/elements/SMS/deliverytest"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

const (
	sid      = "8a48b5514e5298b9014e6b8dcafe0001"
	token    = "06a24f7f78d9450aae9c9d8dcanary02"
	app      = "8a48b5514e5298b9014e6b8f5585177a"
	jsonType = "application/json;charset=utf-8"
	yes      = `{"statusCode":"000000","templateSMS":{"smsMessageSid":"m-1","dateCreated":"20260101000000"}}`
)

func config(endpoint, more string) string {
	return fmt.Sprintf(`{"accountSid":%q,"authToken":%q,"appId":%q,"verifyTemplateCode":"1","endpoint":%q%s}`, sid, token, app, endpoint, more)
}

type request struct {
	*http.Request
	body string
}

func standIn(t *testing.T, answer string) (endpoint string, seen *[]request) {
	seen = &[]request{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		*seen = append(*seen, request{r, string(raw)})
		w.Header().Set("Content-Type", jsonType)
		io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL, seen
}

func args(phones ...string) sdktest.Args {
	return sdktest.Args{"phoneList": phones, "params": map[string]any{"minutes": 5, "code": "049302"}}
}

// requireSigned checks the vendor's signature: the header has the time in Beijing, and
// the parameter sig is the digest of account, token and that time.
func requireSigned(t *testing.T, r request) {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(r.Header.Get("Authorization"))
	require.NoError(t, err)
	at, ok := strings.CutPrefix(string(raw), sid+":")
	require.True(t, ok)
	when, err := time.ParseInLocation("20060102150405", at, time.FixedZone("", 8*3600))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), when, time.Minute)
	require.Equal(t, fmt.Sprintf("%X", md5.Sum([]byte(sid+token+at))), r.URL.Query().Get("sig"))
}

func TestRequest(t *testing.T) {
	for _, path := range []string{"", "/gateway"} {
		endpoint, seen := standIn(t, yes)
		sms := sdktest.Open(t, ronglian.Type(), config(endpoint+path, `,"verifyParams":["code","minutes"]`))
		out, err := sms.Call(context.Background(), "sendMessage", args("+8613800138000"))
		require.NoError(t, err)
		require.Equal(t, []any{map[string]any{"phone": "+8613800138000", "messageId": "m-1", "status": "accepted"}}, out.(map[string]any)["results"])
		r := (*seen)[0]
		require.Equal(t, "POST "+path+"/2013-12-26/Accounts/"+sid+"/SMS/TemplateSMS", r.Method+" "+r.URL.Path)
		require.Equal(t, []string{"application/json", jsonType}, []string{r.Header.Get("Accept"), r.Header.Get("Content-Type")})
		requireSigned(t, r)
		require.Regexp(t, `"reqId":"[0-9a-zA-Z]{32}"`, r.body)
		require.JSONEq(t, `{"to":"13800138000","appId":"`+app+`","templateId":"1","datas":["049302","5"],"reqId":"x"}`,
			r.body[:strings.Index(r.body, `"reqId":"`)+9]+"x"+r.body[strings.Index(r.body, `"reqId":"`)+9+32:])
	}
}

func TestEachMessageHasAnIdempotencyTokenOfItsOwn(t *testing.T) {
	endpoint, seen := standIn(t, yes)
	sms := sdktest.Open(t, ronglian.Type(), config(endpoint, ""))
	for range 2 {
		_, err := sms.Call(context.Background(), "sendMessage", args("+8613800138000", "+8613800138001"))
		require.NoError(t, err)
	}
	require.NotEqual(t, id((*seen)[0].body), id((*seen)[1].body))
	require.Equal(t, id((*seen)[0].body), id((*seen)[2].body), "the same request again is the same message")
}

func id(body string) string {
	_, rest, _ := strings.Cut(body, `"reqId":"`)
	return rest[:32]
}

func TestNumbersOfOtherCountriesAreRefusedUnsent(t *testing.T) {
	endpoint, seen := standIn(t, yes)
	for _, phone := range []string{"+14155550100", "+85291234567", "+886951234567"} {
		_, err := sdktest.Open(t, ronglian.Type(), config(endpoint, "")).Call(context.Background(), "sendMessage", args(phone))
		e := deliverytest.Coded(t, err)
		require.Equal(t, smscode.Refused, e.Code)
		require.Equal(t, "region", e.Details["reason"])
	}
	require.Empty(t, *seen)
}

func TestNothingButACodeWithAMessageIsAccepted(t *testing.T) {
	for _, answer := range []string{
		`{"statusCode":"000000"}`, `{"statusCode":"000000","templateSMS":{}}`, `{"statusCode":0,"templateSMS":{"smsMessageSid":"1"}}`,
		`{"templateSMS":{"smsMessageSid":"1"}}`, `{"statusCode":"","templateSMS":{"smsMessageSid":"1"}}`,
	} {
		endpoint, _ := standIn(t, answer)
		_, err := sdktest.Open(t, ronglian.Type(), config(endpoint, "")).Call(context.Background(), "sendMessage", args("+8613800138000"))
		require.ErrorIs(t, err, smscode.Failed, answer)
	}
}

func TestCheckAsksForTheAccount(t *testing.T) {
	endpoint, seen := standIn(t, `{"statusCode":"000000","Account":{"friendlyName":"a"}}`)
	sdktest.Check(t, ronglian.Type(), config(endpoint, ""))
	require.Equal(t, "GET /2013-12-26/Accounts/"+sid+"/AccountInfo", (*seen)[0].Method+" "+(*seen)[0].URL.Path)
	requireSigned(t, (*seen)[0])
}

func TestWhatEveryVendorHolds(t *testing.T) {
	codes := []deliverytest.Code{{Code: "160000"}, {Code: "160050"}, {Code: "172001", Reason: smscode.Unavailable}, {Code: "160054", Reason: smscode.Duplicate}}
	for _, code := range []string{"160015", "160038", "160039"} {
		codes = append(codes, deliverytest.Code{Code: code, Reason: smscode.Throttled, Scope: smscode.ScopeNumber})
	}
	for _, code := range []string{"160021", "160022", "160040", "160041"} {
		codes = append(codes, deliverytest.Code{Code: code, Reason: smscode.Throttled, Scope: smscode.ScopeNumber, Wait: 24 * time.Hour})
	}
	for reason, list := range map[smscode.Reason][]string{
		smscode.Throttled: {"160016", "160001", "160010"},
		smscode.Number:    {"160042", "112300", "160044"},
		smscode.Blocked:   {"160034", "160051"},
		smscode.Template:  {"160032", "160043", "160052", "112311", "160036"},
		smscode.Signature: {"160019"},
		smscode.Content:   {"160033", "160037", "160049"},
		smscode.Balance:   {"160014"},
		smscode.Auth:      {"111109", "111141", "111181", "160053", "172006", "172007", "172012"},
	} {
		for _, code := range list {
			row := deliverytest.Code{Code: code, Reason: reason}
			if reason == smscode.Throttled {
				row.Scope = smscode.ScopeAccount
			}
			codes = append(codes, row)
		}
	}
	deliverytest.Run(t, deliverytest.Vendor{
		Type:     ronglian.Type(),
		Config:   map[string]any{"accountSid": sid, "authToken": token, "appId": app, "verifyTemplateCode": "1"},
		Secrets:  []string{sid, token},
		Accepted: deliverytest.Answer{Type: jsonType, Body: yes},
		Refusal: func(code, _ string) deliverytest.Answer {
			return deliverytest.Answer{Type: jsonType, Body: fmt.Sprintf(`{"statusCode":%q,"statusMsg":%q}`, code, code)}
		},
		Codes:            codes,
		RightCredentials: &deliverytest.Answer{Type: jsonType, Body: `{"statusCode":"000000","Account":{}}`},
		WrongCredentials: &deliverytest.Answer{Type: jsonType, Body: `{"statusCode":"111109","statusMsg":"m"}`},
	})
}

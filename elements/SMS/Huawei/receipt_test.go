package huawei_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	huawei "github.com/lintel-run/lintel/elements/SMS/Huawei"
	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

const (
	pushURL  = "https://shop.example/base/receipts/SMS/h/to-ken_1?b=2&a=1%201"
	pushDate = "20261121T030005Z"
	formType = "application/x-www-form-urlencoded"
	oneForm  = `sequence=1&total=1&updateTime=2026-11-21T03%3A00%3A05Z&source=2&smsMsgId=m-1_2&status=DELIVRD`
	batch    = `{"statusReportList":[{"smsMsgId":"m1","total":"1","sequence":"1","status":"DELIVRD","source":"2","updateTime":"2026-11-21T03:00:05Z"},
		{"smsMsgId":"m2","status":"E200027"},{"smsMsgId":"m3","status":"ENROUTE"},{"status":"DELIVRD"}]}`
)

func pushTo(t *testing.T, config, body string, header map[string]string) (delivery.CallbackResult, error) {
	e := sdktest.Open(t, huawei.Type(), `{"appKey":"k","appSecret":"s","sender":"csms1"`+config+`}`)
	fields := map[string][]string{}
	for name, value := range header {
		fields[http.CanonicalHeaderKey(name)] = []string{value}
	}
	var got delivery.CallbackResult
	err := e.CallInto(context.Background(), "parseReceipt", sdktest.Args{"method": "POST", "url": pushURL, "header": fields,
		"body": base64.StdEncoding.EncodeToString([]byte(body))}, &got)
	return got, err
}

func TestReceiptsAreAFormOrABatch(t *testing.T) {
	got, err := pushTo(t, "", oneForm, map[string]string{"Content-Type": formType})
	require.NoError(t, err)
	require.Len(t, got.Receipts, 1)
	at := time.Date(2026, 11, 21, 3, 0, 5, 0, time.UTC)
	require.True(t, at.Equal(got.Receipts[0].Time))
	require.Equal(t, []any{"m-1_2", delivery.StateDelivered, "DELIVRD"}, []any{got.Receipts[0].MessageID, got.Receipts[0].State, got.Receipts[0].Code})

	got, err = pushTo(t, "", batch, map[string]string{"Content-Type": "application/json; charset=UTF-8"})
	require.NoError(t, err)
	require.Len(t, got.Receipts, 2, "what is on its way or has no id isn't kept")
	require.True(t, at.Equal(got.Receipts[0].Time))
	require.Equal(t, delivery.Receipt{MessageID: "m2", State: delivery.StateFailed, Code: "E200027"}, got.Receipts[1])

	for _, body := range []string{``, `[]`, `{}`, `{"statusReportList":{}}`, oneForm} {
		_, err = pushTo(t, "", body, map[string]string{"Content-Type": "application/json"})
		require.ErrorIs(t, err, errcode.Params, body)
	}
}

// The signature is the same as that of requests.
func TestWithKeysOnlySignedReceiptsAreTaken(t *testing.T) {
	const keys = `,"receiptKey":"pushAK","receiptSecret":"pushSK-secret"`
	sign := func(secret, path, query, body string) string {
		return authorization("pushAK", secret, "POST", path, query, pushDate,
			[][2]string{{"content-type", "application/json"}, {"host", "shop.example"}, {"x-sdk-date", pushDate}}, body)
	}
	const path, query = "/base/receipts/SMS/h/to-ken_1", "a=1%201&b=2"
	right := sign("pushSK-secret", path, query, batch)
	header := func(authorization string, more ...string) map[string]string {
		h := map[string]string{"Content-Type": "application/json", "X-Sdk-Date": pushDate, "Authorization": authorization}
		for i := 0; i < len(more); i += 2 {
			h[more[i]] = more[i+1]
		}
		return h
	}
	for _, h := range []map[string]string{
		header(right), header(strings.Replace(right, ", Signature", ",Signature", 1)),
		header(right, "X-Forwarded-For", "10.0.0.1"), // what a proxy adds isn't in the signature
	} {
		got, err := pushTo(t, keys, batch, h)
		require.NoError(t, err)
		require.Len(t, got.Receipts, 2)
	}
	for name, h := range map[string]map[string]string{
		"none": {"Content-Type": "application/json"}, "empty": header(""), "no scheme": header("x " + right),
		"another secret": header(sign("another", path, query, batch)), "another path": header(sign("pushSK-secret", path+"x", query, batch)),
		"another query": header(sign("pushSK-secret", path, "", batch)), "another body": header(sign("pushSK-secret", path, query, batch+" ")),
		"another key":  header(strings.Replace(right, "pushAK", "pushAk", 1)),
		"another date": header(right, "X-Sdk-Date", "20261121T030006Z"),
		"another type": header(right, "Content-Type", formType),
		"body left out": header(authorization("pushAK", "pushSK-secret", "POST", path, query, pushDate,
			[][2]string{{"host", "shop.example"}, {"x-sdk-content-sha256", "UNSIGNED-PAYLOAD"}, {"x-sdk-date", pushDate}}, ""), "X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD"),
	} {
		_, err := pushTo(t, keys, batch, h)
		require.ErrorIs(t, err, errcode.Forbidden, name)
		require.NotContains(t, err.Error(), "push")
	}
	// Without keys no signature is checked; one key without the other is an error.
	_, err := pushTo(t, "", batch, header("x"))
	require.NoError(t, err)
	for _, half := range []string{`,"receiptKey":"k"`, `,"receiptSecret":"k"`, `,"statusCallback":"shop.example/x"`} {
		_, wrong := sdktest.TryOpen(t, huawei.Type(), `{"appKey":"k","appSecret":"s","sender":"csms1"`+half+`}`)
		require.NotEmpty(t, wrong, half)
	}
}

func TestASendAsksForItsReceipt(t *testing.T) {
	endpoint, seen := standIn(t, 200, yes)
	const callback = "https://shop.example/receipts/SMS/h/t?a=b&c=d"
	_, err := sdktest.Open(t, huawei.Type(), config(endpoint, "csms1", `,"statusCallback":"`+callback+`"`)).Call(context.Background(), "sendMessage", args("+8613800138000"))
	require.NoError(t, err)
	require.Equal(t, callback, seen.form.Get("statusCallback"))
}

// A proxy replaces the headers that belong to one connection. The signature names them,
// and is checked over the values that the vendor may have sent.
func TestASignedReceiptPassesProxies(t *testing.T) {
	const keys = `,"receiptKey":"pushAK","receiptSecret":"pushSK-secret"`
	const path, query = "/base/receipts/SMS/h/to-ken_1", "a=1%201&b=2"
	length := strconv.Itoa(len(batch))
	for name, c := range map[string]struct {
		sent    [][2]string // in order of names
		arrived map[string]string
		refused bool
	}{
		"untouched":            {[][2]string{{"connection", "keep-alive"}, {"host", "shop.example"}}, map[string]string{"Connection": "keep-alive"}, false},
		"closed":               {[][2]string{{"connection", "Keep-Alive"}, {"host", "shop.example"}}, map[string]string{"Connection": "close"}, false},
		"dropped":              {[][2]string{{"connection", "keep-alive"}, {"host", "shop.example"}}, nil, false},
		"upgraded":             {[][2]string{{"connection", "close"}, {"host", "shop.example"}}, map[string]string{"Connection": "upgrade"}, false},
		"no length":            {[][2]string{{"connection", "Keep-Alive"}, {"content-length", length}, {"host", "shop.example"}}, nil, false},
		"zipped":               {[][2]string{{"accept-encoding", "gzip,deflate"}, {"connection", "Keep-Alive"}, {"host", "shop.example"}}, map[string]string{"Accept-Encoding": "br"}, false},
		"a port":               {[][2]string{{"connection", "Keep-Alive"}, {"host", "shop.example:443"}}, nil, false},
		"all at once":          {[][2]string{{"accept-encoding", "gzip, deflate"}, {"connection", "close"}, {"content-length", length}, {"content-type", "application/json"}, {"host", "shop.example:443"}}, map[string]string{"Content-Length": "7"}, false},
		"another length":       {[][2]string{{"connection", "keep-alive"}, {"content-length", "7"}, {"host", "shop.example"}}, nil, true},
		"another host":         {[][2]string{{"connection", "keep-alive"}, {"host", "other.example"}}, map[string]string{"X-Forwarded-Host": "other.example", "Host": "other.example"}, true},
		"another port":         {[][2]string{{"connection", "keep-alive"}, {"host", "shop.example:8443"}}, nil, true},
		"another type":         {[][2]string{{"connection", "keep-alive"}, {"content-type", "text/plain"}, {"host", "shop.example"}}, nil, true},
		"any value of another": {[][2]string{{"connection", "keep-alive"}, {"host", "shop.example"}, {"user-agent", "vendor"}}, map[string]string{"User-Agent": "proxy"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			header := map[string]string{"Content-Type": "application/json", "X-Sdk-Date": pushDate,
				"Authorization": authorization("pushAK", "pushSK-secret", "POST", path, query, pushDate, append(c.sent, [2]string{"x-sdk-date", pushDate}), batch)}
			for name, value := range c.arrived {
				header[name] = value
			}
			got, err := pushTo(t, keys, batch, header)
			if c.refused {
				require.ErrorIs(t, err, errcode.Forbidden)
				return
			}
			require.NoError(t, err)
			require.Len(t, got.Receipts, 2)
			for _, forged := range []string{strings.Replace(header["Authorization"], "pushAK", "pushAk", 1), header["Authorization"][:len(header["Authorization"])-1] + "g"} {
				header["Authorization"] = forged
				_, err = pushTo(t, keys, batch, header)
				require.ErrorIs(t, err, errcode.Forbidden)
			}
		})
	}
}

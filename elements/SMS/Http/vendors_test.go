package httptype_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

// presetVendor is what a vendor documents: the request that it wants, its answers and its pushes.
// docs/vendors/http.md names the pages.
type presetVendor struct {
	variables map[string]string
	// check checks the request to the usual phone.
	check func(t *testing.T, r request)
	good  vendorAnswer
	id    string
	// refusals are answers by reason, unknown those that say nothing.
	refusals map[string]vendorAnswer
	unknown  []vendorAnswer
	// pushes are by the state of the message with the ID; foreign ones are taken and
	// ignored.
	pushes  map[delivery.State]vendorPush
	foreign []vendorPush
	reply   string
}

type vendorAnswer struct {
	status int
	body   string
}

// vendorPush is a push; of a GET, body is the query.
type vendorPush struct{ method, kind, body string }

const formKind, jsonKind = "application/x-www-form-urlencoded", "application/json"

func body(t *testing.T, r request) (fields map[string]any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.UseNumber()
	require.NoError(t, d.Decode(&fields), string(r.body))
	return fields
}

func form(t *testing.T, r request) map[string]string {
	t.Helper()
	values, err := url.ParseQuery(string(r.body))
	require.NoError(t, err)
	fields := map[string]string{}
	for name := range values {
		fields[name] = values.Get(name)
	}
	return fields
}

func hexSum(sum []byte) string { return hex.EncodeToString(sum) }

func sha256Hex(text string) string { sum := sha256.Sum256([]byte(text)); return hexSum(sum[:]) }

var presetVendors = map[string]presetVendor{
	"smsbao": {
		variables: map[string]string{"SMSBAO_USER": "me", "SMSBAO_PASSWORD": "pass word", "SMSBAO_SIGN": "灯"},
		check: func(t *testing.T, r request) {
			sum := md5.Sum([]byte("pass word"))
			require.Equal(t, "/sms", r.URL.Path)
			require.Equal(t, url.Values{"u": {"me"}, "p": {hexSum(sum[:])}, "m": {"13800138000"}, "c": {"【灯】您的验证码是493027，5分钟内有效。"}}, r.URL.Query())
		},
		good:     vendorAnswer{200, "0"},
		refusals: map[string]vendorAnswer{"auth": {200, "30"}, "balance": {200, "41"}, "content": {200, "50"}, "number": {200, "51"}, "other": {200, "-1"}},
		unknown:  []vendorAnswer{{200, ""}, {200, "00"}, {502, "0"}, {200, "<html>"}},
	},
	"unisms": {
		variables: map[string]string{"UNISMS_ID": "id-1", "UNISMS_KEY": "key-1", "UNISMS_SIGN": "灯", "UNISMS_TEMPLATE": "pub_verif_ttl"},
		check: func(t *testing.T, r request) {
			query := r.URL.Query()
			given := query.Get("signature")
			query.Del("signature")
			require.Equal(t, hexSum(mac256("key-1", query.Encode())), given)
			require.Equal(t, []string{"id-1", "sms.message.send", "hmac-sha256"}, []string{query.Get("accessKeyId"), query.Get("action"), query.Get("algorithm")})
			require.JSONEq(t, `{"to":"+8613800138000","signature":"灯","templateId":"pub_verif_ttl","templateData":{"code":"493027","ttl":"5"}}`, string(r.body))
		},
		good:     vendorAnswer{200, `{"code":"0","message":"Success","data":{"recipients":1,"messages":[{"id":"u-1","to":"+8613800138000","status":"sent"}]}}`},
		id:       "u-1",
		refusals: map[string]vendorAnswer{"auth": {401, `{"code":"104111","message":"InvalidAccessKey"}`}, "balance": {400, `{"code":"105300","message":"InsufficientFunds"}`}, "other": {400, `{"code":"107111","message":"x"}`}},
		unknown:  []vendorAnswer{{200, `{"code":"0","message":"Success","data":{}}`}, {200, `{}`}, {500, `{"code":"1"}`}},
	},
	"submail": {
		variables: map[string]string{"SUBMAIL_APP": "10", "SUBMAIL_KEY": "key-2", "SUBMAIL_PROJECT": "ThdQ2"},
		check: func(t *testing.T, r request) {
			require.Equal(t, map[string]string{"appid": "10", "signature": "key-2", "to": "13800138000", "project": "ThdQ2", "vars": `{"code":"493027","time":"5"}`}, form(t, r))
		},
		good:     vendorAnswer{200, `{"status":"success","send_id":"093c0a7df143c087d6cba9cdf0cf3738","fee":1,"sms_credits":"10"}`},
		id:       "093c0a7df143c087d6cba9cdf0cf3738",
		refusals: map[string]vendorAnswer{"auth": {200, `{"status":"error","code":105,"msg":"x"}`}, "number": {200, `{"status":"error","code":252,"msg":"x"}`}, "other": {200, `{"status":"error","code":"901","msg":"x"}`}},
		unknown:  []vendorAnswer{{200, `{"status":"success"}`}, {200, `{"status":"queued","send_id":"1"}`}},
		pushes: map[delivery.State]vendorPush{
			"delivered": {"POST", formKind, "events=delivered&address=138xxxxxxxx&app=10&send_id=093c0a7df143c087d6cba9cdf0cf3738&timestamp=1415014855&token=t&signature=s"},
			"failed":    {"POST", formKind, "events=dropped&address=138xxxxxxxx&app=10&send_id=093c0a7df143c087d6cba9cdf0cf3738&report=UNDELIV&timestamp=1415014855&token=t&signature=s"},
			"pending":   {"POST", formKind, "events=request&address=138xxxxxxxx&app=10&send_id=093c0a7df143c087d6cba9cdf0cf3738&timestamp=1415014855&token=t&signature=s"},
		},
		foreign: []vendorPush{{"POST", formKind, "events=mo&address=138xxxxxxxx&content=TD"}}, reply: "success",
	},
	"yunpian": {
		variables: map[string]string{"YUNPIAN_KEY": "key-3", "YUNPIAN_TEMPLATE": "12"},
		check: func(t *testing.T, r request) {
			fields := form(t, r)
			require.Equal(t, map[string]string{"apikey": "key-3", "mobile": "+8613800138000", "tpl_id": "12", "tpl_value": "%23code%23=493027"}, fields)
		},
		good:     vendorAnswer{200, `{"code":0,"msg":"x","count":1,"fee":0.05,"unit":"RMB","mobile":"13800138000","sid":3310228982}`},
		id:       "3310228982",
		refusals: map[string]vendorAnswer{"auth": {400, `{"http_status_code":400,"code":-1}`}, "throttled": {400, `{"code":33}`}, "balance": {400, `{"code":3}`}, "template": {400, `{"code":5}`}, "content": {400, `{"code":4}`}, "other": {400, `{"code":2}`}},
		unknown:  []vendorAnswer{{400, `{"code":-50}`}, {500, `{"code":3}`}, {200, `[]`}},
		pushes: map[delivery.State]vendorPush{
			"delivered": {"POST", formKind, "sms_status=" + url.QueryEscape(`[{"sid":3310228982,"uid":null,"user_receive_time":"2014-03-17 22:55:21","error_msg":"","mobile":"15205201314","report_status":"SUCCESS"}]`)},
			"failed":    {"POST", formKind, "sms_status=" + url.QueryEscape(`[{"sid":3310228982,"error_msg":"DB:0103","mobile":"15205201314","report_status":"FAIL"}]`)},
		},
		reply: "SUCCESS",
	},
	"volcengine": {
		variables: map[string]string{"VOLC_ID": "AK", "VOLC_KEY": "SK-4", "VOLC_ACCOUNT": "7a", "VOLC_SIGN": "灯", "VOLC_TEMPLATE": "SPT_1"},
		check: func(t *testing.T, r request) {
			require.Equal(t, map[string]any{"SmsAccount": "7a", "Sign": "灯", "TemplateID": "SPT_1", "TemplateParam": `{"code":"493027"}`, "PhoneNumbers": "13800138000"}, body(t, r))
			date, hash := r.Header.Get("X-Date"), sha256Hex(string(r.body))
			_, err := time.Parse("20060102T150405Z", date)
			require.NoError(t, err)
			require.Equal(t, hash, r.Header.Get("X-Content-Sha256"))
			var headers strings.Builder
			names := []string{"content-type", "host", "x-content-sha256", "x-date"}
			for _, name := range names {
				value := r.Header.Get(name)
				if name == "host" {
					value = "sms.volcengineapi.com"
				}
				headers.WriteString(name + ":" + value + "\n")
			}
			canonical := strings.Join([]string{"POST", "/", r.URL.Query().Encode(), headers.String(), strings.Join(names, ";"), hash}, "\n")
			scope := date[:8] + "/cn-north-1/volcSMS/request"
			key := "SK-4"
			for part := range strings.SplitSeq(scope, "/") {
				key = string(mac256(key, part))
			}
			signature := hexSum(mac256(key, "HMAC-SHA256\n"+date+"\n"+scope+"\n"+sha256Hex(canonical)))
			require.Equal(t, "HMAC-SHA256 Credential=AK/"+scope+", SignedHeaders="+strings.Join(names, ";")+", Signature="+signature, r.Header.Get("Authorization"))
		},
		good:     vendorAnswer{200, `{"ResponseMetadata":{"RequestId":"r","Action":"SendSms","Version":"2020-01-01","Service":"volcSMS","Region":"cn-north-1"},"Result":{"MessageID":["bde1b10d-19cf"]}}`},
		id:       "bde1b10d-19cf",
		refusals: map[string]vendorAnswer{"auth": {401, `{"ResponseMetadata":{"Error":{"CodeN":100010,"Code":"SignatureDoesNotMatch","Message":"x"}}}`}, "other": {200, `{"ResponseMetadata":{"Error":{"Code":"ZJ20009","Message":"x"}}}`}},
		unknown:  []vendorAnswer{{200, `{"ResponseMetadata":{},"Result":{"MessageID":[]}}`}, {500, `{"ResponseMetadata":{"Error":{"Code":"InternalError"}}}`}},
		pushes: map[delivery.State]vendorPush{
			"delivered": {"POST", jsonKind, `[{"account":"200","sub_account":"15","mobile":"188","message_id":"bde1b10d-19cf","status_code":"0","send_time":1669171012444}]`},
			"failed":    {"POST", jsonKind, `[{"message_id":"bde1b10d-19cf","status_code":"4100","description":"x"}]`},
		},
		reply: "ok",
	},
	"ucloud": {
		variables: map[string]string{"UCLOUD_PUBLIC_KEY": "pub+/=", "UCLOUD_PRIVATE_KEY": "priv-5", "UCLOUD_PROJECT": "org-1", "UCLOUD_SIGN": "灯", "UCLOUD_TEMPLATE": "UTA1"},
		check: func(t *testing.T, r request) {
			fields := form(t, r)
			given := fields["Signature"]
			delete(fields, "Signature")
			require.Equal(t, map[string]string{"Action": "SendUSMSMessage", "PhoneNumbers.0": "(86)13800138000", "ProjectId": "org-1", "PublicKey": "pub+/=", "SigContent": "灯", "TemplateId": "UTA1", "TemplateParams.0": "493027"}, fields)
			text := ""
			for _, name := range slices.Sorted(func(yield func(string) bool) {
				for name := range fields {
					if !yield(name) {
						return
					}
				}
			}) {
				text += name + fields[name]
			}
			sum := sha1.Sum([]byte(text + "priv-5"))
			require.Equal(t, hexSum(sum[:]), given)
		},
		good:     vendorAnswer{200, `{"RetCode":0,"Action":"SendUSMSMessageResponse","Message":"Send success","SessionNo":"d0e-1"}`},
		id:       "d0e-1",
		refusals: map[string]vendorAnswer{"auth": {200, `{"RetCode":171,"Message":"Signature VerifyAC Error"}`}, "other": {200, `{"RetCode":18005,"Message":"x"}`}},
		unknown:  []vendorAnswer{{200, `{"RetCode":0}`}, {200, `{"RetCode":-1}`}},
		pushes: map[delivery.State]vendorPush{
			"delivered": {"POST", jsonKind, `{"MsgType":2,"Data":[{"SessionNo":"d0e-1","Phone":"8618500009057","ReceiptTime":1563867000,"ReceiptResult":"Success","ReceiptCode":"Delivrd"}]}`},
			"failed":    {"POST", jsonKind, `{"MsgType":2,"Data":[{"SessionNo":"d0e-1","ReceiptResult":"Fail","ReceiptCode":"MSBLACK"}]}`},
			"pending":   {"POST", jsonKind, `{"MsgType":2,"Data":[{"SessionNo":"d0e-1","ReceiptResult":"UNKNOWN"}]}`},
		},
		reply: `{"RetCode":0}`,
	},
	"msg91": {
		variables: map[string]string{"MSG91_KEY": "key-6", "MSG91_TEMPLATE": "64f"},
		check: func(t *testing.T, r request) {
			require.Equal(t, "key-6", r.Header.Get("authkey"))
			require.JSONEq(t, `{"template_id":"64f","short_url":"0","recipients":[{"mobiles":"8613800138000","code":"493027"}]}`, string(r.body))
		},
		good:     vendorAnswer{200, `{"message":"3763646c3058373530393938","type":"success"}`},
		id:       "3763646c3058373530393938",
		refusals: map[string]vendorAnswer{"auth": {401, `{"message":"Unauthorized","type":"error"}`}, "template": {400, `{"message":"template id missing","type":"error"}`}, "other": {200, `{"message":"x","type":"error"}`}},
		unknown:  []vendorAnswer{{200, `{"message":"x"}`}, {200, ``}},
		pushes: map[delivery.State]vendorPush{
			"delivered": {"POST", formKind, "data=" + url.QueryEscape(`[{"senderId":"u","requestId":"3763646c3058373530393938","report":[{"date":"2024-05-22 10:06:20","number":"919500006558","status":"1","desc":"DELIVERED"}],"userId":"27"}]`)},
			"failed":    {"POST", formKind, "data=" + url.QueryEscape(`[{"requestId":"3763646c3058373530393938","report":[{"number":"919500006558","status":"17","desc":"BLOCKED"}]}]`)},
		},
		reply: "ok",
	},
	"infobip": {
		variables: map[string]string{"INFOBIP_HOST": "xyz.api.infobip.com", "INFOBIP_KEY": "key-7", "INFOBIP_SENDER": "Shop"},
		check: func(t *testing.T, r request) {
			require.Equal(t, "App key-7", r.Header.Get("Authorization"))
			require.Equal(t, map[string]any{"messages": []any{map[string]any{"from": "Shop", "destinations": []any{map[string]any{"to": "8613800138000"}}, "text": "p: 493027, valid for 5 minutes"}}}, body(t, r))
		},
		good: vendorAnswer{200, `{"messages":[{"to":"8613800138000","status":{"groupId":1,"groupName":"PENDING","id":26,"name":"PENDING_ACCEPTED"},"messageId":"2250be2d4219-3af1"}]}`},
		id:   "2250be2d4219-3af1",
		refusals: map[string]vendorAnswer{"auth": {401, `{"requestError":{"serviceException":{"messageId":"UNAUTHORIZED","text":"x"}}}`}, "balance": {200, `{"messages":[{"status":{"groupName":"REJECTED","name":"REJECTED_NOT_ENOUGH_CREDITS"}}]}`},
			"number": {200, `{"messages":[{"status":{"groupName":"REJECTED","name":"REJECTED_DESTINATION"}}]}`}, "other": {200, `{"messages":[{"status":{"groupName":"REJECTED","name":"REJECTED_NETWORK"}}]}`}},
		unknown: []vendorAnswer{{200, `{"messages":[]}`}, {200, `{"messages":[{"status":{"groupName":"UNDELIVERABLE"}}]}`}},
		pushes: map[delivery.State]vendorPush{
			"delivered": {"POST", jsonKind, `{"results":[{"bulkId":"b","messageId":"2250be2d4219-3af1","to":"8613800138000","status":{"groupId":3,"groupName":"DELIVERED","name":"DELIVERED_TO_HANDSET"},"error":{"groupName":"OK"}}]}`},
			"failed":    {"POST", jsonKind, `{"results":[{"messageId":"2250be2d4219-3af1","status":{"groupName":"UNDELIVERABLE","name":"UNDELIVERABLE_NOT_DELIVERED"}}]}`},
			"pending":   {"POST", jsonKind, `{"results":[{"messageId":"2250be2d4219-3af1","status":{"groupName":"PENDING","name":"PENDING_ENROUTE"}}]}`},
		},
		reply: "ok",
	},
	"vonage": {
		variables: map[string]string{"VONAGE_KEY": "k8", "VONAGE_SECRET_KEY": "s8", "VONAGE_SENDER": "Shop"},
		check: func(t *testing.T, r request) {
			require.Equal(t, map[string]string{"api_key": "k8", "api_secret": "s8", "from": "Shop", "to": "8613800138000", "text": "p: 493027, valid for 5 minutes", "type": "unicode"}, form(t, r))
		},
		good: vendorAnswer{200, `{"message-count":"1","messages":[{"to":"8613800138000","message-id":"0A0000000123ABCD1","status":"0","remaining-balance":"3.14"}]}`},
		id:   "0A0000000123ABCD1",
		refusals: map[string]vendorAnswer{"throttled": {200, `{"messages":[{"status":"1","error-text":"Throughput Rate Exceeded"}]}`}, "auth": {200, `{"messages":[{"status":"4"}]}`}, "balance": {200, `{"messages":[{"status":"9"}]}`},
			"blocked": {200, `{"messages":[{"status":"7"}]}`}, "region": {200, `{"messages":[{"status":"29"}]}`}, "signature": {200, `{"messages":[{"status":"15"}]}`}},
		unknown: []vendorAnswer{{200, `{"messages":[{"status":"5"}]}`}, {200, `{"message-count":"0","messages":[]}`}},
		pushes: map[delivery.State]vendorPush{
			"delivered": {"GET", "", "msisdn=8613800138000&to=Shop&network-code=12345&messageId=0A0000000123ABCD1&price=0.03&status=delivered&scts=2001011400&err-code=0"},
			"failed":    {"POST", formKind, "msisdn=8613800138000&messageId=0A0000000123ABCD1&status=rejected&err-code=9"},
			"pending":   {"POST", formKind, "msisdn=8613800138000&messageId=0A0000000123ABCD1&status=buffered"},
		},
		reply: "ok",
	},
	"messagebird": {
		variables: map[string]string{"MESSAGEBIRD_KEY": "key-9", "MESSAGEBIRD_SENDER": "Shop"},
		check: func(t *testing.T, r request) {
			require.Equal(t, "AccessKey key-9", r.Header.Get("Authorization"))
			require.JSONEq(t, `{"originator":"Shop","recipients":["8613800138000"],"body":"p: 493027, valid for 5 minutes","datacoding":"auto"}`, string(r.body))
		},
		good: vendorAnswer{201, `{"id":"e8077d803532c0b5937c639b60216938","href":"h","recipients":{"totalCount":1,"items":[{"recipient":8613800138000,"status":"sent"}]}}`},
		id:   "e8077d803532c0b5937c639b60216938",
		refusals: map[string]vendorAnswer{"auth": {401, `{"errors":[{"code":2,"description":"Request not allowed (incorrect access_key)","parameter":"access_key"}]}`}, "balance": {422, `{"errors":[{"code":25,"description":"Not enough balance","parameter":null}]}`},
			"number": {422, `{"errors":[{"code":9,"description":"no (correct) recipients found","parameter":"recipients"}]}`}, "other": {404, `{"errors":[{"code":20,"parameter":null}]}`}},
		unknown: []vendorAnswer{{200, `{}`}, {500, `{"errors":[{"code":99}]}`}},
		pushes: map[delivery.State]vendorPush{
			"delivered": {"GET", "", "id=e8077d803532c0b5937c639b60216938&reference=r&recipient=8613800138000&status=delivered&statusDatetime=2017-09-01T10:00:05%2B00:00"},
			"failed":    {"GET", "", "id=e8077d803532c0b5937c639b60216938&recipient=8613800138000&status=delivery_failed&statusErrorCode=1"},
			"pending":   {"GET", "", "id=e8077d803532c0b5937c639b60216938&recipient=8613800138000&status=buffered"},
		},
		reply: "OK",
	},
	"azure": {
		variables: map[string]string{"AZURE_RESOURCE": "contoso", "AZURE_KEY": base64.StdEncoding.EncodeToString([]byte("azure-key-\x00\xff")), "AZURE_SENDER": "+14255550123"},
		check: func(t *testing.T, r request) {
			require.Equal(t, map[string]any{"from": "+14255550123", "smsRecipients": []any{map[string]any{"to": "+8613800138000"}}, "message": "p: 493027, valid for 5 minutes", "smsSendOptions": map[string]any{"enableDeliveryReport": true}}, body(t, r))
			sum := sha256.Sum256(r.body)
			hash, date := base64.StdEncoding.EncodeToString(sum[:]), r.Header.Get("x-ms-date")
			_, err := time.Parse(http.TimeFormat, date)
			require.NoError(t, err)
			require.Equal(t, hash, r.Header.Get("x-ms-content-sha256"))
			mac := hmac.New(sha256.New, []byte("azure-key-\x00\xff"))
			fmt.Fprintf(mac, "POST\n%s\n%s;contoso.communication.azure.com;%s", r.URL.RequestURI(), date, hash)
			require.Equal(t, "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="+base64.StdEncoding.EncodeToString(mac.Sum(nil)), r.Header.Get("Authorization"))
		},
		good: vendorAnswer{202, `{"value":[{"to":"+8613800138000","messageId":"Outgoing_20260101","httpStatusCode":202,"repeatabilityResult":"accepted","successful":true}]}`},
		id:   "Outgoing_20260101",
		refusals: map[string]vendorAnswer{"auth": {401, `{"error":{"code":"Denied","message":"x"}}`}, "number": {202, `{"value":[{"to":"+86","httpStatusCode":400,"errorMessage":"Invalid To phone number format.","successful":false}]}`},
			"throttled": {429, ``}, "other": {400, `{"error":{"code":"BadRequest"}}`}},
		unknown: []vendorAnswer{{202, `{"value":[]}`}, {202, `{"value":[{"httpStatusCode":500,"successful":false}]}`}, {200, `{"value":[{"successful":true}]}`}},
		pushes: map[delivery.State]vendorPush{
			"delivered": {"POST", jsonKind, `[{"id":"e1","topic":"t","subject":"/phonenumber/8613800138000","data":{"messageId":"Outgoing_20260101","from":"14255550123","to":"8613800138000","deliveryStatus":"Delivered","deliveryStatusDetails":"No error."},"eventType":"Microsoft.Communication.SMSDeliveryReportReceived","dataVersion":"1.0","eventTime":"2026-01-01T00:00:00Z"}]`},
			"failed":    {"POST", jsonKind, `[{"data":{"messageId":"Outgoing_20260101","deliveryStatus":"Failed","deliveryStatusDetails":"4001"},"eventType":"Microsoft.Communication.SMSDeliveryReportReceived"}]`},
		},
		foreign: []vendorPush{{"POST", jsonKind, `[{"data":{"message":"hi","from":"1"},"eventType":"Microsoft.Communication.SMSReceived"}]`}}, reply: "ok",
	},
	"yunxin": {
		variables: map[string]string{"YUNXIN_KEY": "appkey-11", "YUNXIN_SECRET_KEY": "secret-11", "YUNXIN_TEMPLATE": "3034018"},
		check: func(t *testing.T, r request) {
			sum := sha1.Sum([]byte("secret-11" + r.Header.Get("Nonce") + r.Header.Get("CurTime")))
			require.Equal(t, []string{"appkey-11", hexSum(sum[:])}, []string{r.Header.Get("AppKey"), r.Header.Get("CheckSum")})
			require.Equal(t, map[string]string{"templateid": "3034018", "mobiles": `["13800138000"]`, "params": `["493027"]`}, form(t, r))
		},
		good:     vendorAnswer{200, `{"code":200,"msg":"sendid","obj":1908}`},
		id:       "1908",
		refusals: map[string]vendorAnswer{"auth": {200, `{"code":413,"msg":"verify err"}`}, "throttled": {200, `{"code":416}`}, "other": {200, `{"code":414}`}},
		unknown:  []vendorAnswer{{200, `{"code":500}`}, {200, `{"code":"ok"}`}},
		pushes: map[delivery.State]vendorPush{
			"delivered": {"POST", jsonKind, `{"eventType":"11","objects":[{"mobile":"13800138000","sendid":"1908","result":"DELIVRD","sendTime":"2026-01-01 00:00:00","reportTime":"2026-01-01 00:00:03","spliced":"1"}]}`},
			"failed":    {"POST", jsonKind, `{"eventType":"11","objects":[{"mobile":"13800138000","sendid":1908,"result":"UNDELIV"}]}`},
		},
		reply: "ok",
	},
	"jpush": {
		variables: map[string]string{"JPUSH_APP": "app-12", "JPUSH_MASTER_KEY": "master-12", "JPUSH_TEMPLATE": "9890"},
		check: func(t *testing.T, r request) {
			name, password, _ := r.BasicAuth()
			require.Equal(t, []string{"app-12", "master-12", "application/json"}, []string{name, password, r.Header.Get("Content-Type")})
			require.Equal(t, map[string]any{"mobile": "13800138000", "temp_id": json.Number("9890"), "temp_para": map[string]any{"code": "493027"}}, body(t, r))
		},
		good:     vendorAnswer{200, `{"msg_id":"288193860302"}`},
		id:       "288193860302",
		refusals: map[string]vendorAnswer{"auth": {401, `{"error":{"code":50003,"message":"x"}}`}, "number": {403, `{"error":{"code":50006}}`}, "throttled": {403, `{"error":{"code":50009}}`}, "balance": {403, `{"error":{"code":50014}}`}, "other": {400, `{"error":{"code":50007}}`}},
		unknown:  []vendorAnswer{{200, `{}`}, {500, `{"error":{"code":50000}}`}},
		pushes: map[delivery.State]vendorPush{
			"delivered": {"POST", formKind, "nonce=7&signature=s&timestamp=1&type=SMS_REPORT&data=" + url.QueryEscape(`{"msgId":"288193860302","status":4001,"receiveTime":1492150741000,"phone":"13800138000"}`)},
			"failed":    {"POST", formKind, "nonce=7&signature=s&timestamp=1&type=SMS_REPORT&data=" + url.QueryEscape(`[{"msgId":"288193860302","status":4003,"phone":"13800138000"}]`)},
		},
		foreign: []vendorPush{{"POST", formKind, "type=SMS_REPLY&data=" + url.QueryEscape(`{"phone":"13800138000","replyTime":1,"content":"TD"}`)}}, reply: "ok",
	},
	"qiniu": {
		variables: map[string]string{"QINIU_ID": "ak13", "QINIU_SECRET_KEY": "sk13", "QINIU_TEMPLATE": "1141"},
		check: func(t *testing.T, r request) {
			text := "POST /v1/message/single\nHost: sms.qiniuapi.com\nContent-Type: " + r.Header.Get("Content-Type") + "\n\n" + string(r.body)
			require.Equal(t, "Qiniu ak13:"+base64.URLEncoding.EncodeToString(mac1("sk13", text)), r.Header.Get("Authorization"))
			require.JSONEq(t, `{"template_id":"1141","mobile":"13800138000","parameters":{"code":"493027"}}`, string(r.body))
		},
		good:     vendorAnswer{200, `{"message_id":"34114035"}`},
		id:       "34114035",
		refusals: map[string]vendorAnswer{"auth": {401, `{"error":"BadToken","message":"bad token"}`}, "other": {400, `{"error":"InvalidParameter","message":"x","request_id":"r"}`}, "throttled": {429, `{}`}},
		unknown:  []vendorAnswer{{200, `{}`}, {503, `{"error":"x"}`}},
		pushes: map[delivery.State]vendorPush{
			"delivered": {"POST", jsonKind, `{"items":[{"mobile":"13812345678","message_id":"34114035","status":"DELIVRD","delivrd_at":1558692400,"seq":"s"}]}`},
			"failed":    {"POST", jsonKind, `{"items":[{"mobile":"13812345678","message_id":"34114035","status":"FAILED","error":"x"}]}`},
		},
		foreign: []vendorPush{{"POST", jsonKind, `{"items":[{"mobile":"13812345678","content":"TD","time":1558692400,"dest_code":"1069"}]}`}}, reply: "ok",
	},
}

// openPreset opens a preset with its variables at a stand-in.
func openPreset(t *testing.T, name, endpoint string, variables map[string]string) *sdktest.Instance {
	t.Helper()
	var replaced []string
	for variable, value := range variables {
		quoted, err := json.Marshal(value)
		require.NoError(t, err)
		replaced = append(replaced, "{{"+variable+"}}", string(quoted[1:len(quoted)-1]))
	}
	return sdktest.Open(t, typ(), preset(t, name+".sms.json", endpoint, replaced...))
}

var presetArgs = sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"code": code, "minutes": 5, "product": "p"}}

func TestPresetsOfVendors(t *testing.T) {
	for name, v := range presetVendors {
		t.Run(name, func(t *testing.T) {
			var answer vendorAnswer
			address, seen := vendor(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(answer.status)
				_, _ = w.Write([]byte(answer.body))
			})
			sms := openPreset(t, name, address, v.variables)
			answer = v.good
			var sent delivery.SendResult
			require.NoError(t, sms.CallInto(context.Background(), "sendMessage", presetArgs, &sent))
			require.Equal(t, v.id, sent.Results[0].MessageID)
			v.check(t, seen())
			for reason, refusal := range v.refusals {
				answer = refusal
				_, err := sms.Call(context.Background(), "sendMessage", presetArgs)
				e := coded(t, err)
				require.Equal(t, []any{smscode.Refused, reason}, []any{e.Code, e.Details["reason"]}, refusal.body)
			}
			for _, answer = range append(v.unknown, vendorAnswer{500, v.good.body}, vendorAnswer{200, "<html>"}, vendorAnswer{302, v.good.body}) {
				_, err := sms.Call(context.Background(), "sendMessage", presetArgs)
				require.ErrorIs(t, err, smscode.Failed, answer.body)
			}
			for _, secret := range v.variables {
				if len(secret) > 8 {
					require.NotContains(t, sms.Log(), secret)
				}
			}
			require.NotContains(t, sms.Log(), code)
			require.NotContains(t, sms.Log(), "13800138000")
			v.receipts(t, sms)
		})
	}
}

func (v presetVendor) receipts(t *testing.T, sms *sdktest.Instance) {
	push := func(p vendorPush) delivery.CallbackResult {
		address, text := "https://shop.example/receipts/x", p.body
		if p.method == http.MethodGet {
			address, text = address+"?"+p.body, ""
		}
		var got delivery.CallbackResult
		require.NoError(t, sms.CallInto(context.Background(), "parseReceipt", sdktest.Args{"method": p.method, "url": address,
			"header": map[string][]string{"Content-Type": {p.kind}}, "body": base64.StdEncoding.EncodeToString([]byte(text))}, &got), p.body)
		require.Equal(t, []any{v.reply, 0}, []any{got.Reply, got.Unreadable}, p.body)
		return got
	}
	for state, p := range v.pushes {
		got := push(p)
		if state == delivery.StatePending {
			require.Empty(t, got.Receipts, p.body)
			continue
		}
		require.Len(t, got.Receipts, 1, p.body)
		require.Equal(t, []any{v.id, state}, []any{got.Receipts[0].MessageID, got.Receipts[0].State}, p.body)
	}
	for _, p := range v.foreign {
		require.Empty(t, push(p).Receipts, p.body)
	}
}

func TestPresetsAnswerHandshakes(t *testing.T) {
	azure := openPreset(t, "azure", "http://localhost", presetVendors["azure"].variables)
	got, err := push(azure, "POST", "https://shop.example/r", `[{"id":"1","topic":"t","subject":"","data":{"validationCode":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6","validationUrl":"https://x"},"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","eventTime":"2018-01-25T22:12:19Z","metadataVersion":"1","dataVersion":"1"}]`)
	require.NoError(t, err)
	require.JSONEq(t, `{"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}`, got.Reply)
	require.Equal(t, "application/json", got.ContentType)
	jpush := openPreset(t, "jpush", "http://localhost", presetVendors["jpush"].variables)
	got, err = push(jpush, "GET", "https://shop.example/r?echostr=aB3dE6gH", "")
	require.NoError(t, err)
	require.Equal(t, "aB3dE6gH", got.Reply)
}

// Each preset of a vendor has a test, and each test a preset.
func TestPresetsAreAllTested(t *testing.T) {
	files, err := os.ReadDir("presets")
	require.NoError(t, err)
	tested := []string{"connector", "vcom", "webhook"}
	for name := range presetVendors {
		tested = append(tested, name)
	}
	var have []string
	for _, file := range files {
		if name, ok := strings.CutSuffix(file.Name(), ".sms.json"); ok {
			have = append(have, name)
		}
	}
	require.ElementsMatch(t, tested, have)
}

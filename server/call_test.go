package server

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func TestSuccessHasTheEnvelope(t *testing.T) {
	s := serve(t, Options{}, newApp(t, echo("auths.loginTypes.myLogin")))
	w, e := s.do(newCall("auths/loginTypes/myLogin/echo", `{"a":1,"b":[true,null,"<&>"]}`))
	require.Equal(t, 200, w.Code)
	require.Equal(t, 0, *e.Errcode)
	require.Nil(t, e.Errmsg)
	require.Contains(t, w.Body.String(), `"errmsg":null`)
	require.NotContains(t, w.Body.String(), `"code"`)
	require.NotEmpty(t, e.RequestID)
	require.Equal(t, e.RequestID, w.Header().Get("X-Request-Id"))
	require.InDelta(t, time.Now().UnixMilli(), e.SysTime, 5000)
	require.NotNil(t, e.Duration)
	require.Equal(t, map[string]any{"a": 1.0, "b": []any{true, nil, "<&>"}}, e.Data)
	for name, value := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": "application/json; charset=utf-8",
	} {
		require.Equal(t, value, w.Header().Get(name))
	}
}

func TestMalformedCallsAreRefused(t *testing.T) {
	s := serve(t, Options{}, newApp(t, echo("a.b")))
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	for name, c := range map[string]struct {
		r      *http.Request
		status int
		code   string
		number int
	}{
		"another app":         {newCall("../other/a/b/echo", "{}"), 404, "ELEMENT_NOT_FOUND", 20004},
		"unknown element":     {newCall("a/c/echo", "{}"), 404, "ELEMENT_NOT_FOUND", 20004},
		"unknown function":    {newCall("a/b/nothing", "{}"), 404, "FUNCTION_NOT_FOUND", 20004},
		"only a name":         {newCall("a", "{}"), 404, "ELEMENT_NOT_FOUND", 20004},
		"no function":         {newCall("a/b/echo/", "{}"), 404, "ELEMENT_NOT_FOUND", 20004},
		"dotted name":         {newCall("a.b/echo", "{}"), 404, "ELEMENT_NOT_FOUND", 20004},
		"escaped slash":       {newCall("a%2Fb/echo", "{}"), 404, "ELEMENT_NOT_FOUND", 20004},
		"two slashes":         {newCall("a//b/echo", "{}"), 404, "ELEMENT_NOT_FOUND", 20004},
		"dots in the path":    {newCall("a/../a/b/echo", "{}"), 404, "ELEMENT_NOT_FOUND", 20004},
		"GET":                 {newCall("a/b/echo", "", func(r *http.Request) { r.Method = "GET" }), 405, "API_PARAMS_ERROR", 20001},
		"PUT":                 {newCall("a/b/echo", "{}", func(r *http.Request) { r.Method = "PUT" }), 405, "API_PARAMS_ERROR", 20001},
		"a form":              {newCall("a/b/echo", "a=1", with("Content-Type", "application/x-www-form-urlencoded")), 415, "API_PARAMS_ERROR", 20001},
		"no type":             {newCall("a/b/echo", "{}", func(r *http.Request) { r.Header.Del("Content-Type") }), 415, "API_PARAMS_ERROR", 20001},
		"json with suffix":    {newCall("a/b/echo", "{}", with("Content-Type", "application/json-patch+json")), 415, "API_PARAMS_ERROR", 20001},
		"another charset":     {newCall("a/b/echo", "{}", with("Content-Type", "application/json; charset=gbk")), 415, "API_PARAMS_ERROR", 20001},
		"compressed":          {newCall("a/b/echo", "{}", with("Content-Encoding", "gzip")), 415, "API_PARAMS_ERROR", 20001},
		"too long":            {newCall("a/b/echo", `{"a":"`+strings.Repeat("x", longestBody)+`"}`), 413, "API_PARAMS_ERROR", 20001},
		"too long, chunked":   {newCall("a/b/echo", `{"a":"`+strings.Repeat("x", longestBody)+`"}`, func(r *http.Request) { r.ContentLength = -1 }), 413, "API_PARAMS_ERROR", 20001},
		"not JSON":            {newCall("a/b/echo", `{"a":}`), 400, "API_PARAMS_ERROR", 20001},
		"trailing comma":      {newCall("a/b/echo", `{"a":1,}`), 400, "API_PARAMS_ERROR", 20001},
		"two values":          {newCall("a/b/echo", `{} {}`), 400, "API_PARAMS_ERROR", 20001},
		"an array":            {newCall("a/b/echo", `[1]`), 400, "API_PARAMS_ERROR", 20001},
		"null":                {newCall("a/b/echo", `null`), 400, "API_PARAMS_ERROR", 20001},
		"only space":          {newCall("a/b/echo", ` `), 400, "API_PARAMS_ERROR", 20001},
		"a key twice":         {newCall("a/b/echo", `{"a":1,"a":1}`), 400, "API_PARAMS_ERROR", 20001},
		"a key twice, spelt":  {newCall("a/b/echo", `{"a":1,"\u0061":1}`), 400, "API_PARAMS_ERROR", 20001},
		"a key twice, deep":   {newCall("a/b/echo", `{"x":[{"y":{"a":1,"a":2}}]}`), 400, "API_PARAMS_ERROR", 20001},
		"too deep":            {newCall("a/b/echo", deep), 400, "API_PARAMS_ERROR", 20001},
		"not UTF-8":           {newCall("a/b/echo", "{\"a\":\"\xff\"}"), 400, "API_PARAMS_ERROR", 20001},
		"number out of range": {newCall("a/b/echo", `{"a":1e999}`), 400, "API_PARAMS_ERROR", 20001},
		"short key":           {newCall("a/b/echo", `{}`, with("Idempotency-Key", "short")), 400, "API_PARAMS_ERROR", 20001},
		"empty key":           {newCall("a/b/echo", `{}`, with("Idempotency-Key", "")), 400, "API_PARAMS_ERROR", 20001},
		"odd key":             {newCall("a/b/echo", `{}`, with("Idempotency-Key", "0123456789abcde!")), 400, "API_PARAMS_ERROR", 20001},
		"long key":            {newCall("a/b/echo", `{}`, with("Idempotency-Key", strings.Repeat("a", 65))), 400, "API_PARAMS_ERROR", 20001},
	} {
		t.Run(name, func(t *testing.T) {
			w, e := s.do(c.r)
			require.Equal(t, c.status, w.Code, w.Body.String())
			require.Equal(t, c.code, e.Code)
			require.Equal(t, c.number, *e.Errcode)
			require.NotEmpty(t, *e.Errmsg)
			require.NotNil(t, e.Data)
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			if c.status == 405 {
				require.Equal(t, "POST", w.Header().Get("Allow"))
			}
		})
	}
	_, e := s.do(newCall("a/b/echo", `{"code":1,"code":1}`))
	require.Equal(t, map[string]any{"arg": "code"}, e.Data)
}

func TestAnEmptyBodyIsNoArguments(t *testing.T) {
	s := serve(t, Options{}, newApp(t, echo("a.b")))
	w, e := s.do(newCall("a/b/echo", ""))
	require.Equal(t, 200, w.Code)
	require.Equal(t, map[string]any{}, e.Data)
}

func TestErrorsAreAnsweredByTheTables(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		status int
		number int
		code   string
		retry  string
		data   map[string]any
		words  string
	}{
		"argument": {err: errcode.New(errcode.Params, "phone is missing").With("arg", "phone").With("path", "/etc"), status: 400, number: 20001,
			data: map[string]any{"arg": "phone"}, words: "phone is missing"},
		"login":        {err: errcode.New(errcode.LoginRequired, "x"), status: 401, number: 20002},
		"forbidden":    {err: errcode.New(errcode.Forbidden, "not yours"), status: 403, number: 20003, words: "not yours"},
		"not executed": {err: errcode.Unavailable(errcode.OutcomeNotExecuted, "/opt/plugins/x died"), status: 503, number: 20005, retry: "1", data: map[string]any{"outcome": "not_executed"}},
		"unknown":      {err: errcode.Unavailable(errcode.OutcomeUnknown, "x").After(time.Second), status: 503, number: 20005, data: map[string]any{"outcome": "unknown"}},
		"no outcome":   {err: errcode.New(errcode.ElementUnavailable, "x"), status: 503, number: 20005, data: map[string]any{"outcome": "unknown"}},
		"store":        {err: errcode.New(errcode.StoreUnavailable, "redis.internal:6379"), status: 503, number: 20006, retry: "1"},
		"deadline":     {err: errcode.New(errcode.DeadlineExceeded, "x"), status: 504, number: 20007},
		"context":      {err: context.DeadlineExceeded, status: 504, number: 20007, code: "DEADLINE_EXCEEDED"},
		"internal":     {err: errcode.New(errcode.Internal, "at /home/x.go:3").With("stack", "x"), status: 500, number: 20000},
		"no code":      {err: errors.New("dial tcp 10.0.0.1"), status: 500, number: 20000, code: "INTERNAL"},
		"unknown code": {err: errcode.New("SOMETHING_ELSE", "x").With("y", 1), status: 500, number: 20000, code: "INTERNAL"},
		"too frequent": {err: errcode.New("SEND_TOO_FREQUENT", "x").After(43200 * time.Millisecond), status: 429, number: 46101, retry: "44", data: map[string]any{"retryAfter": 44.0}},
		"limited": {err: errcode.New("SEND_LIMITED", "x").After(61*time.Second).With("limit", "address"), status: 429, number: 46102, retry: "120",
			data: map[string]any{"retryAfter": 120.0}},
		"captcha":       {err: errcode.New("CAPTCHA_REQUIRED", "x"), status: 403, number: 46103},
		"captcha error": {err: errcode.New("CAPTCHA_ERROR", "x").With("reason", "wrong"), status: 403, number: 46104, data: map[string]any{"reason": "wrong"}},
		"phone":         {err: errcode.New("PHONE_INVALID", "13800138000"), status: 400, number: 46105},
		"region":        {err: errcode.New("PHONE_REGION_NOT_ALLOWED", "x"), status: 400, number: 46105},
		"rejected":      {err: errcode.New("CODE_REJECTED", "it had expired"), status: 401, number: 46106, words: "the code is wrong or has expired"},
		"locked":        {err: errcode.New("CODE_LOCKED", "x").After(5 * time.Second), status: 429, number: 46107, retry: "5"},
		"busy":          {err: errcode.New("CODE_BUSY", "x"), status: 503, number: 46115, retry: "1"},
		"unregistered":  {err: errcode.New("USER_NOT_REGISTERED", "x"), status: 404, number: 46108},
		"closed":        {err: errcode.New("REGISTRATION_CLOSED", "x"), status: 403, number: 46109},
		"in use":        {err: errcode.New("PHONE_IN_USE", "x"), status: 409, number: 46110},
		"ticket":        {err: errcode.New("TICKET_REJECTED", "x"), status: 401, number: 46111},
		"last":          {err: errcode.New("LAST_LOGIN", "x"), status: 409, number: 46112},
		"bound":         {err: errcode.New("PHONE_ALREADY_BOUND", "x"), status: 409, number: 46113},
		"unbound":       {err: errcode.New("PHONE_NOT_BOUND", "x"), status: 409, number: 46114},
		"sms params":    {err: errcode.New("SMS_PARAMS", "x"), status: 400, number: 46001},
		"auth":          {err: errcode.New("SMS_REFUSED", "bad key").With("reason", "auth").With("vendorCode", "x"), status: 502, number: 46002, data: map[string]any{"reason": "unavailable"}},
		"blocked":       {err: errcode.New("SMS_REFUSED", "x").With("reason", "blocked"), status: 502, number: 46002, data: map[string]any{"reason": "number"}},
		"throttled":     {err: errcode.New("SMS_REFUSED", "x").With("reason", "throttled"), status: 502, number: 46002, data: map[string]any{"reason": "throttled"}},
		"no reason":     {err: errcode.New("SMS_REFUSED", "x"), status: 502, number: 46002, data: map[string]any{"reason": "unavailable"}},
		"sms unknown": {err: errcode.New("SMS_FAILED", "x").With("resendAfter", 45).With("expiresIn", 300).With("vendor", "a"), status: 502, number: 46003,
			data: map[string]any{"resendAfter": 45.0, "expiresIn": 300.0}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, Options{}, newApp(t, failing(c.err)))
			w, e := s.do(newCall("a/b/f", "{}"))
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.number, *e.Errcode)
			if c.code == "" {
				c.code = string(errcode.Of(c.err))
			}
			require.Equal(t, c.code, e.Code)
			require.Equal(t, c.retry, w.Header().Get("Retry-After"))
			if c.data == nil {
				c.data = map[string]any{}
			}
			require.Equal(t, c.data, e.Data)
			if c.words != "" {
				require.Equal(t, c.words, *e.Errmsg)
			}
			for _, leak := range []string{"/opt", "/home", "redis.internal", "10.0.0.1", "13800138000"} {
				require.NotContains(t, w.Body.String(), leak)
			}
			require.Equal(t, c.status == 401, w.Header().Get("WWW-Authenticate") != "")
		})
	}
}

func TestAnUnknownCodeIsLogged(t *testing.T) {
	s := serve(t, Options{}, newApp(t, failing(errcode.New("SOMETHING_ELSE", "of theirs"))))
	_, e := s.do(newCall("a/b/f", "{}"))
	require.Contains(t, s.log.String(), "SOMETHING_ELSE")
	require.Contains(t, s.log.String(), e.RequestID)
}

func TestAPanicIsAnsweredAsInternalError(t *testing.T) {
	s := serve(t, Options{}, newApp(t, &standIn{name: "a.b", functions: map[string]serveFunc{
		"f": func(context.Context, element.Args) (any, error) { panic("13800138000") },
	}}))
	w, e := s.do(newCall("a/b/f", "{}"))
	require.Equal(t, 500, w.Code)
	require.Equal(t, "INTERNAL", e.Code)
	require.NotContains(t, s.log.String()+w.Body.String(), "13800138000")
	require.Contains(t, s.log.String(), "(call_test.go:")
	require.NotContains(t, s.log.String(), "/call_test.go", "no path")
	require.NotContains(t, s.log.String(), "goroutine", "no stack")
	require.Contains(t, s.log.String(), "code=INTERNAL")
}

func TestACallHasCallerRequestIDAndDeadline(t *testing.T) {
	var seen element.Caller
	var requestID, operation string
	var deadline time.Duration
	s := serve(t, Options{}, newApp(t, &standIn{name: "a.b", functions: map[string]serveFunc{
		"f": func(ctx context.Context, _ element.Args) (any, error) {
			seen, requestID, operation = element.CallerOf(ctx), element.RequestID(ctx), element.Operation(ctx)
			at, _ := ctx.Deadline()
			deadline = time.Until(at)
			return 1, nil
		},
	}}))
	_, e := s.do(newCall("a/b/f", "{}", with("Lintel-Device", "d"), func(r *http.Request) { r.RemoteAddr = "[::ffff:192.0.2.7]:99" }))
	require.Equal(t, element.Caller{Address: "192.0.2.7", Device: "d"}, seen)
	require.Equal(t, e.RequestID, requestID)
	require.NotEmpty(t, operation)
	require.InDelta(t, callTime.Seconds(), deadline.Seconds(), 1)
	first := operation
	s.do(newCall("a/b/f", "{}"))
	require.NotEqual(t, first, operation)
}

func TestTheLogHoldsNoSecret(t *testing.T) {
	s := serve(t, Options{}, newApp(t, echo("a.b")))
	s.do(newCall("a/b/echo?phone=13800138000", `{"phone":"13800138000","code":"123456"}`, with("Authorization", "Bearer secret-token"), with("Lintel-Device", "secret-device")))
	s.do(newCall("a/b/13800138000", `{}`))
	s.do(newCall("a/b/x13800138000", `{}`))
	require.Contains(t, s.log.String(), "route=/api/{org}/{app}/{call...}")
	for _, secret := range []string{"13800138000", "123456", "secret-token", "secret-device"} {
		require.NotContains(t, s.log.String(), secret)
	}
}

func TestLogFieldsAreSnakeCaseAndNotEmpty(t *testing.T) {
	s := serve(t, Options{}, newApp(t, echo("a.b")))
	s.do(newCall("a/b/echo", "{}"))
	s.do(newCall("x/y", "{}"))
	require.Regexp(t, `msg=request request_id=\S+ element=a.b function=echo method=POST route=\S+ status=200 code=OK address=192.0.2.1 duration_ms=\S+\n`, s.log.String())
	require.Regexp(t, `msg=request request_id=\S+ method=POST route=\S+ status=404 code=ELEMENT_NOT_FOUND duration_ms=`, s.log.String())
	require.NotContains(t, s.log.String(), `=""`)
}

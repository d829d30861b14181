package fromcurl_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/cmd/lintel/internal/fromcurl"
	httptype "github.com/lintel-run/lintel/elements/SMS/Http"
	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

// example is a command with its answers, and the request to the same phone with another
// code that the instance has to make. Of the headers only those in want are compared.
type example struct {
	command, good, bad string
	want               string // METHOD URI, then headers, an empty line, the body
	id, reason         string
	// secrets must stand in .env only.
	secrets []string
}

var examples = map[string]example{
	"JSON, a bearer": {
		command: `curl -X POST "https://gw.example.com/send" -H "Authorization: Bearer tok_0123456789abcdef" -H 'Content-Type: application/json' -d '{"to":"+8613800138000","text":"Your code is 493027, valid for 5 minutes."}'`,
		good:    `{"status":"ok","data":{"message_id":"m-1"}}`, bad: `{"status":"error","message":"Insufficient balance"}`,
		want: "POST /send\nAuthorization: Bearer tok_0123456789abcdef\nContent-Type: application/json\n\n" + `{"to":"+8613800138000","text":"Your code is 271828, valid for 5 minutes."}`,
		id:   "m-1", reason: "balance", secrets: []string{"tok_0123456789abcdef"},
	},
	"a form over lines, no scheme": {
		command: "$ curl 'https://gw.example.com/sms/send' \\\r\n  --data-urlencode 'mobile=13800138000' \\\n --data 'tpl_id=17' -d 'apikey=abcdef0123456789abcdef0123456789' --data-urlencode \"content=\u3010Shop\u3011\u9a8c\u8bc1\u7801493027\" --compressed -sS",
		good:    `{"code":0,"sid":3310228982}`, bad: `HTTP/1.1 401 Unauthorized` + "\r\nServer: x\r\n\r\n" + `{"code":-1}`,
		want: "POST /sms/send\n\nmobile=13800138000&tpl_id=17&apikey=abcdef0123456789abcdef0123456789&content=%E3%80%90Shop%E3%80%91%E9%AA%8C%E8%AF%81%E7%A0%81271828",
		id:   "3310228982", reason: "auth", secrets: []string{"abcdef0123456789abcdef0123456789"},
	},
	"a GET, plain text": {
		command: `curl -G "https://api.example.com/sms" -d u=me -d p=hunter2x -d m=13800138000 --data-urlencode 'c=code 493027!'`,
		good:    "0", bad: "41",
		want:   "GET /sms?u=me&p=hunter2x&m=13800138000&c=code%20271828%21\n\n",
		reason: "other", secrets: []string{"hunter2x"},
	},
	"basic, a form with a bracketed country": {
		command: `curl https://api.example.com/2010/Accounts/AC0123456789abcdef0123/Messages.json -u 'AC0123456789abcdef0123:s3cr3t-token-9' --data-raw 'To=%2B14155552671&Body=493027+is+your+code'`,
		good:    `{"sid":"SM12","status":"queued","error_code":null}`, bad: `HTTP/2 400 ` + "\n\n" + `{"code":21211,"message":"Invalid 'To' Phone Number","status":400}`,
		want: "POST /2010/Accounts/AC0123456789abcdef0123/Messages.json\nAuthorization: Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzpzM2NyM3QtdG9rZW4tOQ==\n\nTo=%2B14155552671&Body=271828%20is%20your%20code",
		id:   "SM12", reason: "number", secrets: []string{"s3cr3t-token-9"},
	},
	"$'…' and JSON within a form": {
		command: `curl 'https://gw.example.com/' -d $'phones=8613800138000&signName=\u706f&params={"code":"493027"}' -H $'X-Api-Key: it\'s-0123-key-\x41'`,
		good:    "OK:88123456", bad: "ERR:bad sign",
		want: "POST /\nX-Api-Key: it's-0123-key-A\n\nphones=8613800138000&signName=%E7%81%AF&params=%7B%22code%22%3A%22271828%22%7D",
		id:   "88123456", reason: "other", secrets: []string{"it's-0123-key-A"},
	},
	"XML": {
		command: `curl https://gw.example.com/x -H 'Content-Type: text/xml' --data-binary '<Group Login_Name="me" Login_Pwd="0A1B2C3D4E5F60718293A4B5C6D7E8F9"><Task><Recive_Phone_Number>13800138000</Recive_Phone_Number><Content><![CDATA[code 493027 here]]></Content></Task></Group>'`,
		good:    "<r><code>0</code><smsid>77001</smsid></r>", bad: "<r><code>9</code><msg>bad mobile</msg></r>",
		want: "POST /x\n\n" + `<Group Login_Name="me" Login_Pwd="0A1B2C3D4E5F60718293A4B5C6D7E8F9"><Task><Recive_Phone_Number>13800138000</Recive_Phone_Number><Content><![CDATA[code 271828 here]]></Content></Task></Group>`,
		id:   "77001", reason: "number", secrets: []string{"0A1B2C3D4E5F60718293A4B5C6D7E8F9"},
	},
	"--json, a number, a list": {
		command: `curl --json '{"messages":[{"destinations":[{"to":"447700900123"}],"from":"Shop","text":"493027"}],"on":true,"n":1.50}' 'https://gw.example.com/v2' -H 'Authorization: App 0123456789abcdef-api-key'`,
		good:    `{"messages":[{"messageId":"2250be2d4219","status":{"groupName":"PENDING"}}]}`, bad: `{"requestError":{"serviceException":{"messageId":"UNAUTHORIZED","text":"Invalid login details"}}}`,
		want: "POST /v2\nAuthorization: App 0123456789abcdef-api-key\n\n" + `{"messages":[{"destinations":[{"to":"447700900123"}],"from":"Shop","text":"271828"}],"on":true,"n":1.50}`,
		id:   "2250be2d4219", reason: "auth", secrets: []string{"0123456789abcdef-api-key"},
	},
	"parts": {
		command: `curl -F 'to=0049 15112345678' -F "key=k-0123456789" -F code=493027 https://gw.example.com/f --max-time 2.5`,
		good:    "code=0&smsid=abc123", bad: "code=5&msg=too+many+messages",
		want: "POST /f\n\nto=0049%2015112345678&key=k-0123456789&code=271828",
		id:   "abc123", reason: "throttled", secrets: []string{"k-0123456789"},
	},
}

// env puts the variables' values into a configuration.
func env(t *testing.T, made *fromcurl.Instance) string {
	config := string(made.Config)
	for _, v := range made.Env {
		quoted, err := json.Marshal(v.Value)
		require.NoError(t, err)
		config = strings.ReplaceAll(config, "{{"+v.Name+"}}", string(quoted[1:len(quoted)-1]))
	}
	return config
}

func TestACommandBecomesAnInstanceThatSendsTheSame(t *testing.T) {
	for name, c := range examples {
		t.Run(name, func(t *testing.T) {
			made, err := fromcurl.Guess("acmeGw", fromcurl.Example{Command: c.command, Good: c.good, Bad: c.bad, Phone: map[string]string{"parts": "+4915112345678"}[name]})
			require.NoError(t, err)
			var mu sync.Mutex
			var got, answer string
			status := 200
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				body, _ := io.ReadAll(r.Body)
				var text strings.Builder
				text.WriteString(r.Method + " " + r.URL.RequestURI() + "\n")
				for _, h := range wanted(c.want) {
					text.WriteString(h + ": " + r.Header.Get(h) + "\n")
				}
				got = text.String() + "\n" + string(body)
				w.WriteHeader(status)
				_, _ = io.WriteString(w, answer)
			}))
			defer s.Close()
			// As text, because the comparison below is of bodies in their order.
			config := strings.TrimSuffix(strings.TrimSpace(env(t, made)), "}") + `,"endpoint":"` + s.URL + `"}`
			sms := sdktest.Open(t, httptype.Type(), config)
			answer = bodyOf(c.good)
			var sent delivery.SendResult
			phone := map[string]string{"basic, a form with a bracketed country": "+14155552671", "--json, a number, a list": "+447700900123", "parts": "+4915112345678"}[name]
			if phone == "" {
				phone = "+8613800138000"
			}
			args := sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"code": "271828", "minutes": "5", "product": "p"}}
			require.NoError(t, sms.CallInto(t.Context(), "sendMessage", args, &sent), string(made.Config))
			require.Equal(t, c.want, got)
			require.Equal(t, c.id, sent.Results[0].MessageID)
			answer, status = bodyOf(c.bad), statusOf(c.bad)
			_, err = sms.Call(t.Context(), "sendMessage", args)
			e, ok := errcode.As(err)
			require.True(t, ok)
			require.Equal(t, []any{smscode.Refused, c.reason}, []any{e.Code, e.Details["reason"]})

			printed := string(made.Config) + strings.Join(made.Guessed, "\n") + strings.Join(made.Check, "\n")
			for _, secret := range c.secrets {
				require.NotContains(t, printed, secret)
				at := slices.IndexFunc(made.Env, func(v fromcurl.EnvValue) bool { return v.Value == secret })
				require.GreaterOrEqual(t, at, 0)
				declared := slices.IndexFunc(made.Variables, func(v fromcurl.Variable) bool { return v.Name == made.Env[at].Name })
				require.True(t, made.Variables[declared].Secret)
			}
			require.NotContains(t, string(made.Config), "493027")
			require.NotContains(t, string(made.Config), "13800138000")
			require.NotEmpty(t, made.Check)
		})
	}
}

func wanted(want string) (names []string) {
	for _, line := range strings.Split(strings.SplitN(want, "\n\n", 2)[0], "\n")[1:] {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	return names
}

var statusLine = regexp.MustCompile(`(?s)^HTTP/[0-9.]+ ([0-9]+).*?\r?\n\r?\n`)

func bodyOf(answer string) string { return statusLine.ReplaceAllString(answer, "") }

func statusOf(answer string) int {
	switch {
	case strings.Contains(answer, " 401 "):
		return 401
	case strings.Contains(answer, " 400 "):
		return 400
	}
	return 200
}

// What is computed for each request, or isn't known, is said.
func TestWhatHasToBeCheckedIsSaid(t *testing.T) {
	for command, says := range map[string]string{
		`curl http://gw.example.com -d 'm=13800138000&code=493027'`:                                                                           "plain http",
		`curl https://gw.example.com -d 'm=13800138000&code=493027&sign=0a1b2c3d4e5f60718293a4b5c6d7e8f9'`:                                    "computed for each request",
		`curl https://gw.example.com -H 'Authorization: HMAC-SHA256 Credential=a, Signature=0a1b2c3d4e5f6071' -d 'm=13800138000&code=493027'`: "computed for each request",
		`curl https://gw.example.com -d 'm=13800138000'`:                                                                                      "no login code",
		`curl https://gw.example.com -d 'code=493027'`:                                                                                        "no phone",
		`curl -k https://gw.example.com -d 'm=13800138000&code=493027'`:                                                                       "certificates",
		`curl https://gw.example.com -H "X-Key: $API_KEY" -d "m=13800138000&code=493027"`:                                                     "API_KEY",
		`curl https://gw.example.com -d 'm=13800138000&code=493027&password=0a1b2c3d4e5f60718293a4b5c6d7e8f9'`:                                "MD5",
	} {
		made, err := fromcurl.Guess("a", fromcurl.Example{Command: command, Good: `{"code":0}`, Bad: `{"code":1}`})
		require.NoError(t, err, command)
		require.Contains(t, strings.Join(made.Check, "\n"), says, command)
	}
}

func TestWhatIsNoSuchCommandIsRefused(t *testing.T) {
	for command, says := range map[string]string{
		"": "no curl", "wget https://x": "no curl", "curl": "no URL", "curl https://a https://b": "two URLs", "curl -d @f https://a": "in a file",
		"curl 'https://a": "no end", `curl "https://a`: "no end", "curl $'https://a": "no end", "curl https://a -d $(cat f)": "substitution", "curl https://a -d \"`id`\"": "substitution",
		"curl -F f=@x https://a": "in a file", "curl https://a -X DELETE": "GET, POST and PUT", "curl --frob=1 -Q https://a": "-Q", "curl -X GET -d a=1 https://a": "GET with a body", "curl https://a -d": "no value",
	} {
		_, err := fromcurl.Guess("a", fromcurl.Example{Command: command, Good: "0"})
		require.ErrorContains(t, err, says, command)
	}
	_, err := fromcurl.Guess("a", fromcurl.Example{Command: "curl https://a"})
	require.ErrorContains(t, err, "answer")
}

// FuzzGuess reads any command and any answers. Nothing may panic, what is made is JSON,
// and a key stands in .env only.
func FuzzGuess(f *testing.F) {
	for _, c := range examples {
		f.Add(c.command, c.good, c.bad)
	}
	f.Add("curl https://a -d '<a b=\"c\">'", "<a", "{}")
	f.Fuzz(func(t *testing.T, command, good, bad string) {
		made, err := fromcurl.Guess("a", fromcurl.Example{Command: command, Good: good, Bad: bad})
		if err != nil {
			return
		}
		if !json.Valid(made.Config) {
			t.Fatalf("%q: %s", command, made.Config)
		}
		for _, v := range made.Variables {
			if v.Name == "" || !v.Secret {
				continue
			}
			for _, e := range made.Env {
				if e.Name == v.Name && len(e.Value) >= 6 && strings.Contains(string(made.Config), e.Value) {
					t.Fatalf("%q: %s has %s", command, made.Config, v.Name)
				}
			}
		}
	})
}

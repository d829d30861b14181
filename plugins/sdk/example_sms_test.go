package sdk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

type Config struct {
	URL string `json:"url" jsonschema:"required,format=uri" doc:"Where messages are posted."`
	Key string `json:"key" jsonschema:"required,minLength=1" secret:"true"`
}

type Acme struct{ config Config }

type Message struct {
	PhoneList []string          `json:"phoneList" arg:"JitList,required"`
	Params    map[string]string `json:"params" arg:"JitDict,required"`
	Template  string            `json:"verifyTemplateCode"`
	Sign      string            `json:"verifySign"`
}

func open(_ context.Context, c Config, _ sdk.Env) (*Acme, error) { return &Acme{c}, nil }

func (a *Acme) Send(ctx context.Context, m Message) (map[string]any, error) {
	body, _ := json.Marshal(m)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.config.URL, bytes.NewReader(body))
	if err != nil {
		return nil, errcode.New("SMS_PARAMS", "the request can't be made")
	}
	req.Header.Set("Authorization", "Bearer "+a.config.Key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, errcode.New("SMS_FAILED", "no answer") // it may still arrive
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode >= 500:
		return nil, errcode.New("SMS_FAILED", "no clear answer")
	case resp.StatusCode != http.StatusAccepted:
		return nil, errcode.New("SMS_REFUSED", "the vendor refused").With("reason", "other")
	}
	result := map[string]any{"phone": m.PhoneList[0], "status": "accepted"}
	return map[string]any{"vendor": "acme", "results": []any{result}}, nil
}

var acme = sdk.NewType("SMS.Acme", open, sdk.ConfigFile("sms.json"),
	sdk.Func("sendMessage", (*Acme).Send, sdk.RunsToEnd()))

func main() { sdk.Main(acme) }

// An SMS Type, whole, and a test of it.
func Example_sms() {
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer k" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer vendor.Close()
	for _, key := range []string{"k", "another"} {
		sms := sdktest.Open(&testing.T{}, acme, fmt.Sprintf(`{"url": %q, "key": %q}`, vendor.URL, key))
		out, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{
			"phoneList": []string{"+8613800138000"}, "params": map[string]string{"code": "123456"},
		})
		fmt.Println(out, err)
	}
	// Output:
	// map[results:[map[phone:+8613800138000 status:accepted]] vendor:acme] <nil>
	// <nil> SMS_REFUSED: the vendor refused
}

var _ = main

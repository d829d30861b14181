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

// The following is the program that "lintel new type SMS.Acme" writes. It is also in
// README.md and docs/writing-a-type.md; a test of the scaffold compares them.

// Config is an instance's sms.json. Its JSON Schema is derived from this struct.
type Config struct {
	URL string `json:"url" jsonschema:"required,format=uri" doc:"Where messages are posted."`
	Key string `json:"key" jsonschema:"required,minLength=1" secret:"true"`
}

// Vendor is one instance. It serves many calls at once.
type Vendor struct{ config Config }

// Message holds the arguments of sendMessage.
type Message struct {
	PhoneList []string          `json:"phoneList" arg:"JitList,required"`
	Params    map[string]string `json:"params" arg:"JitDict,required"`
	Template  string            `json:"verifyTemplateCode"`
	Sign      string            `json:"verifySign"`
}

func open(_ context.Context, c Config, _ sdk.Env) (*Vendor, error) { return &Vendor{c}, nil }

// Send has one of three outcomes: accepted (the vendor said so), SMS_REFUSED (the
// vendor said no, for a reason) or SMS_FAILED (nobody knows). It never repeats a
// request, and puts no phone, code or key into an error.
func (v *Vendor) Send(ctx context.Context, m Message) (map[string]any, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, errcode.New("SMS_PARAMS", "the message can't be written as JSON")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.config.URL, bytes.NewReader(body))
	if err != nil {
		return nil, errcode.New("SMS_PARAMS", "the request can't be made")
	}
	req.Header.Set("Authorization", "Bearer "+v.config.Key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, errcode.New("SMS_FAILED", "no answer") // the message may still arrive
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		return nil, errcode.New("SMS_REFUSED", "the vendor refused").With("reason", "throttled")
	case resp.StatusCode >= 500:
		return nil, errcode.New("SMS_FAILED", "the vendor failed with status %d", resp.StatusCode)
	case resp.StatusCode != http.StatusAccepted:
		return nil, errcode.New("SMS_REFUSED", "the vendor refused").With("reason", "other")
	}
	var results []any
	for _, phone := range m.PhoneList {
		results = append(results, map[string]any{"phone": phone, "status": "accepted"})
	}
	return map[string]any{"vendor": "Acme", "results": results}, nil
}

var vendorType = sdk.NewType("SMS.Acme", open, sdk.ConfigFile("sms.json"),
	sdk.Func("sendMessage", (*Vendor).Send, sdk.RunsToEnd()))

func main() { sdk.Main(vendorType) }

// A complete SMS Type and its test.
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
		sms := sdktest.Open(&testing.T{}, vendorType, fmt.Sprintf(`{"url": %q, "key": %q}`, vendor.URL, key))
		out, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{
			"phoneList": []string{"+8613800138000"}, "params": map[string]string{"code": "123456"},
		})
		fmt.Println(out, err)
	}
	// Output:
	// map[results:[map[phone:+8613800138000 status:accepted]] vendor:Acme] <nil>
	// <nil> SMS_REFUSED: the vendor refused
}

var _ = main

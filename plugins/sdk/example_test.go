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

type AcmeConfig struct {
	URL string `json:"url" jsonschema:"required,format=uri" doc:"where messages are posted"`
	Key string `json:"key" jsonschema:"required,minLength=1" secret:"true"`
}

type Acme struct{ config AcmeConfig }

type Message struct {
	PhoneList []string          `json:"phoneList" arg:"JitList,required"`
	Params    map[string]string `json:"params" arg:"JitDict,required"`
	Template  string            `json:"verifyTemplateCode"`
}

type Receipt struct {
	Vendor  string   `json:"vendor"`
	Results []Result `json:"results"`
}

type Result struct {
	Phone  string `json:"phone"`
	Status string `json:"status"`
}

func openAcme(_ context.Context, c AcmeConfig, _ sdk.Env) (*Acme, error) { return &Acme{c}, nil }

func (a *Acme) Send(ctx context.Context, m Message) (*Receipt, error) {
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
	return &Receipt{"acme", []Result{{m.PhoneList[0], "accepted"}}}, nil
}

func AcmeType() sdk.Type {
	return sdk.NewType("SMS.Acme", openAcme, sdk.ConfigFile("sms.json"),
		sdk.Func("sendMessage", (*Acme).Send, sdk.RunsToEnd()))
}

// A whole SMS Type. Its main function is sdk.Main(AcmeType()).
func ExampleNewType() {
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
	}))
	defer vendor.Close()
	t := &testing.T{}
	sms := sdktest.Open(t, AcmeType(), fmt.Sprintf(`{"url": %q, "key": "k"}`, vendor.URL))
	out, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{
		"phoneList": []string{"+8613800138000"}, "params": map[string]string{"code": "123456"},
	})
	fmt.Println(out, err)
	fmt.Println(AcmeType().Describe().GetFunctions()[0].GetArgs()[0].GetName())
	// Output:
	// map[results:[map[phone:+8613800138000 status:accepted]] vendor:acme] <nil>
	// phoneList
}

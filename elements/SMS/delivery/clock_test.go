package delivery_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/sdk"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

// asking is a vendor that asks a stand-in.
type asking struct {
	url    string
	client *delivery.Client
	answer delivery.Outcome
}

func (a asking) Deliver(ctx context.Context, _ *delivery.Message) delivery.Outcome {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, nil)
	if err != nil {
		return delivery.NoRequest()
	}
	return a.client.Do(req, func(*delivery.Response) delivery.Outcome { return a.answer })
}

func (a asking) CheckCredentials(ctx context.Context, _, _ string) delivery.Outcome {
	return a.Deliver(ctx, nil)
}

// A Date has whole seconds, and time passes on the way: the differences are half a minute
// off those that a message would show for a minute or an hour.
func TestAClockThatIsOffIsSaid(t *testing.T) {
	auth := delivery.Refused(smscode.Auth, "E1")
	for name, row := range map[string]struct {
		ahead       time.Duration
		age         string
		answer      delivery.Outcome
		detail      string // of the send, "" for none
		credentials string
	}{
		"right":            {0, "", auth, "", "the vendor refuses them (E1)"},
		"a little off":     {20 * time.Second, "", auth, "", "the vendor refuses them (E1)"},
		"behind":           {20*time.Minute + 30*time.Second, "", auth, `this machine's clock is 20m\d+s behind`, `not tested: this machine's clock is 20m\d+s behind the vendor's; set it \(E1\)`},
		"ahead":            {-3*time.Hour - 30*time.Minute, "", auth, `this machine's clock is 3h\d+m\d+s ahead`, `not tested: this machine's clock is 3h\d+m\d+s ahead of the vendor's; set it \(E1\)`},
		"years":            {-10 * 365 * 24 * time.Hour, "", auth, `ahead of the vendor's`, `ahead of the vendor's; set it`},
		"from a cache":     {-3*time.Hour - 30*time.Minute, "10800", auth, "", "the vendor refuses them (E1)"},
		"a code of others": {20*time.Minute + 30*time.Second, "", delivery.Refused(smscode.Other, "E2"), "behind", `behind the vendor's; set it \(E2\)`},
		"unreadable":       {20*time.Minute + 30*time.Second, "", delivery.Unreadable(), "the answer can't be read; this machine's clock is 20m", `the answer can't be read; this machine's clock is 20m\d+s behind the vendor's; set it`},
		"no money":         {20*time.Minute + 30*time.Second, "", delivery.Refused(smscode.Balance, "E3"), "", "the vendor answered balance (E3)"},
		"accepted":         {20*time.Minute + 30*time.Second, "", delivery.Accepted("m"), "", `the vendor knows them, but this machine's clock is 20m\d+s behind the vendor's`},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", time.Now().Add(row.ahead).UTC().Format(http.TimeFormat))
				if row.age != "" {
					w.Header().Set("Age", row.age)
				}
			}))
			defer s.Close()
			typ := delivery.NewType("SMS.Test", "Test", "", func(_ context.Context, c config, _ sdk.Env) (*delivery.Sender, error) {
				client := delivery.NewClient(delivery.Network{})
				return delivery.NewSender("Test", asking{s.URL, client, row.answer}, delivery.Options{
					Settings: c.Settings, TemplateSettings: c.TemplateSettings, Close: client.Close,
				}), nil
			})
			sms := sdktest.Open(t, typ, `{"verifyTemplateCode":"T"}`)
			_, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"code": "1"}})
			if row.detail == "" {
				require.NotContains(t, fmt.Sprint(err, sms.Log()), "clock")
			} else {
				e := coded(t, err)
				require.Regexp(t, row.detail, e.Message)
				require.Equal(t, "clock", e.Details["cause"])
				require.Regexp(t, row.detail, sms.Log())
			}
			steps := sdktest.Check(t, typ, `{"verifyTemplateCode":"T"}`).GetSteps()
			got := steps[len(steps)-1].GetMessage()
			if row.detail == "" && row.answer.Status() != delivery.StatusAccepted {
				require.Contains(t, got, row.credentials)
			} else {
				require.Regexp(t, row.credentials, got)
			}
		})
	}
}

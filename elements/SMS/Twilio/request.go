package twilio

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	twilio "github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// vendor makes requests that Twilio's SDK builds.
type vendor struct {
	Config
	base   *url.URL
	client *delivery.Client
}

// contentPrefix is the prefix of content templates' IDs.
const contentPrefix = "HX"

// Deliver implements delivery.Vendor.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	params := &api.CreateMessageParams{}
	params.SetTo(m.Phone.E164())
	if v.MessagingServiceSid != "" {
		params.SetMessagingServiceSid(v.MessagingServiceSid)
	} else {
		params.SetFrom(v.From)
	}
	if v.StatusCallback != "" {
		params.SetStatusCallback(v.StatusCallback)
	}
	// A call's own text replaces the instance's content template.
	replaced := m.TextGiven && m.Template == v.ContentSid
	if strings.HasPrefix(m.Template, contentPrefix) && !replaced {
		variables := make(map[string]string, len(m.Params))
		for i, value := range m.Values() {
			variables[strconv.Itoa(i+1)] = value
		}
		params.SetContentSid(m.Template)
		params.SetContentVariables(delivery.JSON(variables))
	} else {
		params.SetBody(m.Text)
	}
	return v.do(ctx, readSend, func(s *api.ApiService) { _, _ = s.CreateMessage(params) })
}

// CheckCredentials asks for the account.
func (v *vendor) CheckCredentials(ctx context.Context, _, _ string) delivery.Outcome {
	return v.do(ctx, delivery.ReadJSON(readAccount), func(s *api.ApiService) { _, _ = s.FetchAccount(url.PathEscape(v.AccountSid)) })
}

// do makes one request that the SDK builds in call.
func (v *vendor) do(ctx context.Context, read delivery.ReadFunc, call func(*api.ApiService)) delivery.Outcome {
	t := &transport{Exchange: v.client.Exchange(ctx), vendor: v}
	// The SDK's own constructor reads TWILIO_EDGE and TWILIO_REGION.
	call(api.NewApiService(&twilio.RequestHandler{Client: t}))
	return t.Outcome(read)
}

package tencent

import (
	"context"
	"net/url"
	"strconv"

	tc "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// vendor makes requests that Tencent Cloud's SDK builds and signs. The SDK's service
// package for SMS adds only types to that.
type vendor struct {
	Config
	base   *url.URL
	client *delivery.Client
}

// Deliver implements delivery.Vendor.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	switch mainland := m.Phone.Mainland(); {
	case mainland && m.Sign == "":
		return delivery.Unsent(smscode.Signature, "mainland numbers need a verifySign")
	case !mainland && m.Sign != "":
		// Only mainland templates have a sign.
		return delivery.Unsent(smscode.Region, "a template with a sign goes to mainland numbers only")
	}
	parameters := map[string]any{
		"PhoneNumberSet":   []string{m.Phone.E164()},
		"SmsSdkAppId":      v.SdkAppID,
		"TemplateId":       m.Template,
		"TemplateParamSet": m.Values(),
		"SessionContext":   m.RequestID,
	}
	if m.Sign != "" {
		parameters["SignName"] = m.Sign
	}
	return v.do(ctx, "SendSms", parameters, readSend)
}

// CheckCredentials asks for the template's state.
func (v *vendor) CheckCredentials(ctx context.Context, template, sign string) delivery.Outcome {
	international := 1
	if sign != "" {
		international = 0
	}
	parameters := map[string]any{"International": international, "Limit": 1, "Offset": 0}
	if id, err := strconv.ParseUint(template, 10, 64); err == nil {
		parameters = map[string]any{"International": international, "TemplateIdSet": []uint64{id}}
	}
	return v.do(ctx, "DescribeSmsTemplateList", parameters, func(r *delivery.Response, body response) delivery.Outcome {
		return readCheck(r, body, template)
	})
}

// do lets the SDK build and sign one request.
func (v *vendor) do(ctx context.Context, action string, parameters map[string]any, read func(*delivery.Response, response) delivery.Outcome) delivery.Outcome {
	exchange := v.client.Exchange(ctx)
	request := tchttp.NewCommonRequest("sms", "2021-01-11", action)
	if err := request.SetActionParameters(parameters); err != nil {
		return delivery.NoRequest()
	}
	p := profile.NewClientProfile()
	p.HttpProfile.Scheme = v.base.Scheme
	p.HttpProfile.Endpoint = v.base.Host + v.base.Path
	p.DisableRegionBreaker = true // it would send again, elsewhere
	client := tc.NewCommonClient(tc.NewCredential(v.SecretID, v.SecretKey), v.Region, p).WithHttpTransport(exchange)
	_ = client.Send(request, tchttp.NewCommonResponse())
	return exchange.Outcome(delivery.ReadJSON(read))
}

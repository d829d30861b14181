package tencent

import (
	"context"
	"strconv"

	tc "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// vendor makes requests with Tencent Cloud's SDK, which builds and signs them;
// its service package for SMS adds nothing but types to that.
type vendor struct {
	api    *tc.Client
	client *delivery.Client
	appID  string
}

// Deliver makes one request.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	mainland := m.Phone.Mainland()
	switch {
	case mainland && m.Sign == "":
		o := delivery.Refused(delivery.Signature, "")
		o.What = "mainland numbers need a verifySign"
		return o
	case !mainland && m.Sign != "":
		// Only templates of the mainland have a sign, and they don't go abroad.
		return delivery.NotServed("a template with a sign goes to mainland numbers only")
	}
	parameters := map[string]any{
		"PhoneNumberSet":   []string{m.Phone.E164()},
		"SmsSdkAppId":      v.appID,
		"TemplateId":       m.Template,
		"TemplateParamSet": m.Values(),
		"SessionContext":   m.RequestID,
	}
	if m.Sign != "" {
		parameters["SignName"] = m.Sign
	}
	answer, failed, ok := v.do(ctx, "SendSms", parameters)
	if !ok {
		return failed
	}
	return outcomeOf(answer)
}

// do lets the SDK build and sign one request and gives its answer. The SDK's
// error may hold the answer's text and doesn't say how the request ended.
func (v *vendor) do(ctx context.Context, action string, parameters map[string]any) (*delivery.Answer, delivery.Outcome, bool) {
	exchange := v.client.Exchange(ctx, nil)
	request := tchttp.NewCommonRequest("sms", "2021-01-11", action)
	if err := request.SetActionParameters(parameters); err != nil {
		return nil, delivery.NotMade(), false
	}
	request.SetContext(exchange.Context())
	_ = v.api.Send(request, tchttp.NewCommonResponse())
	return exchange.Answer()
}

// answer is what the API answers; both kinds of failure come with status 200.
type answer struct {
	Response struct {
		Error *struct{ Code string }
		// SendStatusSet has an entry for each phone.
		SendStatusSet []struct{ SerialNo, Code string }
		// DescribeTemplateStatusSet has an entry for each template asked for.
		DescribeTemplateStatusSet []struct{ StatusCode *int }
		RequestID                 string `json:"RequestId"`
	}
}

// outcomeOf reads an answer. Accepted is the phone's own Code "Ok".
func outcomeOf(a *delivery.Answer) delivery.Outcome {
	var said answer
	if !a.JSON(&said) {
		return delivery.Unknown("the answer can't be read")
	}
	var o delivery.Outcome
	set := said.Response.SendStatusSet
	switch {
	case said.Response.Error != nil && said.Response.Error.Code != "":
		o = codes.Outcome(said.Response.Error.Code, a.Status)
	case len(set) != 1 || set[0].Code == "":
		o = delivery.Unknown("the answer has no code")
	case set[0].Code != "Ok":
		o = codes.Outcome(set[0].Code, a.Status)
	case !a.OK():
		o = delivery.Unknown("the answer contradicts itself")
	default:
		o = delivery.Accepted(set[0].SerialNo)
	}
	o.RequestID = said.Response.RequestID
	return o
}

// Prove asks for the template's state. A user that may send but not read
// templates has the right keys all the same.
func (v *vendor) Prove(ctx context.Context, template, sign string) delivery.Outcome {
	parameters := map[string]any{"International": 1, "Limit": 1, "Offset": 0}
	if sign != "" {
		parameters["International"] = 0
	}
	id, err := strconv.ParseUint(template, 10, 64)
	if err == nil {
		parameters = map[string]any{"International": parameters["International"], "TemplateIdSet": []uint64{id}}
	}
	a, failed, ok := v.do(ctx, "DescribeSmsTemplateList", parameters)
	if !ok {
		return failed
	}
	var said answer
	switch {
	case !a.JSON(&said) || !a.OK():
		return delivery.Unknown("the answer can't be read")
	case said.Response.Error != nil:
		return proofOf(said.Response.Error.Code, a.Status)
	case said.Response.RequestID == "" && said.Response.DescribeTemplateStatusSet == nil:
		return delivery.Unknown("the answer is empty")
	}
	if template == "" {
		return delivery.Accepted("")
	}
	for _, found := range said.Response.DescribeTemplateStatusSet {
		if found.StatusCode != nil && *found.StatusCode == 0 {
			return delivery.Accepted("")
		}
	}
	return delivery.Refused(delivery.Template, "not approved")
}

// proofOf reads a refusal of the question for the template.
func proofOf(code string, status int) delivery.Outcome {
	switch code {
	case "AuthFailure.UnauthorizedOperation", "UnauthorizedOperation.RequestPermissionDeny", "UnauthorizedOperation":
		o := delivery.Accepted("")
		o.What = "but its user may not read templates"
		return o
	}
	return codes.Outcome(code, status)
}

package aliyun

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	alisdk "github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/dysmsapi"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/phone"
)

// vendor makes requests with Alibaba Cloud's SDK. The SDK builds and signs them;
// how they travel and what the answer means is decided here.
//
// A client of the SDK writes its own fields in every call, and the one made by
// its service package writes a global map, so neither may be shared. A plain
// client for each call is cheap and shares nothing; the connections are the
// instance's.
type vendor struct {
	key, secret string
	base        *url.URL
	client      *delivery.Client
}

// Deliver makes one request.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	params, err := json.Marshal(m.Named())
	if err != nil {
		return delivery.NotMade()
	}
	request := dysmsapi.CreateSendSmsRequest()
	// What identifies the person travels in the body: URLs end up in logs.
	request.FormParams = map[string]string{
		"PhoneNumbers":  number(m.Phone),
		"SignName":      m.Sign,
		"TemplateCode":  m.Template,
		"TemplateParam": string(params),
	}
	request.Domain = v.base.Host
	answer, failed, ok := v.do(ctx, request, dysmsapi.CreateSendSmsResponse())
	if !ok {
		return failed
	}
	return outcomeOf(answer)
}

// Prove asks for the template's state. A user that may send but not read
// templates has the right keys all the same.
func (v *vendor) Prove(ctx context.Context, template, _ string) delivery.Outcome {
	request := dysmsapi.CreateQuerySmsTemplateRequest()
	request.TemplateCode = template
	request.Domain = v.base.Host
	answer, failed, ok := v.do(ctx, request, dysmsapi.CreateQuerySmsTemplateResponse())
	if !ok {
		return failed
	}
	o := outcomeOf(answer)
	switch o.Code {
	case "isp.RAM_PERMISSION_DENY", "Forbidden.RAM", "NoPermission":
		o = delivery.Accepted("")
		o.What = "but its user may not read templates"
	}
	return o
}

// do lets the SDK build and sign one request and gives its answer.
func (v *vendor) do(ctx context.Context, request requests.AcsRequest, response responses.AcsResponse) (*delivery.Answer, delivery.Outcome, bool) {
	exchange := v.client.Exchange(ctx, prepare(v.base))
	config := alisdk.NewConfig().WithScheme("HTTPS").WithAutoRetry(false).WithMaxRetryTime(0)
	if deadline, ok := ctx.Deadline(); ok {
		// The context ends the request; the SDK's own limit is only behind it.
		config = config.WithTimeout(time.Until(deadline) + time.Second)
	}
	config.Transport = exchange
	client, err := alisdk.NewClientWithOptions("cn-hangzhou", config, credentials.NewStaticAKCredentialsProvider(v.key, v.secret))
	if err != nil {
		return nil, delivery.NotMade(), false
	}
	// Neither the SDK's error nor its absence says how the request ended, and its
	// text holds the whole request; the answer itself is read instead.
	_ = client.DoAction(request, response)
	return exchange.Answer()
}

// number gives a phone as the vendor wants it: mainland numbers bare, others
// with country code and without a plus.
func number(p phone.Number) string {
	if p.Mainland() {
		return p.National()
	}
	return p.Digits()
}

// answer is the vendor's JSON, for success and failure alike.
type answer struct {
	Code      string
	Message   string
	BizID     string `json:"BizId"`
	RequestID string `json:"RequestId"`
}

// outcomeOf reads an answer. Accepted is Code "OK" in an answer of 2xx, and
// nothing else.
func outcomeOf(a *delivery.Answer) delivery.Outcome {
	var said answer
	if !a.JSON(&said) {
		return delivery.Unknown("the answer can't be read")
	}
	var o delivery.Outcome
	switch {
	case said.Code == "":
		o = delivery.Unknown("the answer has no code")
	case said.Code == "OK" && a.OK():
		o = delivery.Accepted(said.BizID)
	case said.Code == "OK" || a.Redirect():
		o = delivery.Unknown("the answer contradicts itself")
	default:
		o = refusal(said.Code, said.Message, a.Status)
	}
	o.Code, o.RequestID = said.Code, said.RequestID
	if strings.EqualFold(o.Code, "OK") {
		o.Code = ""
	}
	return o
}

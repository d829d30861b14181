package aliyun

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	alisdk "github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/dysmsapi"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
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
		return refusedHere("the parameters can't be written as JSON")
	}
	exchange := &exchange{ctx: ctx, base: v.base, client: v.client}
	config := alisdk.NewConfig().WithScheme("HTTPS").WithAutoRetry(false).WithMaxRetryTime(0)
	if deadline, ok := ctx.Deadline(); ok {
		// The context ends the request; the SDK's own limit is only behind it.
		config = config.WithTimeout(time.Until(deadline) + time.Second)
	}
	config.Transport = exchange
	client, err := alisdk.NewClientWithOptions("cn-hangzhou", config, credentials.NewStaticAKCredentialsProvider(v.key, v.secret))
	if err != nil {
		return refusedHere("the vendor's SDK can't be set up")
	}
	request := dysmsapi.CreateSendSmsRequest()
	request.Domain = v.base.Host
	// What identifies the person travels in the body: URLs end up in logs.
	request.FormParams = map[string]string{
		"PhoneNumbers":  number(m.Phone),
		"SignName":      m.Sign,
		"TemplateCode":  m.Template,
		"TemplateParam": string(params),
	}
	// Neither the SDK's error nor its absence says how the request ended, and its
	// text holds the whole request; the answer itself is read instead.
	_ = client.DoAction(request, dysmsapi.CreateSendSmsResponse())
	return exchange.outcome()
}

// refusedHere is for a request that was never made.
func refusedHere(what string) delivery.Outcome {
	o := delivery.Refused(delivery.Other, "")
	o.What = what
	return o
}

// number gives a phone as the vendor wants it: mainland numbers bare, others
// with country code and without a plus.
func number(p delivery.Phone) string {
	if p.CountryCode() == "86" {
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
	if a.Cut || json.Unmarshal(a.Body, &said) != nil {
		return delivery.Unknown("the answer can't be read")
	}
	success := a.Status >= 200 && a.Status < 300
	var o delivery.Outcome
	switch {
	case said.Code == "":
		o = delivery.Unknown("the answer has no code")
	case said.Code == "OK" && success:
		o = delivery.Accepted(said.BizID)
	case said.Code == "OK" || a.Status >= 300 && a.Status < 400:
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

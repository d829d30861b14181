package aliyun

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	alisdk "github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/dysmsapi"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/phone"
)

// vendor makes requests that Alibaba Cloud's SDK builds and signs.
//
// Each call has an SDK client of its own: a client writes its own fields in every
// call, and the one of the SDK's service package writes a global map, so neither may
// be shared. The connections are the instance's.
type vendor struct {
	Config
	base   *url.URL
	client *delivery.Client
}

// Deliver implements delivery.Vendor.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	number, ok := vendorNumber(m.Phone)
	if !ok {
		return delivery.Unsent(smscode.Region, "the vendor would read the number as a mainland one")
	}
	request := dysmsapi.CreateSendSmsRequest()
	// What identifies the person travels in the body: URLs end up in logs.
	request.FormParams = map[string]string{
		"PhoneNumbers":  number,
		"SignName":      m.Sign,
		"TemplateCode":  m.Template,
		"TemplateParam": delivery.JSON(m.Named()),
	}
	request.Domain = v.base.Host
	return v.do(ctx, request, dysmsapi.CreateSendSmsResponse())
}

// CheckCredentials asks for the template's state. A user that may send but not read
// templates also has the right keys.
func (v *vendor) CheckCredentials(ctx context.Context, template, _ string) delivery.Outcome {
	request := dysmsapi.CreateQuerySmsTemplateRequest()
	request.TemplateCode = template
	request.Domain = v.base.Host
	o := v.do(ctx, request, dysmsapi.CreateQuerySmsTemplateResponse())
	switch o.Code {
	case "isp.RAM_PERMISSION_DENY", "Forbidden.RAM", "NoPermission":
		return delivery.Accepted("").WithDetail("but its user may not read templates")
	}
	return o
}

// do lets the SDK build and sign one request.
func (v *vendor) do(ctx context.Context, request requests.AcsRequest, response responses.AcsResponse) delivery.Outcome {
	exchange := v.client.Exchange(ctx)
	config := alisdk.NewConfig().WithScheme("HTTPS").WithAutoRetry(false).WithMaxRetryTime(0)
	if deadline, ok := ctx.Deadline(); ok {
		// The context ends the request before the SDK's own timeout does.
		config = config.WithTimeout(time.Until(deadline) + time.Second)
	}
	config.Transport = transport(func(r *http.Request) (*http.Response, error) {
		r, err := v.prepare(r.WithContext(ctx))
		if err != nil {
			return nil, err
		}
		return exchange.RoundTrip(r)
	})
	client, err := alisdk.NewClientWithOptions("cn-hangzhou", config, credentials.NewStaticAKCredentialsProvider(v.AccessKey, v.AccessSecret))
	if err != nil {
		return delivery.NoRequest()
	}
	_ = client.DoAction(request, response)
	return exchange.Outcome(delivery.ReadJSON(readResponse))
}

// transport is a function as an http.RoundTripper.
type transport func(*http.Request) (*http.Response, error)

// RoundTrip calls t.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// inBody are the parameters that the SDK puts into the query although they
// authenticate the request. The vendor reads query and body as one, and the
// signature covers both.
var inBody = []string{"AccessKeyId", "Signature", "SecurityToken"}

// prepare directs the SDK's request to the instance's endpoint and moves what
// authenticates it from the URL to the body.
func (v *vendor) prepare(r *http.Request) (*http.Request, error) {
	form, err := formOf(r)
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	for _, name := range inBody {
		if value := query.Get(name); value != "" {
			form.Set(name, value)
			query.Del(name)
			delivery.NoteSensitive(r.Context(), value)
		}
	}
	to := *v.base
	to.Path += "/"
	to.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(r.Context(), r.Method, to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header = r.Header
	return req, nil
}

func formOf(r *http.Request) (url.Values, error) {
	if r.Body == nil {
		return url.Values{}, nil
	}
	defer r.Body.Close()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(string(raw))
}

// vendorNumber returns a phone as the vendor wants it: mainland mobile numbers without
// country code, others with it and without a plus. It reports false for a number that
// then looks like a mainland mobile one, such as +18624017194.
func vendorNumber(n phone.Number) (string, bool) {
	if n.MainlandMobile() {
		return n.National(), true
	}
	return n.Digits(), !phone.IsMainlandMobile(n.Digits())
}

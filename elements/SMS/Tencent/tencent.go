// Package tencent is the Type SMS.Tencent: Tencent Cloud's short message service,
// action SendSms of the API sms 2021-01-11.
package tencent

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	tc "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// vendorsEndpoint serves all regions of the mainland site.
const vendorsEndpoint = "https://sms.tencentcloudapi.com"

// Config is an instance's configuration.
type Config struct {
	delivery.Settings
	delivery.TemplateSettings
	SecretID  string `json:"secretId" jsonschema:"required,minLength=1" secret:"true" doc:"SecretId of a CAM user that may send messages"`
	SecretKey string `json:"secretKey" jsonschema:"required,minLength=1" secret:"true" doc:"SecretKey of that user"`
	SdkAppID  string `json:"sdkAppId" jsonschema:"required,minLength=1" doc:"SdkAppId of the SMS application, such as 1400006666"`
	Region    string `json:"region" default:"ap-guangzhou" jsonschema:"minLength=1" doc:"region whose signs and templates are used"`
}

// Type is SMS.Tencent.
func Type() sdk.Type {
	return delivery.NewType("SMS.Tencent", "Tencent Cloud SMS", "Sends messages with Tencent Cloud's short message service.", open, delivery.WithReports())
}

func open(ctx context.Context, c Config, _ sdk.Env) (*delivery.Sender, error) {
	return delivery.Open(ctx, "Tencent", vendorsEndpoint, delivery.Options{
		Settings: c.Settings,
		Template: c.VerifyTemplateCode, Sign: c.VerifySign,
		NeedsTemplate: true,
		Doubts:        doubts(c),
		Secrets:       []string{c.SecretID, c.SecretKey},
	}, func(base *url.URL, client *delivery.Client) delivery.Vendor {
		p := profile.NewClientProfile()
		p.HttpProfile.Scheme = base.Scheme
		p.HttpProfile.Endpoint = base.Host + base.Path
		p.DisableRegionBreaker = true // it would send again, elsewhere
		api := tc.NewCommonClient(tc.NewCredential(c.SecretID, c.SecretKey), c.Region, p).WithHttpTransport(delivery.Carrier{})
		return &vendor{client: client, appID: c.SdkAppID, api: api}
	})
}

var digits = regexp.MustCompile(`^[0-9]+$`)

// doubts says what doesn't look as Tencent's values do.
func doubts(c Config) (list []string) {
	if !digits.MatchString(c.SdkAppID) {
		list = append(list, "sdkAppId is a number, such as 1400006666")
	}
	if c.VerifyTemplateCode != "" && !digits.MatchString(c.VerifyTemplateCode) {
		list = append(list, "verifyTemplateCode is a number, the template's id")
	}
	if strings.ContainsAny(c.VerifySign, "【】") {
		list = append(list, "verifySign is written without 【】")
	}
	return list
}

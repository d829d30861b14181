package delivery_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/sdk"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

// checker is a vendor whose credentials can be checked.
type checker struct {
	vendorFunc
	outcome delivery.Outcome
}

func (c checker) CheckCredentials(context.Context, string, string) delivery.Outcome {
	return c.outcome
}

func TestStepsOfACheck(t *testing.T) {
	note := delivery.Accepted("").WithDetail("but they may not read")
	for name, row := range map[string]struct {
		config  string
		outcome delivery.Outcome
		want    []string
	}{
		"all is well": {`{"verifyTemplateCode":"T"}`, delivery.Accepted(""), []string{"configuration true complete", "credentials true the vendor knows them"}},
		"a strange value": {`{"verifyTemplateCode":"strange"}`, delivery.Accepted(""),
			[]string{"configuration true complete, though it doesn't look right; a hint", "credentials true the vendor knows them"}},
		"no template": {`{}`, note, []string{"configuration false verifyTemplateCode is empty: each call must bring one; a hint",
			"credentials true the vendor knows them, but they may not read"}},
		"wrong keys": {`{"verifyTemplateCode":"T"}`, delivery.Refused(smscode.Auth, "E-the-key"),
			[]string{"configuration true complete", "credentials false the vendor refuses them ([redacted])"}},
		"wrong template": {`{"verifyTemplateCode":"T"}`, delivery.Refused(smscode.Template, "E1"),
			[]string{"configuration true complete", "credentials true the vendor knows them", "template false the vendor refuses the template (E1)"}},
		"throttled": {`{"verifyTemplateCode":"T"}`, delivery.Refused(smscode.Throttled, "E2"),
			[]string{"configuration true complete", "credentials false not tested: the vendor answered throttled (E2)"}},
		"no answer": {`{"verifyTemplateCode":"T"}`, delivery.Unknown("no answer in time"),
			[]string{"configuration true complete", "credentials false not tested: no answer in time"}},
	} {
		t.Run(name, func(t *testing.T) {
			typ := delivery.NewType("SMS.Test", "Test", "", func(_ context.Context, c config, _ sdk.Env) (*delivery.Sender, error) {
				o := delivery.Options{Settings: c.Settings, TemplateSettings: c.TemplateSettings, RequireTemplate: true, Hints: []string{""}}
				if c.VerifyTemplateCode != "T" {
					o.Hints = append(o.Hints, "a hint")
				}
				return delivery.NewSender("Test", checker{outcome: row.outcome}, o), nil
			})
			var got []string
			for _, r := range sdktest.Check(t, typ, row.config).GetSteps() {
				got = append(got, fmt.Sprint(r.GetName(), " ", r.GetOk(), " ", r.GetMessage()))
			}
			require.Equal(t, row.want, got)
		})
	}
}

package delivery_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

// prover is a vendor with a call that proves its credentials.
type prover struct {
	vendorFunc
	proof delivery.Outcome
}

func (p prover) Prove(context.Context, string, string) delivery.Outcome { return p.proof }

func TestRungsOfACheck(t *testing.T) {
	note := delivery.Accepted("")
	note.What = "but they may not read"
	for name, row := range map[string]struct {
		config string
		proof  delivery.Outcome
		want   []string
	}{
		"all is well": {`{"verifyTemplateCode":"T"}`, delivery.Accepted(""), []string{"configuration true complete", "credentials true the vendor knows them"}},
		"a strange value": {`{"verifyTemplateCode":"strange"}`, delivery.Accepted(""),
			[]string{"configuration true complete, though it doesn't look right; a doubt", "credentials true the vendor knows them"}},
		"no template": {`{}`, note, []string{"configuration false verifyTemplateCode is empty: each call must bring one; a doubt",
			"credentials true the vendor knows them, but they may not read"}},
		"wrong keys": {`{"verifyTemplateCode":"T"}`, delivery.Refused(delivery.Auth, "E-the-key"),
			[]string{"configuration true complete", "credentials false the vendor refuses them ([redacted])"}},
		"wrong template": {`{"verifyTemplateCode":"T"}`, delivery.Refused(delivery.Template, "E1"),
			[]string{"configuration true complete", "credentials true the vendor knows them", "template false the vendor refuses the template (E1)"}},
		"throttled": {`{"verifyTemplateCode":"T"}`, delivery.Refused(delivery.Throttled, "E2"),
			[]string{"configuration true complete", "credentials false not tested: the vendor answered throttled (E2)"}},
		"no answer": {`{"verifyTemplateCode":"T"}`, delivery.Unknown("no answer in time"),
			[]string{"configuration true complete", "credentials false not tested: no answer in time"}},
	} {
		t.Run(name, func(t *testing.T) {
			typ := delivery.NewType("SMS.Test", "Test", "", func(_ context.Context, c config, _ sdk.Env) (*delivery.Sender, error) {
				o := delivery.Options{Settings: c.Settings, Template: c.VerifyTemplateCode, NeedsTemplate: true, Secrets: []string{"the-key"}}
				if c.VerifyTemplateCode != "T" {
					o.Doubts = []string{"a doubt"}
				}
				return delivery.NewSender("Test", prover{proof: row.proof}, o), nil
			})
			var got []string
			for _, r := range sdktest.Check(t, typ, row.config).GetSteps() {
				got = append(got, fmt.Sprint(r.GetName(), " ", r.GetOk(), " ", r.GetMessage()))
			}
			require.Equal(t, row.want, got)
		})
	}
}

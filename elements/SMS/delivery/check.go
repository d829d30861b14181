package delivery

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// CredentialChecker is a Vendor with a request that costs nothing, changes nothing,
// and that the vendor accepts only with the right credentials.
type CredentialChecker interface {
	// CheckCredentials makes that request. The outcome is accepted if the credentials
	// are right; refused for the template or the sign if only that is wrong; otherwise
	// refused or unknown. ctx has the configured deadline.
	CheckCredentials(ctx context.Context, template, sign string) Outcome
}

// The steps of a check.
const (
	stepConfiguration = "configuration"
	stepCredentials   = "credentials"
	stepTemplate      = "template"
)

// Check tests the instance without sending a message: whether its configuration is
// complete and the vendor accepts its credentials.
func (s *Sender) Check(ctx context.Context) []sdk.CheckStep {
	configuration := s.checkConfiguration()
	checker, ok := s.vendor.(CredentialChecker)
	if !ok {
		configuration.Message += "; this vendor has no call that proves the credentials without sending, only a message does"
		return []sdk.CheckStep{configuration}
	}
	limited, cancel := s.withTimeout(ctx)
	defer cancel()
	outcome := checker.CheckCredentials(limited, s.o.VerifyTemplateCode, s.o.VerifySign).explained()
	return append([]sdk.CheckStep{configuration}, s.credentialSteps(outcome)...)
}

// checkConfiguration fails for what is missing. Hints are only shown, because the
// vendor knows better.
func (s *Sender) checkConfiguration() sdk.CheckStep {
	var missing []string
	if s.o.RequireTemplate && s.o.VerifyTemplateCode == "" {
		missing = append(missing, "verifyTemplateCode is empty: each call must bring one")
	}
	if s.o.RequireSign && s.o.VerifySign == "" {
		missing = append(missing, "verifySign is empty: each call must bring one")
	}
	hints := slices.DeleteFunc(slices.Clone(s.o.Hints), func(hint string) bool { return hint == "" })
	lines := missing
	if len(missing) == 0 {
		lines = []string{"complete"}
		if len(hints) > 0 {
			lines[0] += ", though it doesn't look right"
		}
	}
	return sdk.CheckStep{Name: stepConfiguration, OK: len(missing) == 0, Message: strings.Join(append(lines, hints...), "; ")}
}

// credentialSteps describes the outcome of CheckCredentials.
func (s *Sender) credentialSteps(o Outcome) []sdk.CheckStep {
	code := ""
	if text := redactText(o.Code, s.secrets); text != "" {
		code = " (" + text + ")"
	}
	right := sdk.CheckStep{Name: stepCredentials, OK: true, Message: "the vendor knows them"}
	switch {
	case o.Status() == StatusAccepted:
		if o.Detail != "" {
			right.Message += ", " + o.Detail
		}
		if detail := clockDetail(o.clockSkew); detail != "" {
			right.Message += ", but " + detail
		}
		return []sdk.CheckStep{right}
	case o.Status() == StatusRefused && (o.Reason == smscode.Template || o.Reason == smscode.Signature):
		return []sdk.CheckStep{right, {Name: stepTemplate, Message: "the vendor refuses the " + string(o.Reason) + code}}
	case o.Cause == smscode.CauseClock:
		return []sdk.CheckStep{{Name: stepCredentials, Message: "not tested: " + o.Detail + "; set it" + code}}
	case o.Status() == StatusRefused && o.Reason == smscode.Auth:
		return []sdk.CheckStep{{Name: stepCredentials, Message: "the vendor refuses them" + code}}
	}
	why := cmp.Or(o.Detail, "the vendor answered "+string(o.Reason))
	return []sdk.CheckStep{{Name: stepCredentials, Message: "not tested: " + why + code}}
}

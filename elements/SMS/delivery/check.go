package delivery

import (
	"context"
	"strings"
	"time"

	"github.com/lintel-run/lintel/plugins/sdk"
)

// Prover is a Vendor with a call that costs nothing, changes nothing, and that
// the vendor answers only to who has the credentials.
type Prover interface {
	// Prove makes that call. It is accepted when the credentials are right; refused
	// for the template or the sign when they are, but that is not; else refused or
	// unknown. ctx has the configured deadline.
	Prove(ctx context.Context, template, sign string) Outcome
}

// The steps of a check.
const (
	stepConfiguration = "configuration"
	stepCredentials   = "credentials"
	stepTemplate      = "template"
)

// Check tests the instance without sending anything: what the configuration
// lacks, and whether the vendor knows its credentials.
func (s *Sender) Check(ctx context.Context) []sdk.CheckStep {
	first := s.complete()
	prover, ok := s.vendor.(Prover)
	if !ok {
		first.Message += "; this vendor has no call that proves the credentials without sending, only a message does"
		return []sdk.CheckStep{first}
	}
	limited, cancel := context.WithTimeout(ctx, time.Duration(s.o.Timeout)*time.Millisecond)
	defer cancel()
	return append([]sdk.CheckStep{first}, s.proven(prover.Prove(limited, s.o.Template, s.o.Sign))...)
}

// complete is the step of the configuration. What is missing fails it; what only
// looks unlike the vendor's values is said, since the vendor knows better.
func (s *Sender) complete() sdk.CheckStep {
	var missing []string
	if s.o.NeedsTemplate && s.o.Template == "" {
		missing = append(missing, "verifyTemplateCode is empty: each call must bring one")
	}
	if s.o.NeedsSign && s.o.Sign == "" {
		missing = append(missing, "verifySign is empty: each call must bring one")
	}
	said := missing
	if len(missing) == 0 {
		said = []string{"complete"}
		if len(s.o.Doubts) > 0 {
			said[0] += ", though it doesn't look right"
		}
	}
	return sdk.CheckStep{Name: stepConfiguration, OK: len(missing) == 0, Message: strings.Join(append(said, s.o.Doubts...), "; ")}
}

// proven puts the outcome of a proof into steps.
func (s *Sender) proven(o Outcome) []sdk.CheckStep {
	said := ""
	if code := cleaned(o.Code, s.o.Secrets); code != "" {
		said = " (" + code + ")"
	}
	known := sdk.CheckStep{Name: stepCredentials, OK: true, Message: "the vendor knows them"}
	if o.What != "" && o.Status() == StatusAccepted {
		known.Message += ", " + o.What
	}
	switch {
	case o.Status() == StatusAccepted:
		return []sdk.CheckStep{known}
	case o.Status() == StatusRefused && (o.Reason == Template || o.Reason == Signature):
		return []sdk.CheckStep{known, {Name: stepTemplate, Message: "the vendor refuses the " + string(o.Reason) + said}}
	case o.Status() == StatusRefused && o.Reason == Auth:
		return []sdk.CheckStep{{Name: stepCredentials, Message: "the vendor refuses them" + said}}
	}
	why := o.What
	if why == "" {
		why = "the vendor answered " + string(o.Reason)
	}
	return []sdk.CheckStep{{Name: stepCredentials, Message: "not tested: " + why + said}}
}

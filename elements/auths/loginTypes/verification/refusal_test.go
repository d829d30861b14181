package verification

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// refuse is a send that the vendor refuses.
func (w *world) refuse(c element.Call, identity string, reason smscode.Reason) error {
	w.sms = refuses(errcode.New(smscode.Refused, "no").With(smscode.RefusalReason, string(reason)))
	_, err := w.svc.Send(w.in(c), sendRequest(identity, nil))
	return err
}

func refuses(err error) func(context.Context, string, string, json.RawMessage) (json.RawMessage, error) {
	return func(context.Context, string, string, json.RawMessage) (json.RawMessage, error) { return nil, err }
}

// An address pays for each request that reached a vendor, and then needs a captcha.
func TestAnAddressPaysForRefusedSends(t *testing.T) {
	from := call()
	from.Caller.Address = "192.0.2.1"
	refused := func(outcome string) error {
		e := errcode.New(smscode.Refused, "no").With(smscode.RefusalReason, string(smscode.Other))
		if outcome != "" {
			e = e.With(smscode.Outcome, outcome)
		}
		return e
	}
	for name, tc := range map[string]struct {
		err  error
		want int
	}{
		"a vendor refused":      {refused(""), 30},
		"no vendor was asked":   {refused(errcode.OutcomeNotExecuted), 60},
		"the call was not made": {errcode.Unavailable(errcode.OutcomeNotExecuted, "down"), 60},
		"unknown":               {errcode.New(smscode.Failed, "?"), 30},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			requests := 0
			w.sms = func(context.Context, string, string, json.RawMessage) (json.RawMessage, error) {
				requests++
				return nil, tc.err
			}
			for n := range 60 {
				_, _ = w.svc.Send(w.in(from), sendRequest(fmt.Sprintf("+86138001380%02d", n), nil))
			}
			require.Equal(t, tc.want, requests)
			w.set("captcha", "risk")
			_, err := w.svc.Send(w.in(from), sendRequest(other, nil))
			if tc.want == 30 {
				requireCode(t, codes.CaptchaRequired, err)
			} else {
				require.NoError(t, err)
			}
		})
	}
}

func TestPhoneAndAppGetARefusedSendBack(t *testing.T) {
	w := newWorld(t)
	w.set("appHourlyLimit", 1)
	for range 3 {
		require.NoError(t, w.refuse(call(), mobile, smscode.Other))
	}
	_, err := w.reserve(call(), mobile, "")
	require.NoError(t, err)
	_, err = w.reserve(call(), other, "")
	requireCode(t, codes.SendLimited, err)
}

func TestACallThatWasNeverMadeIsNoRefusal(t *testing.T) {
	w := newWorld(t)
	w.sms = refuses(errcode.Unavailable(errcode.OutcomeNotExecuted, "down"))
	for range 30 {
		_, err := w.svc.Send(w.in(call()), sendRequest(mobile, nil))
		require.NoError(t, err)
	}
}

func TestTheCooldownStaysWhenTheVendorThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.refuse(call(), mobile, smscode.Throttled))
		time.Sleep(10 * time.Second)
		_, err := w.reserve(call(), mobile, "")
		requireCode(t, codes.SendTooFrequent, err)
		e, _ := errcode.As(err)
		require.EqualValues(t, 35, e.Details["retryAfter"])
		time.Sleep(35 * time.Second)
		require.NoError(t, w.refuse(call(), mobile, smscode.Other))
		_, err = w.reserve(call(), mobile, "")
		require.NoError(t, err)
	})
}

package verification

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

const taken = `{"results": [{"phone": "x", "status": "accepted"}]}`

// sendBy is one Send, and the code that the SMS element was given.
func (w *world) sendBy(ctx context.Context, test *elementv1.TestEntry, answer string, fails error) (*elementv1.SendResponse, string, error) {
	var code string
	w.sms = func(ctx context.Context, name, function string, args json.RawMessage) (json.RawMessage, error) {
		var message struct {
			PhoneList []string          `json:"phoneList"`
			Params    map[string]string `json:"params"`
		}
		require.NoError(w.t, json.Unmarshal(args, &message))
		require.Equal(w.t, "SMS.vendor", name)
		require.Equal(w.t, "sendMessage", function)
		require.Equal(w.t, []string{phone}, message.PhoneList)
		require.Equal(w.t, "5", message.Params["minutes"])
		require.NoError(w.t, ctx.Err(), "a send runs to its end")
		code = message.Params["code"]
		return json.RawMessage(answer), fails
	}
	resp, err := w.svc.Send(ctx, &elementv1.SendRequest{
		Reserve:  &elementv1.ReserveRequest{Policy: w.policy(), Identity: phone, Test: test},
		Element:  "SMS.vendor",
		ArgsJson: []byte(`{"phoneList": ["` + phone + `"], "params": {"minutes": "5"}}`),
	})
	return resp, code, err
}

func TestSendSettlesByWhatBecameOfTheMessage(t *testing.T) {
	for name, test := range map[string]struct {
		answer  string
		fails   error
		outcome elementv1.Outcome
		works   bool // the code that was sent
		again   bool // a send right afterwards
	}{
		"accepted":              {answer: taken, outcome: elementv1.Outcome_OUTCOME_ACCEPTED, works: true},
		"refused":               {fails: errcode.New(codes.SMSRefused, "no"), outcome: elementv1.Outcome_OUTCOME_REFUSED, again: true},
		"never run":             {fails: errcode.Unavailable(errcode.OutcomeNotExecuted, "no"), outcome: elementv1.Outcome_OUTCOME_REFUSED, again: true},
		"ended in the call":     {fails: errcode.Unavailable(errcode.OutcomeUnknown, "?"), outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true},
		"no answer":             {fails: errcode.New(codes.SMSFailed, "?"), outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true},
		"an error without code": {fails: errors.New("?"), outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true},
		"an empty answer":       {answer: `{}`, outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true},
		"another status":        {answer: `{"results": [{"status": "queued"}]}`, outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true},
		"no JSON":               {answer: `accepted`, outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			resp, code, err := w.sendBy(in(call()), nil, test.answer, test.fails)
			require.NoError(t, err)
			require.Equal(t, test.outcome, resp.GetOutcome())
			require.Equal(t, test.outcome != elementv1.Outcome_OUTCOME_ACCEPTED, resp.GetError() != nil)
			require.Empty(t, resp.GetReserved().GetCode(), "the plugin doesn't see the code")
			_, err = w.exchange(call(), phone, code)
			if test.works {
				requireCode(t, codes.UserNotRegistered, err)
			} else {
				requireCode(t, codes.CodeRejected, err)
			}
			_, err = w.reserve(call(), phone, "")
			if test.again {
				require.NoError(t, err)
			} else {
				requireCode(t, codes.SendTooFrequent, err)
			}
		})
	}
}

func TestSendGoesOnWithoutThePluginThatAsked(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(in(call()))
	cancel()
	resp, code, err := w.sendBy(ctx, nil, taken, nil)
	require.NoError(t, err)
	require.Equal(t, elementv1.Outcome_OUTCOME_ACCEPTED, resp.GetOutcome())
	_, err = w.exchange(call(), phone, code)
	requireCode(t, codes.UserNotRegistered, err)
}

func TestSendEndsWithTheCallersTime(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(in(call()), time.Minute)
	defer cancel()
	w.sms = func(ctx context.Context, _, _ string, _ json.RawMessage) (json.RawMessage, error) {
		deadline, ok := ctx.Deadline()
		require.True(t, ok)
		require.WithinDuration(t, time.Now().Add(time.Minute), deadline, 10*time.Second)
		return json.RawMessage(taken), nil
	}
	_, err := w.svc.Send(ctx, &elementv1.SendRequest{
		Reserve: &elementv1.ReserveRequest{Policy: w.policy(), Identity: phone}, Element: "SMS.vendor", ArgsJson: []byte(`{}`),
	})
	require.NoError(t, err)
}

func TestSendOfATestPhoneCallsNobody(t *testing.T) {
	w := newWorld(t)
	resp, code, err := w.sendBy(in(call()), w.test("246810"), taken, nil)
	require.NoError(t, err)
	require.Empty(t, code)
	require.Equal(t, elementv1.Outcome_OUTCOME_ACCEPTED, resp.GetOutcome())
	requireCode(t, codes.UserNotRegistered, w.exchangeTest(phone, "246810", "246810"))
}

func TestSendOnlyReservesWhereTheAnswerComesFirst(t *testing.T) {
	w := newWorld(t)
	policy := w.policy()
	policy.AllowRegister = false
	resp, err := w.svc.Send(in(call()), &elementv1.SendRequest{
		Reserve: &elementv1.ReserveRequest{Policy: policy, Identity: phone}, Element: "SMS.vendor", ArgsJson: []byte(`{}`),
	})
	require.NoError(t, err)
	require.True(t, resp.GetReserved().GetAnswerFirst())
	require.Equal(t, elementv1.Outcome_OUTCOME_UNSPECIFIED, resp.GetOutcome())
}

func TestSendOfNonsenseTakesNothing(t *testing.T) {
	w := newWorld(t)
	for _, text := range []string{``, `null`, `[]`, `{`} {
		_, err := w.svc.Send(in(call()), &elementv1.SendRequest{
			Reserve: &elementv1.ReserveRequest{Policy: w.policy(), Identity: phone}, Element: "SMS.vendor", ArgsJson: []byte(text),
		})
		requireCode(t, errcode.Internal, err)
	}
	_, err := w.reserve(call(), phone, "")
	require.NoError(t, err)
}

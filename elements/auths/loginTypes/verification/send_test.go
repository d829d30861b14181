package verification

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

const taken = `{"results": [{"phone": "` + mobile + `", "status": "accepted"}]}`

// accepts is an SMS element that accepts every message.
func accepts(context.Context, string, string, json.RawMessage) (json.RawMessage, error) {
	return json.RawMessage(taken), nil
}

// sendRequest asks for a code for the identity, through SMS.vendor.
func sendRequest(identity string, test *elementv1.TestEntry) *elementv1.SendRequest {
	return &elementv1.SendRequest{
		Reserve:  &elementv1.ReserveRequest{Identity: identity, Test: test},
		Element:  "SMS.vendor",
		ArgsJson: []byte(`{"phoneList": ["` + identity + `"], "params": {"minutes": "5"}}`),
	}
}

// sendBy sends a code, and returns what the SMS element got.
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
		require.Equal(w.t, []string{mobile}, message.PhoneList)
		require.Equal(w.t, "5", message.Params["minutes"])
		require.NoError(w.t, ctx.Err(), "a send runs to its end")
		code = message.Params["code"]
		return json.RawMessage(answer), fails
	}
	out, err := w.svc.Send(ctx, sendRequest(mobile, test))
	return out, code, err
}

// outcomes are the answers of SMS elements.
var outcomes = map[string]struct {
	answer  string
	fails   error
	outcome elementv1.Outcome
	works   bool // the code that was sent
	again   bool // a send right afterwards
	logs    string
}{
	"accepted":              {answer: taken, outcome: elementv1.Outcome_OUTCOME_ACCEPTED, works: true, logs: "a code was sent"},
	"refused":               {fails: errcode.New(smscode.Refused, "no"), outcome: elementv1.Outcome_OUTCOME_REFUSED, again: true, logs: "a code was not sent"},
	"never run":             {fails: errcode.Unavailable(errcode.OutcomeNotExecuted, "no"), outcome: elementv1.Outcome_OUTCOME_REFUSED, again: true, logs: "a code was not sent"},
	"ended in the call":     {fails: errcode.Unavailable(errcode.OutcomeUnknown, "?"), outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true, logs: "not known"},
	"no answer":             {fails: errcode.New(smscode.Failed, "?"), outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true, logs: "not known"},
	"an error without code": {fails: errors.New("?"), outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true, logs: "not known"},
	"an empty answer":       {answer: `{}`, outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true, logs: "not known"},
	"another status":        {answer: `{"results": [{"status": "queued"}]}`, outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true, logs: "not known"},
	"another phone":         {answer: `{"results": [{"phone": "+8613900139000", "status": "accepted"}]}`, outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true, logs: "not known"},
	"another country":       {answer: `{"results": [{"phone": "+113800138000", "status": "accepted"}]}`, outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true, logs: "not known"},
	"no phone":              {answer: `{"results": [{"status": "accepted"}]}`, outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true, logs: "not known"},
	"a masked phone":        {answer: `{"results": [{"phone": "138****8000", "status": "accepted"}]}`, outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true, logs: "not known"},
	"another phone besides": {answer: `{"results": [{"phone": "+8613800138000", "status": "accepted"}, {"phone": "+8613900139000", "status": "accepted"}]}`, outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true, logs: "not known"},
	"the phone as typed":    {answer: `{"results": [{"phone": "13800138000", "status": "accepted"}]}`, outcome: elementv1.Outcome_OUTCOME_ACCEPTED, works: true, logs: "a code was sent"},
	"no JSON":               {answer: `accepted`, outcome: elementv1.Outcome_OUTCOME_UNKNOWN, works: true, logs: "not known"},
}

// logged returns a logger, and what was logged about codes so far.
func logged() (*slog.Logger, func() []string) {
	var text bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&text, nil))
	return logger, func() []string {
		var lines []string
		for line := range strings.Lines(text.String()) {
			if strings.Contains(line, "code was") {
				lines = append(lines, line)
			}
		}
		return lines
	}
}

func TestSendEndsByItsOutcome(t *testing.T) {
	for name, test := range outcomes {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			logger, lines := logged()
			w.svc.logger = logger
			out, code, err := w.sendBy(w.in(call()), nil, test.answer, test.fails)
			require.NoError(t, err)
			require.Equal(t, test.outcome, out.GetOutcome())
			require.Equal(t, test.outcome != elementv1.Outcome_OUTCOME_ACCEPTED, out.GetError() != nil)
			require.Len(t, lines(), 1)
			require.Contains(t, lines()[0], test.logs)
			require.Contains(t, lines()[0], "phone=138****8000")
			require.NotContains(t, lines()[0], code)
			_, err = w.exchange(call(), mobile, code)
			if test.works {
				requireCode(t, codes.UserNotRegistered, err)
			} else {
				requireCode(t, codes.CodeRejected, err)
			}
			_, err = w.reserve(call(), mobile, "")
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
	ctx, cancel := context.WithCancel(w.in(call()))
	cancel()
	out, code, err := w.sendBy(ctx, nil, taken, nil)
	require.NoError(t, err)
	require.Equal(t, elementv1.Outcome_OUTCOME_ACCEPTED, out.GetOutcome())
	_, err = w.exchange(call(), mobile, code)
	requireCode(t, codes.UserNotRegistered, err)
}

func TestSendEndsWithTheCallersTime(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(w.in(call()), time.Minute)
	defer cancel()
	w.sms = func(ctx context.Context, _, _ string, _ json.RawMessage) (json.RawMessage, error) {
		deadline, ok := ctx.Deadline()
		require.True(t, ok)
		require.WithinDuration(t, time.Now().Add(time.Minute), deadline, 10*time.Second)
		return json.RawMessage(taken), nil
	}
	_, err := w.svc.Send(ctx, sendRequest(mobile, nil))
	require.NoError(t, err)
}

func TestSendOfATestPhoneCallsNobody(t *testing.T) {
	w := newWorld(t)
	out, code, err := w.sendBy(w.in(call()), w.test("246810"), taken, nil)
	require.NoError(t, err)
	require.Empty(t, code)
	require.Equal(t, elementv1.Outcome_OUTCOME_ACCEPTED, out.GetOutcome())
	requireCode(t, codes.UserNotRegistered, w.exchangeTest(mobile, "246810", "246810"))
}

func TestSendOfNonsenseTakesNothing(t *testing.T) {
	w := newWorld(t)
	for _, text := range []string{``, `null`, `[]`, `{`} {
		in := sendRequest(mobile, nil)
		in.ArgsJson = []byte(text)
		_, err := w.svc.Send(w.in(call()), in)
		requireCode(t, errcode.Internal, err)
	}
	_, err := w.reserve(call(), mobile, "")
	require.NoError(t, err)
}

// Where nobody may register, every phone gets the same answer before the vendor is
// called, and whatever the vendor says then changes nothing for a known one.
func TestSendAnswersAllPhonesAlikeWhereNobodyMayRegister(t *testing.T) {
	for name, test := range outcomes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.dir.add(databases.User{ID: "u", Phone: mobile})
				w.set("allowRegister", 0)
				logger, lines := logged()
				w.svc.logger = logger
				var code atomic.Value
				var requests atomic.Int32
				w.sms = func(ctx context.Context, _, _ string, args json.RawMessage) (json.RawMessage, error) {
					time.Sleep(5 * time.Second)
					var message struct{ Params map[string]string }
					_ = json.Unmarshal(args, &message)
					code.Store(message.Params["code"])
					requests.Add(1)
					return json.RawMessage(test.answer), errors.Join(test.fails, ctx.Err())
				}
				var answers []string
				for _, identity := range []string{mobile, other} {
					ctx, cancel := context.WithCancel(w.in(call()))
					begun := time.Now()
					out, err := w.svc.Send(ctx, sendRequest(identity, nil))
					cancel() // the answer is given
					require.NoError(t, err)
					require.Zero(t, time.Since(begun), "nobody waits for the vendor")
					answers = append(answers, out.String())
				}
				require.Equal(t, answers[0], answers[1])
				time.Sleep(6 * time.Second)
				synctest.Wait()
				require.EqualValues(t, 1, requests.Load())
				require.Len(t, lines(), 1)
				require.Contains(t, lines()[0], test.logs)
				require.Empty(t, w.svc.later)
				for _, identity := range []string{mobile, other} {
					_, err := w.svc.Send(w.in(call()), sendRequest(identity, nil))
					requireCode(t, codes.SendTooFrequent, err)
				}
				_, err := w.exchange(call(), mobile, code.Load().(string))
				require.NoError(t, err, "a code that may have arrived works")
			})
		})
	}
}

func TestCloseWaitsForSendsAfterTheirAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.dir.add(databases.User{ID: "u", Phone: mobile})
		w.set("allowRegister", 0)
		sent := false
		w.sms = func(ctx context.Context, _, _ string, _ json.RawMessage) (json.RawMessage, error) {
			time.Sleep(3 * time.Second)
			sent = true
			return json.RawMessage(taken), ctx.Err()
		}
		_, err := w.svc.Send(w.in(call()), sendRequest(mobile, nil))
		require.NoError(t, err)
		require.EqualValues(t, 1, w.inFlight.Load())
		require.NoError(t, w.svc.Close())
		require.True(t, sent)
		require.Zero(t, w.inFlight.Load())
	})
}

func TestSendsAfterTheirAnswersAreBounded(t *testing.T) {
	w := newWorld(t)
	w.set("allowRegister", 0)
	for range maxLater {
		require.True(t, w.svc.takeLater())
	}
	_, err := w.svc.Send(w.in(call()), sendRequest(mobile, nil))
	requireCode(t, errcode.ElementUnavailable, err)
	w.svc.leaveLater()
	_, err = w.svc.Send(w.in(call()), sendRequest(mobile, nil))
	require.NoError(t, err, "what was refused took no cooldown")
}

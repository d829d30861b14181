package sendlog

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func call(result string, err error) element.EndedCall {
	return element.EndedCall{
		Call:   element.Call{Element: "SMS.a", Type: "SMS.Http", Function: "sendMessage", RequestID: "req"},
		Args:   element.Args{"phoneList": []any{"13800138000"}, "params": map[string]any{"code": "493027", "minutes": 5}},
		Result: json.RawMessage(result), Err: err, Took: 120 * time.Millisecond,
	}
}

func TestWhatACallSaysOfItsSends(t *testing.T) {
	refusal := func(code errcode.Code, details ...string) error {
		e := errcode.New(code, "to +8613800138000")
		for i := 0; i < len(details); i += 2 {
			e = e.With(details[i], details[i+1])
		}
		return e
	}
	base := databases.Send{Phone: "138****8000", Instance: "SMS.a", Vendor: "Http", RequestID: "req", Took: 120 * time.Millisecond}
	with := func(change func(*databases.Send)) []databases.Send { s := base; change(&s); return []databases.Send{s} }
	for name, tt := range map[string]struct {
		call element.EndedCall
		want []databases.Send
	}{
		"accepted": {call(`{"vendor":"Http","requestId":"v-1","results":[{"phone":"+8613800138000","messageId":"m","status":"accepted"}]}`, nil),
			with(func(s *databases.Send) { s.State, s.MessageID, s.VendorRequestID = "accepted", "m", "v-1" })},
		"no request id of the vendor's": {call(`{"requestId":"req","results":[{"phone":"+8613800138000","status":"accepted"}]}`, nil),
			with(func(s *databases.Send) { s.State = "accepted" })},
		"a phone in the id": {call(`{"results":[{"phone":"+8613800138000","messageId":"x13800138000","status":"accepted"}]}`, nil),
			with(func(s *databases.Send) { s.State = "accepted" })},
		"a code in the id": {call(`{"requestId":"493027","results":[{"phone":"+8613800138000","messageId":"x493027","status":"accepted"}]}`, nil),
			with(func(s *databases.Send) { s.State = "accepted" })},
		"a strange status": {call(`{"results":[{"phone":"+8613800138000","status":"?"}]}`, nil), with(func(s *databases.Send) { s.State, s.Reason = "unknown", "result" })},
		"another phone":    {call(`{"results":[{"phone":"+8613800138001","status":"accepted"}]}`, nil), with(func(s *databases.Send) { s.State, s.Reason = "unknown", "result" })},
		"no phone":         {call(`{"results":[{"status":"accepted"}]}`, nil), with(func(s *databases.Send) { s.State, s.Reason = "unknown", "result" })},
		"no result":        {call(`{"results":[]}`, nil), with(func(s *databases.Send) { s.State, s.Reason = "unknown", "result" })},
		"another besides": {call(`{"results":[{"phone":"+8613800138001","status":"refused"},{"phone":"+8613800138000","status":"accepted"}]}`, nil),
			with(func(s *databases.Send) { s.State, s.Reason = "unknown", "result" })},
		"no answer to read":  {call(`[]`, nil), with(func(s *databases.Send) { s.State, s.Reason = "unknown", "result" })},
		"handed on":          {call(`{"results":[{"phone":"+8613800138000","status":"accepted","element":"SMS.b"}]}`, nil), []databases.Send{}},
		"handed on, refused": {call(``, refusal("SMS_REFUSED", "reason", "balance", "through", "SMS.b")), nil},
		"refused": {call(``, refusal("SMS_REFUSED", "reason", "balance", "vendorCode", "E1", "vendorRequestId", "v")),
			with(func(s *databases.Send) {
				s.State, s.Reason, s.Code, s.VendorRequestID = "refused", "balance", "E1", "v"
			})},
		"unknown":     {call(``, refusal("SMS_FAILED", "outcome", "unknown")), with(func(s *databases.Send) { s.State, s.Reason = "unknown", "unreadable" })},
		"no answer":   {call(``, refusal("SMS_FAILED", "doubt", "timeout")), with(func(s *databases.Send) { s.State, s.Reason = "unknown", "timeout" })},
		"no time":     {call(``, refusal("DEADLINE_EXCEEDED")), with(func(s *databases.Send) { s.State, s.Reason, s.Code = "unknown", "timeout", "DEADLINE_EXCEEDED" })},
		"parameters":  {call(``, refusal("SMS_PARAMS")), with(func(s *databases.Send) { s.State, s.Reason, s.Code = "refused", "params", "SMS_PARAMS" })},
		"not run":     {call(``, refusal("ELEMENT_UNAVAILABLE", "outcome", "not_executed")), with(func(s *databases.Send) { s.State, s.Reason, s.Code = "refused", "unavailable", "ELEMENT_UNAVAILABLE" })},
		"perhaps run": {call(``, refusal("ELEMENT_UNAVAILABLE", "outcome", "unknown")), with(func(s *databases.Send) { s.State, s.Reason, s.Code = "unknown", "lost", "ELEMENT_UNAVAILABLE" })},
		"no code":     {call(``, context.Canceled), with(func(s *databases.Send) { s.State, s.Reason, s.Code = "unknown", "lost", "INTERNAL" })},
	} {
		t.Run(name, func(t *testing.T) {
			got := sendsOf(tt.call)
			for i := range got {
				require.NotEmpty(t, got[i].ID)
				require.WithinDuration(t, time.Now(), got[i].At, time.Minute)
				got[i].ID, got[i].At = "", time.Time{}
			}
			require.Equal(t, tt.want, got)
		})
	}
}

// store is a databases.SendLog.
type store struct {
	databases.SendLog
	mu      sync.Mutex
	batches [][]databases.Send
	err     error
	slow    time.Duration
}

func (s *store) AddSends(_ context.Context, sends []databases.Send) error {
	s.mu.Lock()
	slow := s.slow
	s.mu.Unlock()
	time.Sleep(slow)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.batches = append(s.batches, sends)
	return nil
}

func (s *store) kept() (sends, batches int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.batches {
		sends += len(b)
	}
	return sends, len(s.batches)
}

func (s *store) open() (databases.SendLog, func(), error) { return s, func() {}, nil }

func TestSendsAreKeptInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		l := start(s.open, slog.New(slog.DiscardHandler))
		for range 1000 {
			l.Called(call(``, context.Canceled))
		}
		l.Called(element.EndedCall{Call: element.Call{Function: "messages"}})
		time.Sleep(time.Second)
		sends, batches := s.kept()
		require.Equal(t, 1000, sends)
		require.LessOrEqual(t, batches, 6)
		l.Called(call(``, context.Canceled))
		require.NoError(t, l.Close(t.Context()))
		sends, _ = s.kept()
		require.Equal(t, 1001, sends, "what is left is kept at the end")
	})
}

func TestADatabaseThatIsAwayDelaysNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{err: databases.ErrUnavailable, slow: 800 * time.Millisecond}
		l := start(s.open, slog.New(slog.DiscardHandler))
		begun := time.Now()
		for range 3 * capacity {
			l.Called(call(``, context.Canceled))
		}
		require.Zero(t, time.Since(begun), "a call never waits")
		time.Sleep(3 * time.Second)
		s.mu.Lock()
		s.err, s.slow = nil, 0
		s.mu.Unlock()
		time.Sleep(time.Minute)
		sends, _ := s.kept()
		require.GreaterOrEqual(t, sends, capacity)
		require.Less(t, sends, 3*capacity, "what didn't fit is dropped")
		require.NoError(t, l.Close(t.Context()))
	})
}

func TestTheEndIsNotHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{err: databases.ErrUnavailable, slow: 800 * time.Millisecond}
		l := start(s.open, slog.New(slog.DiscardHandler))
		for range 10 {
			l.Called(call(``, context.Canceled))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begun := time.Now()
		require.NoError(t, l.Close(ctx))
		require.LessOrEqual(t, time.Since(begun), 3*time.Second)
		<-l.done
	})
}

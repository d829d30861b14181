package verification

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

const (
	// sendFunction is the function of SMS elements.
	sendFunction = "sendMessage"
	// sendTimeout bounds the call of the SMS element if the caller's time isn't.
	sendTimeout = time.Minute
	// maxLater bounds the sends that go on after their answers.
	maxLater = 4096
	// laterAfter and laterWithin are when a message is sent after its answer.
	laterAfter  = 100 * time.Millisecond
	laterWithin = 400 * time.Millisecond
)

// Send reserves a code, sends it through an SMS element, and commits the
// reservation or rolls it back. Once reserved, a send runs to its end, whatever
// becomes of the plugin or its client.
//
// Where nobody may register, all identities are answered alike: right after the
// reservation. The message is sent afterwards, and only to a known identity. A caller
// must not be able to tell by what they ask next: the stores are asked the same for all
// identities, at the same moments, and the message waits for a moment that nobody can
// guess.
func (s *Service) Send(ctx context.Context, in *elementv1.SendRequest) (*elementv1.SendResponse, error) {
	message, err := messageOf(in.GetArgsJson())
	if err != nil {
		return nil, err
	}
	steps, r, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer r.end()
	scope, err := scopeOf(in.GetReserve().GetPurpose(), r.call.Caller)
	if err != nil {
		return nil, err
	}
	later := scope.anonymous() && !r.policy.registers()
	if later && !s.takeLater() {
		return nil, errcode.Unavailable(errcode.OutcomeNotExecuted, "too many codes are being sent").After(time.Second)
	}
	reserved, err := r.reserve(steps, in.GetReserve(), scope, later)
	r.end() // no store is held while the vendor is waited for
	if err != nil {
		if later {
			s.leaveLater()
		}
		return nil, err
	}
	out := &elementv1.SendResponse{
		Reserved: &elementv1.ReserveResponse{
			ResendAfterMs: r.policy.interval().Milliseconds(),
			ExpiresInMs:   r.policy.ttl().Milliseconds(),
		},
		Outcome: elementv1.Outcome_OUTCOME_ACCEPTED,
	}
	d := delivery{Service: s, call: r.call, reserved: reserved, element: in.GetElement(), message: message}
	if later {
		s.deliverLater(ctx, d)
		return out, nil
	}
	ctx, cancel := withoutCaller(ctx)
	defer cancel()
	if out.Outcome, err = d.run(ctx); err != nil {
		out.Error = errcode.ToWire(err)
	}
	return out, nil
}

// withoutCaller returns a context that has the caller's deadline but isn't
// cancelled with the caller.
func withoutCaller(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(sendTimeout)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}

// takeLater reports whether one more send may go on after its answer, and counts it
// until leaveLater.
func (s *Service) takeLater() bool {
	select {
	case s.later <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s *Service) leaveLater() { <-s.later }

// deliverLater commits the reservation after the answer, then sends the message, if
// there is one to send: whatever becomes of it, nothing is given back. The app waits for
// it as for a call.
func (s *Service) deliverLater(ctx context.Context, d delivery) {
	done := s.elements.InFlight()
	s.running.Go(func() {
		defer done()
		defer s.leaveLater()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout)
		defer cancel()
		d.end(ctx, elementv1.Outcome_OUTCOME_ACCEPTED, nil)
		time.Sleep(laterAfter + rand.N(laterWithin)) //nolint:gosec // spreads work, no secret
		if d.reserved.deliver && !d.reserved.repeated {
			_, _ = d.send(ctx) // it was answered, and is logged
		}
	})
}

// delivery is the rest of a send, after its reservation.
type delivery struct {
	*Service
	call     element.Call
	reserved *reservation
	// element is the SMS element, and message its arguments.
	element string
	message map[string]any
}

// run sends the message, if there is one to send, and ends the reservation by the
// outcome. The error is the SMS element's.
func (d delivery) run(ctx context.Context) (elementv1.Outcome, error) {
	if d.reserved.repeated {
		return elementv1.Outcome_OUTCOME_ACCEPTED, nil
	}
	outcome := elementv1.Outcome_OUTCOME_ACCEPTED
	var err error
	if d.reserved.deliver {
		outcome, err = d.send(ctx)
	}
	d.end(ctx, outcome, err)
	return outcome, err
}

// send calls the SMS element and logs the outcome.
func (d delivery) send(ctx context.Context) (elementv1.Outcome, error) {
	log := d.logger.With("element", d.call.Element, "request_id", d.call.RequestID, "phone", phone.Mask(d.reserved.identity))
	err := d.callElement(ctx)
	switch {
	case err == nil:
		log.InfoContext(ctx, "a code was sent")
		return elementv1.Outcome_OUTCOME_ACCEPTED, nil
	case smscode.Unsent(err):
		log.WarnContext(ctx, "a code was not sent", "error", err)
		return elementv1.Outcome_OUTCOME_REFUSED, err
	}
	log.WarnContext(ctx, "whether a code was sent is not known", "error", err)
	return elementv1.Outcome_OUTCOME_UNKNOWN, err
}

// callElement returns nil if the vendor accepted the message.
func (d delivery) callElement(ctx context.Context) error {
	params, _ := d.message["params"].(map[string]any)
	if params == nil {
		params = make(map[string]any, 1)
	}
	params["code"] = d.reserved.digits
	d.message["params"] = params
	args, err := json.Marshal(d.message)
	if err != nil {
		return errcode.Wrap(err, errcode.Params, "the message has no JSON form")
	}
	result, err := d.elements.Call(ctx, d.element, sendFunction, args)
	if err != nil {
		return err
	}
	return smscode.Judge(result, d.reserved.identity)
}

// end commits the reservation of an accepted send and rolls back that of a refused
// one. After an unknown outcome it stays open.
//
// cause is the error of a refused send.
//
// A failure changes nothing for the caller: the code of an open reservation works
// until it expires.
func (d delivery) end(ctx context.Context, outcome elementv1.Outcome, cause error) {
	accepted := outcome == elementv1.Outcome_OUTCOME_ACCEPTED
	if !accepted && outcome != elementv1.Outcome_OUTCOME_REFUSED {
		return
	}
	steps, r, err := d.beginAtOnce(ctx)
	if err == nil {
		defer r.end()
		if accepted {
			err = r.store.Commit(steps, d.reserved.Reservation)
		} else {
			err = d.rollBack(steps, r.store, cause)
		}
	}
	if err != nil {
		d.logger.WarnContext(ctx, "a reservation could not be ended", "element", d.call.Element, "request_id", d.call.RequestID, "error", err)
	}
}

// rollBack undoes the reservation of a refused send. The address pays for a request
// that reached a vendor, and where a vendor had too many of them the cooldown stays.
func (d delivery) rollBack(ctx context.Context, store caches.ReservationStore, cause error) error {
	back, refused := d.reserved.Reservation, caches.Refusal{KeepCooldown: smscode.IsThrottled(cause)}
	if smscode.Reached(cause) {
		back.Shared = d.reserved.unpaid
	}
	if errors.Is(cause, smscode.Refused) {
		refused.Count = refusals
	}
	return store.Rollback(ctx, back, refused)
}

// messageOf reads the arguments of sendMessage.
func messageOf(text []byte) (map[string]any, error) {
	args := make(map[string]any)
	if err := json.Unmarshal(text, &args); err != nil || args == nil {
		return nil, errcode.New(errcode.Internal, "the message is no JSON object")
	}
	return args, nil
}

package verification

import (
	"context"
	"encoding/json"
	"time"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

const (
	// sendFunction is what every SMS element has.
	sendFunction = "sendMessage"
	// sendBound is what the call of the SMS element may take where the caller's own
	// time is not bounded.
	sendBound = time.Minute
	// statusAccepted is the status of a message that the vendor has taken.
	statusAccepted = "accepted"
)

// Send reserves, has the message sent and settles the reservation by what became
// of it. Once reserved, all of it runs to its end, whatever becomes of the plugin
// that asked or of its client.
func (s *Service) Send(ctx context.Context, r *elementv1.SendRequest) (*elementv1.SendResponse, error) {
	args, err := messageOf(r.GetArgsJson())
	if err != nil {
		return nil, err
	}
	reserved, err := s.Reserve(ctx, r.GetReserve())
	if err != nil {
		return nil, err
	}
	answer := &elementv1.SendResponse{Reserved: reserved}
	if reserved.GetAnswerFirst() {
		return answer, nil
	}
	ctx, cancel := untilDeadline(ctx)
	defer cancel()
	answer.Outcome = elementv1.Outcome_OUTCOME_ACCEPTED
	if reserved.GetDeliver() {
		err = s.deliver(ctx, r.GetElement(), args, reserved.GetCode())
		reserved.Code = ""
		switch {
		case err == nil:
		case codes.Unsent(err):
			answer.Outcome, answer.Error = elementv1.Outcome_OUTCOME_REFUSED, errcode.ToWire(err)
		default:
			answer.Outcome, answer.Error = elementv1.Outcome_OUTCOME_UNKNOWN, errcode.ToWire(err)
			return answer, nil
		}
	}
	_, err = s.Settle(ctx, &elementv1.SettleRequest{Reservation: reserved.GetReservation(), Outcome: answer.GetOutcome()})
	if err != nil {
		// It changes nothing for the caller: an accepted code works while its
		// reservation is open, and a refused one expires.
		s.logger.WarnContext(ctx, "a reservation could not be settled", "error", err)
	}
	return answer, nil
}

// untilDeadline is a context that ends with the caller's time, but not with the caller.
func untilDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(sendBound)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}

// deliver calls the SMS element; no error means that the vendor has taken the message.
func (s *Service) deliver(ctx context.Context, name string, args map[string]any, code string) error {
	params, _ := args["params"].(map[string]any)
	if params == nil {
		params = make(map[string]any, 1)
	}
	params["code"] = code
	args["params"] = params
	text, err := json.Marshal(args)
	if err != nil {
		return errcode.Wrap(err, errcode.Params, "the message has no JSON form")
	}
	result, err := s.elements.Call(ctx, name, sendFunction, text)
	if err != nil {
		return err
	}
	var receipt struct {
		Results []struct {
			Status string `json:"status"`
		} `json:"results"`
	}
	if err := json.Unmarshal(result, &receipt); err != nil || len(receipt.Results) != 1 || receipt.Results[0].Status != statusAccepted {
		return errcode.New(codes.SMSFailed, "what became of the message is not known")
	}
	return nil
}

func messageOf(text []byte) (map[string]any, error) {
	args := make(map[string]any)
	if err := json.Unmarshal(text, &args); err != nil || args == nil {
		return nil, errcode.New(errcode.Internal, "the message is no JSON object")
	}
	return args, nil
}

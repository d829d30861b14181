package verification

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// reservation is what the store needs to end a reservation. The plugin holds it
// sealed, for its own instance, so the host keeps nothing while a vendor is
// waited for; the store knows whether it is still open.
type reservation struct {
	Request     string               `json:"request"`
	Key         string               `json:"key"`
	Holder      string               `json:"holder"`
	Bucket      string               `json:"bucket"`
	CodeID      string               `json:"codeId"`
	Shared      []caches.SharedLimit `json:"shared"`
	AnswerFirst bool                 `json:"answerFirst"`
}

func (s *Service) sealReservation(instance string, r reservation) (string, error) {
	plain, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	sealed := s.reservations.Seal(nil, nil, plain, []byte(instance)) //nolint:gosec // the AEAD makes its own random nonce
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

func (s *Service) openReservation(instance, handle string) (reservation, bool) {
	var r reservation
	sealed, err := base64.RawURLEncoding.DecodeString(handle)
	if err != nil {
		return r, false
	}
	plain, err := s.reservations.Open(nil, nil, sealed, []byte(instance))
	if err != nil {
		return r, false
	}
	return r, json.Unmarshal(plain, &r) == nil
}

// Settle ends a reservation of the calling instance. A refused send is undone,
// but for one that was answered before it was sent: what is given back then would
// tell strangers that there was something to send.
func (s *Service) Settle(ctx context.Context, r *elementv1.SettleRequest) (*elementv1.SettleResponse, error) {
	ctx, op, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer op.end()
	reserved, ok := s.openReservation(op.call.Element, r.GetReservation())
	if !ok {
		return nil, errcode.New(errcode.Forbidden, "there is no such reservation")
	}
	accepted := r.GetOutcome() == elementv1.Outcome_OUTCOME_ACCEPTED
	if !accepted && (r.GetOutcome() != elementv1.Outcome_OUTCOME_REFUSED || reserved.AnswerFirst) {
		return &elementv1.SettleResponse{}, nil
	}
	ended := caches.Reservation{
		Request: reserved.Request,
		Key:     reserved.Key,
		Holder:  reserved.Holder,
		Bucket:  reserved.Bucket,
		CodeID:  reserved.CodeID,
		Shared:  reserved.Shared,
	}
	if accepted {
		err = op.store.Commit(ctx, ended)
	} else {
		err = op.store.Rollback(ctx, ended, refusals)
	}
	if err != nil {
		return nil, errStore(err)
	}
	return &elementv1.SettleResponse{}, nil
}

package verification

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

const (
	// overdue is how long the process that keeps a notice has to send it; then any
	// process may.
	overdue = 5 * time.Second
	// noticesEvery is the pause between two looks for overdue notices, and
	// noticesAtOnce how many a look sends.
	noticesEvery  = 10 * time.Second
	noticesAtOnce = 20
	// maxNotice bounds a notice's arguments, in bytes.
	maxNotice = 16 << 10
)

// notice returns the message that tells an identity of a change; nil if there is
// none to send.
func (r *request) notice(n *elementv1.Notice, identity string) (*databases.Notice, error) {
	if n.GetElement() == "" {
		return nil, nil
	}
	message, err := messageOf(n.GetArgsJson())
	if err != nil {
		return nil, err
	}
	message["phoneList"] = []string{identity}
	args, err := json.Marshal(message)
	if err != nil || len(args) > maxNotice {
		return nil, errcode.New(errcode.Internal, "the notice can't be kept")
	}
	return &databases.Notice{
		ID: randomID(), App: r.call.App, Element: r.call.Element, SMS: n.GetElement(), Args: args,
	}, nil
}

// sendNotice sends a notice after the answer, unless another process does. One that
// can't be taken now is overdue later.
func (s *Service) sendNotice(ctx context.Context, dir databases.Directory, n *databases.Notice) {
	if n == nil {
		return
	}
	taken, err := dir.TakeNotice(ctx, n.ID)
	if err != nil || !taken {
		return
	}
	done := s.elements.InFlight()
	s.running.Go(func() {
		defer done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout)
		defer cancel()
		ctx = element.WithCall(ctx, element.Call{App: n.App, Element: n.Element, RequestID: n.ID, Operation: n.ID})
		if _, err := s.elements.Call(ctx, n.SMS, sendFunction, n.Args); err != nil {
			s.logger.WarnContext(ctx, "a notice of a changed phone was not sent", "element", n.Element, "request_id", n.ID, "error", err)
		}
	})
}

// sendOverdueNotices sends, until ctx ends, the notices of processes that were
// killed before they did.
func (s *Service) sendOverdueNotices(ctx context.Context) {
	for {
		timer := time.NewTimer(noticesEvery/2 + rand.N(noticesEvery)) //nolint:gosec // spreads replicas out, keeps no secret
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
			s.sendOverdue(ctx)
		}
	}
}

func (s *Service) sendOverdue(ctx context.Context) {
	instance, release, err := s.elements.Default(element.DefaultDatabase)
	if err != nil {
		return
	}
	defer release()
	dir, ok := instance.(databases.Directory)
	if !ok {
		return
	}
	notices, err := dir.Notices(ctx, overdue, noticesAtOnce)
	if err != nil {
		return
	}
	for i := range notices {
		s.sendNotice(ctx, dir, &notices[i])
	}
}

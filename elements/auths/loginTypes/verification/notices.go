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
	// noticeWaits is after how long a notice is nobody's: the process that kept it
	// has it sent at once.
	noticeWaits = 5 * time.Second
	// noticesEvery is the pause between looks for such notices, noticesAtOnce how
	// many a look sends.
	noticesEvery  = 10 * time.Second
	noticesAtOnce = 20
	// longestNotice bounds a notice's arguments, in bytes.
	longestNotice = 16 << 10
)

// notice makes what tells an identity of a change that this operation makes; nil
// where it is not to be told.
func (o *operation) notice(n *elementv1.Notice, identity string) (*databases.Notice, error) {
	if n.GetElement() == "" {
		return nil, nil
	}
	args, err := messageOf(n.GetArgsJson())
	if err != nil {
		return nil, err
	}
	args["phoneList"] = []string{identity}
	text, err := json.Marshal(args)
	if err != nil || len(text) > longestNotice {
		return nil, errcode.New(errcode.Internal, "the notice can't be kept")
	}
	return &databases.Notice{
		ID: randomID(), App: o.call.App, Element: o.call.Element, SMS: n.GetElement(), Args: text,
	}, nil
}

// tell has a notice sent, after the answer: once taken it is sent once. One that
// can't be taken now is found later, by whichever process looks first.
func (s *Service) tell(ctx context.Context, dir databases.NoticeStore, n *databases.Notice) {
	if n == nil {
		return
	}
	taken, err := dir.TakeNotice(ctx, n.ID)
	if err != nil || !taken {
		return
	}
	s.running.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendBound)
		defer cancel()
		ctx = element.WithCall(ctx, element.Call{App: n.App, Element: n.Element, RequestID: n.ID, Operation: n.ID})
		if _, err := s.elements.Call(ctx, n.SMS, sendFunction, n.Args); err != nil {
			s.logger.WarnContext(ctx, "an old number was not told that it was replaced", "element", n.Element, "error", err)
		}
	})
}

// tellNowAndThen has notices sent whose processes were killed before they did.
func (s *Service) tellNowAndThen(ctx context.Context) {
	for {
		timer := time.NewTimer(noticesEvery/2 + rand.N(noticesEvery)) //nolint:gosec // spreads replicas out, keeps no secret
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		s.tellWaiting(ctx)
	}
}

func (s *Service) tellWaiting(ctx context.Context) {
	instance, release, err := s.elements.Default(element.DefaultDatabase)
	if err != nil {
		return
	}
	defer release()
	dir, ok := instance.(databases.NoticeStore)
	if !ok {
		return
	}
	waiting, err := dir.Notices(ctx, noticeWaits, noticesAtOnce)
	if err != nil {
		return
	}
	for i := range waiting {
		s.tell(ctx, dir, &waiting[i])
	}
}

package faultproxy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHolds(t *testing.T) {
	for _, reply := range []bool{false, true} {
		for _, pass := range []bool{false, true} {
			target, lines := echo(t)
			p := New(t, target)
			hold := p.HoldRequest
			if reply {
				hold = p.HoldReply
			}
			h := hold(1, []byte("two"))
			conn := dial(t, p)
			require.NoError(t, ask(conn, "one", time.Second))
			require.NoError(t, ask(conn, "two", time.Second), "the first is let through")
			answered := make(chan error, 1)
			go func() { answered <- ask(conn, "two", 10*time.Second) }()
			<-h.Reached()
			if reply {
				require.EqualValues(t, 3, lines.Load(), "the server has done it")
			} else {
				require.EqualValues(t, 2, lines.Load(), "the server has not got it")
			}
			require.Empty(t, answered)
			if pass {
				h.Pass()
				require.NoError(t, <-answered)
			} else {
				h.Drop()
				require.Error(t, <-answered)
			}
			require.NoError(t, ask(dial(t, p), "two", time.Second), "others go on")
		}
	}
}

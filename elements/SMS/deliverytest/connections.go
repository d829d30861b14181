package deliverytest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

const (
	callers = 64
	each    = 4
)

// shared sends messages from many goroutines, then one after another.
func (v Vendor) shared(t *testing.T) {
	t.Run("by many at once", func(t *testing.T) {
		s := newStandIn(t, always(v.Accepted))
		sms := v.open(t, s.URL, map[string]any{"timeout": 60000})
		var wg sync.WaitGroup
		for caller := range callers {
			wg.Go(func() {
				for n := range each {
					phone := v.Phone[:len(v.Phone)-4] + fmt.Sprintf("%04d", caller*each+n)
					receipt, err := v.send(sms, phone)
					if err != nil || receipt.Results[0].Status != delivery.StatusAccepted {
						t.Errorf("%d: %v %+v", caller, err, receipt)
					}
				}
			})
		}
		wg.Wait()
		// On a busy machine net/http closes a connection now and then, because it sees a
		// response before the end of the request that it wrote.
		all, _ := s.count()
		require.LessOrEqual(t, all, callers+callers/4, "connections are not reused")
		require.EqualValues(t, callers*each, s.requests.Load())
	})
	t.Run("by one after another", func(t *testing.T) {
		s := newStandIn(t, always(v.Accepted))
		sms := v.open(t, s.URL, nil)
		for range 10 {
			_, err := v.send(sms, v.Phone)
			require.NoError(t, err)
		}
		all, _ := s.count()
		require.Equal(t, 1, all)
	})
}

// leaks fails repeatedly and counts the connections that stay open.
func (v Vendor) leaks(t *testing.T) {
	for name, answer := range map[string]Answer{
		"a refusal":        v.Refusal("Some.Code.Of.No.Table", "R"),
		"a long page, 503": {Status: 503, Type: "text/html", Body: strings.Repeat("<p>", 50000)},
		"a long yes":       {Type: v.Accepted.Type, Body: v.Accepted.Body + strings.Repeat(" ", 2*megabytes)},
		"an empty 500":     {Status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStandIn(t, always(answer))
			sms := v.open(t, s.URL, nil)
			for range 15 {
				require.Error(t, v.fails(t, sms))
			}
			require.Eventually(t, func() bool {
				_, open := s.count()
				return open <= 1
			}, 30*time.Second, 10*time.Millisecond)
			sms.Release()
			require.Eventually(t, func() bool {
				_, open := s.count()
				return open == 0
			}, 30*time.Second, 10*time.Millisecond, "connections outlive the instance")
		})
	}
}

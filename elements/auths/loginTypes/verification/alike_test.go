package verification

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
)

// Where nobody may register, a phone that is known and one that isn't cost the same
// steps of the stores, with arguments of the same size, at the same moments: whatever
// time an answer takes, it tells nothing.
func TestAKnownPhoneCostsWhatAnUnknownOneCosts(t *testing.T) {
	for name, vendor := range outcomes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.dir.add(databases.User{ID: "01a21c1e-2e32-771c-906f-fd5fe6046eb4", Phone: mobile})
				w.set("allowRegister", 0)
				start := time.Now()
				var mu sync.Mutex
				var steps []string
				see := func(name string, in any) {
					if name == "Notices" {
						return // they are looked for at random times
					}
					mu.Lock()
					defer mu.Unlock()
					steps = append(steps, fmt.Sprintf("%v %s %d", time.Since(start), name, sizeOf(t, in)))
				}
				w.store.seen, w.dir.seen = see, see
				var calledAt []time.Duration
				w.sms = func(context.Context, string, string, json.RawMessage) (json.RawMessage, error) {
					calledAt = append(calledAt, time.Since(start))
					time.Sleep(300 * time.Millisecond)
					return json.RawMessage(vendor.answer), vendor.fails
				}
				visit := func(identity string) (all []string) {
					start, steps = time.Now(), nil
					answer := func(err error) {
						mu.Lock()
						defer mu.Unlock()
						steps = append(steps, fmt.Sprintf("%v answer %v", time.Since(start), err))
					}
					for range 2 { // two sends, each with what may follow it
						for range 3 {
							_, err := w.svc.Send(w.in(call()), sendRequest(identity, nil))
							answer(err)
							synctest.Wait()
							for range 2 {
								_, err = w.exchange(call(), identity, "000000")
								answer(err)
								_, err = w.register(call(), identity, "000000")
								answer(err)
							}
							time.Sleep(time.Second)
						}
						time.Sleep(time.Minute)
					}
					slices.Sort(steps) // those of one moment have no order
					return steps
				}
				known := visit(mobile)
				unknown := visit(other)
				require.Equal(t, known, unknown)
				require.Contains(t, fmt.Sprint(known), "Commit")
				require.Len(t, calledAt, 2, "the known phone's messages")
				for n, at := range calledAt {
					require.GreaterOrEqual(t, at-time.Duration(n)*63*time.Second, laterAfter)
				}
			})
		})
	}
}

// sizeOf returns the size of a step's arguments, without what only the store looks at.
func sizeOf(t *testing.T, in any) int {
	if r, ok := in.(caches.Reserve); ok {
		r.Code.Decoy = false
		in = r
	}
	text, err := json.Marshal(in)
	require.NoError(t, err)
	return len(text)
}

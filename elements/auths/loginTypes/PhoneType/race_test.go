package phonetype_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

// atOnce calls a function n times at once and counts the outcomes by code; success is
// "".
func (w *world) atOnce(n int, userID, function string, args sdktest.Args) map[errcode.Code]int {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		ended = map[errcode.Code]int{}
		start = make(chan struct{})
	)
	for range n {
		wg.Go(func() {
			<-start
			var code errcode.Code
			if _, err := w.Call(by(userID), function, args); err != nil {
				code = errcode.Of(err)
			}
			mu.Lock()
			ended[code]++
			mu.Unlock()
		})
	}
	close(start)
	wg.Wait()
	return ended
}

func TestAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plain)
		ended := w.atOnce(300, "", "sendMessage", sdktest.Args{"phone": alice})
		require.Equal(t, map[errcode.Code]int{"": 1, codes.SendTooFrequent: 299}, ended)
		require.Len(t, w.sent(), 1, "one request to the vendor")

		registration := sdktest.Args{"phone": alice, "code": w.last(), "nick": "Alice"}
		ended = w.atOnce(50, "", "register", registration)
		require.Equal(t, 1, ended[""], "%v", ended)
		out, err := w.Call(by(""), "sendMessage", sdktest.Args{"phone": alice, "purpose": "login"})
		requireCode(t, codes.SendTooFrequent, err)
		require.Nil(t, out)
	})
}

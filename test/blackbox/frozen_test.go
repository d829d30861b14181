package blackbox_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// A frozen plugin fails what waits for it long before the call's own time is up: calls in
// flight, those that arrive while it is frozen, and a send whose vendor's Type is frozen.
// Then another process serves.
func TestFaultFrozenPlugin(t *testing.T) {
	t.Parallel()
	for _, typeName := range []string{loginType, vendorType} {
		t.Run(typeName, func(t *testing.T) {
			t.Parallel()
			shop := blackbox.NewShop(t)
			shop.Open(1)
			s := shop.Servers[0]
			p := shop.SignUp(blackbox.Login)
			shop.Vendor.Next(blackbox.Hang)
			frozen := s.Plugins(2)[typeName]
			inFlight := sendInFlight(t, shop)
			require.NoError(t, syscall.Kill(frozen, syscall.SIGSTOP))
			begun := time.Now()
			late := make(chan *blackbox.Answer, 64)
			for range 8 {
				go func() {
					spelt, _ := blackbox.Phone()
					answer, err := s.Client().Try(blackbox.Login, "sendMessage", blackbox.Args{"phone": spelt})
					if err != nil {
						t.Error(err)
					}
					late <- answer
				}()
			}
			// The last of these calls is about 8 s old; a call's own time is 30 s.
			for _, answered := range []<-chan *blackbox.Answer{inFlight, late, late, late, late, late, late, late, late} {
				answer := <-answered
				require.NotNil(t, answer)
				require.NotEqual(t, "DEADLINE_EXCEEDED", answer.Code)
				require.Less(t, time.Since(begun), 20*time.Second)
				switch {
				case typeName == loginType:
					require.Contains(t, []any{"unknown", "not_executed"}, answer.Fails(t, 503, "ELEMENT_UNAVAILABLE")["outcome"])
				case answer.Status == 502: // whether the vendor was asked is unknown
					require.Contains(t, answer.Fails(t, 502, "SMS_FAILED"), "expiresIn")
				default:
					require.Equal(t, "not_executed", answer.Fails(t, 503, "ELEMENT_UNAVAILABLE")["outcome"], fmt.Sprint(answer.Code))
				}
			}
			blackbox.Eventually(t, time.Minute, "another process serves", func() bool {
				pid := s.Plugins(2)[typeName]
				return pid != 0 && pid != frozen
			})
			shop.SignUp(blackbox.Login)
			require.Equal(t, 200, p.Call(blackbox.Sessions, "currentUser", nil).Status)
		})
	}
}

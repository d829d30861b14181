package verification

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

func TestAnAddressHasAnHoursWrongGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.set("ipHourlyGuesses", 7)
		w.dir.add(databases.User{ID: "u", Phone: mobile})
		from := func(c element.Call, address string) element.Call {
			c.Caller.Address = address
			return c
		}
		guesses := 0
		for n := range 4 {
			phone := fmt.Sprintf("+8613700137%03d", n)
			code := w.send(call(), phone, "")
			for i := range 2 {
				_, err := w.exchange(from(call(), fmt.Sprintf("2001:db8::%d", i)), phone, wrong(code, i+1))
				if errcode.Of(err) == codes.CodeRejected {
					guesses++
				}
			}
		}
		require.Equal(t, 7, guesses, "one /64")
		code := w.send(call(), mobile, "")
		_, err := w.exchange(from(call(), "2001:db8::9"), mobile, code)
		requireCode(t, codes.CodeLocked, err)
		e, _ := errcode.As(err)
		require.Equal(t, time.Hour, e.RetryAfter)
		_, err = w.exchange(from(call(), "2001:db8::9"), "+8613900139999", "123456")
		requireCode(t, codes.CodeLocked, err)
		_, err = w.exchange(from(call(), "2001:db8:0:1::9"), mobile, wrong(code, 1))
		requireCode(t, codes.CodeRejected, err)
		_, err = w.exchange(from(w.device(mobile), "2001:db8::9"), mobile, wrong(code, 1))
		requireCode(t, codes.CodeRejected, err)
		_, err = w.exchange(from(w.device(mobile), "2001:db8::9"), mobile, code)
		require.NoError(t, err, "an owner isn't locked by it")
		time.Sleep(time.Hour)
		code = w.send(call(), mobile, "")
		_, err = w.exchange(from(call(), "2001:db8::9"), mobile, code)
		require.NoError(t, err)
	})
}

func TestACodeIsComparedAsManyDigitsAsItWasSentWith(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	code := w.send(call(), mobile, "")
	w.set("codeLength", 8)
	for _, wrong := range []string{"12345678", "1234567", "1234567890"} {
		for range 20 {
			_, err := w.exchange(call(), mobile, wrong)
			requireCode(t, errcode.Params, err)
		}
	}
	_, err := w.exchange(call(), mobile, code)
	require.NoError(t, err)
	_, err = w.exchange(call(), mobile, "123456")
	requireCode(t, errcode.Params, err)
	_, err = w.exchange(call(), mobile, "12345678")
	requireCode(t, codes.CodeRejected, err)
	for _, never := range []string{"", "12345", "12345678901", "12345a", "１２３４５６", "123456\n"} {
		_, err = w.exchange(call(), mobile, never)
		requireCode(t, errcode.Params, err)
	}
}

func TestADecoyHasTheLengthOfACode(t *testing.T) {
	w := newWorld(t)
	w.dir.add(databases.User{ID: "u", Phone: mobile})
	w.set("allowRegister", 0)
	for _, identity := range []string{mobile, other} {
		w.send(call(), identity, "")
	}
	w.set("codeLength", 8)
	for _, guess := range []string{"12345678", "1234567", "000000"} {
		_, known := w.exchange(call(), mobile, guess)
		_, unknown := w.exchange(call(), other, guess)
		require.Equal(t, errcode.Of(known), errcode.Of(unknown), guess)
	}
}

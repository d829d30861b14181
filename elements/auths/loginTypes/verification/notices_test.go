package verification

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// moves replaces a phone with a notice, and returns the calls of the SMS element.
func moves(t *testing.T, before func(w *world)) (told func() []string, moved error) {
	w, ticket, code := moving(t)
	var mu sync.Mutex
	var asked []string
	w.sms = func(ctx context.Context, name, function string, args json.RawMessage) (json.RawMessage, error) {
		from, _ := element.CallOf(ctx)
		require.Equal(t, call().Element, from.Element)
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, name+"."+function+string(args))
		return json.RawMessage(`{}`), nil
	}
	before(w)
	_, err := w.svc.Move(w.in(as("u")), &elementv1.MoveRequest{
		UserId: "u", Ticket: ticket, Identity: other, Code: code,
		Notice: &elementv1.Notice{Element: "SMS.x", ArgsJson: []byte(`{"text":"moved"}`)},
	})
	return func() []string {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		return asked
	}, err
}

const toldOnce = `SMS.x.sendMessage{"phoneList":["` + mobile + `"],"text":"moved"}`

func TestTheOldIdentityIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told, err := moves(t, func(*world) {})
		require.NoError(t, err)
		require.Equal(t, []string{toldOnce}, told())
		time.Sleep(time.Minute)
		require.Equal(t, []string{toldOnce}, told())
	})
}

func TestANoticeOutlivesItsProcess(t *testing.T) {
	for name, before := range map[string]func(w *world){
		"killed after the change":  func(w *world) { w.dir.fails("TakeNotice", 1) },
		"killed before the answer": func(w *world) { w.dir.loses("MovePhone", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told, _ := moves(t, before)
				require.Empty(t, told())
				time.Sleep(2 * noticesEvery)
				require.Equal(t, []string{toldOnce}, told())
				time.Sleep(time.Minute)
				require.Equal(t, []string{toldOnce}, told())
			})
		})
	}
}

// A notice is sent at most once: nobody sends one that may have been taken.
func TestANoticeThatMayHaveBeenTakenIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told, err := moves(t, func(w *world) { w.dir.loses("TakeNotice", 1) })
		require.NoError(t, err)
		time.Sleep(time.Minute)
		require.Empty(t, told())
	})
}

func TestAChangeThatFailsTellsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told, err := moves(t, func(w *world) { w.dir.add(databases.User{ID: "v", Phone: other}) })
		requireCode(t, "PHONE_IN_USE", err)
		time.Sleep(time.Minute)
		require.Empty(t, told())
	})
}

func TestAFaultyNoticeFailsTheChangeBeforeIt(t *testing.T) {
	w, ticket, code := moving(t)
	_, err := w.svc.Move(w.in(as("u")), &elementv1.MoveRequest{
		UserId: "u", Ticket: ticket, Identity: other, Code: code,
		Notice: &elementv1.Notice{Element: "SMS.x", ArgsJson: []byte(`[]`)},
	})
	requireCode(t, errcode.Internal, err)
	require.Equal(t, mobile, w.dir.user("u").Phone)
	require.NoError(t, w.move(as("u"), ticket, other, code))
}

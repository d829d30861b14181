package blackbox_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// Wrong and right guesses mixed: in any order, at most five wrong ones are compared,
// and the right code succeeds at most once.
func TestRightAndWrongCodesAtOnce(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	other := shop.Another("other", nil)
	shop.Open(1)
	for range blackbox.Rounds(3, 40) {
		p := shop.SignUp(other)
		code := shop.Code(shop.Visitor(), other, p.Phone, p.E164)
		crowd := shop.Clients(100)
		answers := make([]*blackbox.Answer, len(crowd))
		blackbox.AtOnce(len(crowd), func(i int) {
			guess := code
			if i%2 == 0 {
				guess = fmt.Sprintf("%06d", i)
				if guess == code {
					guess = "999999"
				}
			}
			answers[i] = crowd[i].Call(other, "getLoginCode", blackbox.Args{"phone": p.Phone, "code": guess})
		})
		tally := blackbox.Tally(answers)
		require.LessOrEqual(t, tally["OK"], 1, "%v", tally)
		require.Equal(t, 100, tally["OK"]+tally["CODE_REJECTED"]+tally["CODE_LOCKED"], "%v", tally)
		if tally["OK"] == 0 {
			require.LessOrEqual(t, tally["CODE_REJECTED"], 5, "%v", tally)
		}
	}
}

// The limits of an address and of the app are exact, however many phones ask at once.
func TestSharedLimitsAtOnce(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	shop.SetLogin(map[string]any{"ipHourlyLimit": 17})
	byApp := shop.Another("byApp", map[string]any{"appHourlyLimit": 60})
	shop.Open(1)
	require.Equal(t, 17, sendToMany(shop, blackbox.Login, 100))
	require.Equal(t, 60, sendToMany(shop, byApp, 100), "of the logins that have the limit")
	require.Len(t, shop.Vendor.Sent(), 17+60)
}

// sendToMany asks for codes for n phones at once and counts the successes.
func sendToMany(shop *blackbox.Shop, login string, n int) (sent int) {
	crowd := shop.Clients(n)
	var mu sync.Mutex
	blackbox.AtOnce(n, func(i int) {
		spelt, _ := blackbox.Phone()
		if crowd[i].Call(login, "sendMessage", blackbox.Args{"phone": spelt}).Status == 200 {
			mu.Lock()
			sent++
			mu.Unlock()
		}
	})
	return sent
}

// Two people want one phone at the same time: one gets it, the other keeps their own.
func TestTwoUsersWantOnePhone(t *testing.T) {
	t.Parallel()
	shop := blackbox.NewShop(t)
	ways := logins(shop, 5, nil)
	shop.Open(1)
	for range blackbox.Rounds(2, 40) {
		ann, bob := shop.SignUp(ways[0]), shop.SignUp(ways[0])
		spelt, e164 := blackbox.Phone()
		people := []*blackbox.Person{ann, bob}
		args := make([]blackbox.Args, 2)
		for i, p := range people {
			own := shop.Code(p.Client, ways[1+i], p.Phone, p.E164, blackbox.Args{"purpose": "checkMyMessage"})
			ticket := p.Call(ways[1+i], "checkMyMessage", blackbox.Args{"code": own}).OK(t).Text("ticket")
			code := shop.Code(p.Client, ways[1+i], spelt, e164, blackbox.Args{"purpose": "updatePhone"})
			args[i] = blackbox.Args{"userId": p.UserID, "ticket": ticket, "newPhone": spelt, "newCode": code}
		}
		answers := make([]*blackbox.Answer, 20)
		blackbox.AtOnce(len(answers), func(i int) {
			answers[i] = people[i%2].Call(ways[1+i%2], "updatePhone", args[i%2])
		})
		race{disturbed: new(bool)}.one(t, answers, "PHONE_IN_USE", "CODE_BUSY", "CODE_REJECTED", "TICKET_REJECTED")
		masked := spelt[:3] + "****" + spelt[7:]
		has := 0
		for _, p := range people {
			me := p.Call(blackbox.Sessions, "currentUser", nil).OK(t)
			require.NotEmpty(t, me.Text("phone"))
			if me.Text("phone") == masked {
				has++
			}
		}
		require.Equal(t, 1, has)
	}
}

package blackbox_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lintel-run/lintel/internal/testpostgres"
	"github.com/lintel-run/lintel/internal/testredis"
	"github.com/lintel-run/lintel/test/blackbox"
)

// A crowd that logs in at once is served as fast as that goes. Whoever is turned away is
// told when to come again, and nobody's code or login is lost.
func TestACrowdLogsIn(t *testing.T) {
	t.Parallel()
	for _, stores := range []string{"embedded", "servers"} {
		t.Run(stores, func(t *testing.T) {
			t.Parallel()
			s := blackbox.NewShop(t)
			s.SetLogin(map[string]any{"resendInterval": 1, "phoneHourlyLimit": 1000, "phoneDailyLimit": 1000})
			if stores == "servers" {
				s.Store("defaultCache", "caches.main", "caches.RedisType", map[string]any{"url": testredis.Start(t).URL()})
				s.Store("defaultDatabase", "databases.main", "databases.PostgresType", map[string]any{"url": testpostgres.Start(t).NewURL(t)})
			}
			s.Open(1)
			rush(t, s, blackbox.Rounds(128, 512))
		})
	}
}

// rush logs n people in at once.
func rush(t *testing.T, s *blackbox.Shop, n int) {
	t.Helper()
	type person struct {
		*blackbox.Client
		phone, e164, code string
	}
	people := make([]*person, n)
	var signUps sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := range people {
		signUps.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			p := s.SignUp(blackbox.Login)
			people[i] = &person{Client: p.Client, phone: p.Phone, e164: p.E164}
		})
	}
	signUps.Wait()
	time.Sleep(1100 * time.Millisecond)
	for i := range people {
		signUps.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			people[i].code = s.Code(people[i].Client, blackbox.Login, people[i].phone, people[i].e164, blackbox.Args{"purpose": "login"})
		})
	}
	signUps.Wait()

	var turnedAway, later atomic.Int64
	begun := time.Now()
	var all sync.WaitGroup
	for _, p := range people {
		all.Go(func() {
			got := untilServed(t, p.Client, blackbox.Login, "getLoginCode", blackbox.Args{"phone": p.phone, "code": p.code}, &turnedAway)
			if got == nil {
				return
			}
			untilServed(t, p.Client, blackbox.Sessions, "loginByCode",
				blackbox.Args{"loginCode": got.OK(t).Text("loginCode"), "platform": "api"}, &later)
		})
	}
	all.Wait()
	t.Logf("%d people in %v; %d times turned away, %d times after their login had begun", n, time.Since(begun), turnedAway.Load(), later.Load())
}

// untilServed calls until the answer isn't that there are too many. Its answer is nil if
// there is another error.
func untilServed(t *testing.T, c *blackbox.Client, element, function string, args blackbox.Args, refused *atomic.Int64) *blackbox.Answer {
	for range 50 {
		answer, err := c.Try(element, function, args)
		switch {
		case err != nil:
			t.Errorf("%s: %v", function, err)
			return nil
		case answer.Status == 200:
			return answer
		case answer.Status != 503 || answer.RetryAfter() <= 0:
			t.Errorf("%s: %s", function, answer.Body)
			return nil
		}
		refused.Add(1)
		time.Sleep(answer.RetryAfter())
	}
	t.Errorf("%s: turned away again and again", function)
	return nil
}

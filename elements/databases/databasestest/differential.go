package databasestest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lintel-run/lintel/elements/databases"
)

// mostBusy is how many of rapid's 100 rounds a busy machine may end early.
const mostBusy = 80

// Differential runs the same random operations on two Directories and compares their
// results. Of times, it compares only whether a session has ended.
func Differential(t *testing.T, one, two Open) {
	round, busy := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		app := fmt.Sprintf("org.round%d", round)
		a, b := one(t, app), two(t, app)
		for range rapid.IntRange(1, 40).Draw(r, "steps") {
			step := draw(r)
			fromA, fromB := step.run(a), step.run(b)
			if strings.Contains(fromA+fromB, databases.ErrUnavailable.Error()) {
				// The machine is too busy. From here on the two may differ.
				if busy++; busy > mostBusy {
					r.Fatalf("%s is unavailable again and again", step.name)
				}
				return
			}
			if fromA != fromB {
				r.Fatalf("%s:\n  %s\n  %s", step.name, fromA, fromB)
			}
		}
	})
}

type operation struct {
	name string
	run  func(databases.Directory) string
}

// String returns the name, for the output of rapid.
func (o operation) String() string { return o.name }

// draw returns an operation. Its arguments are from few values, so that operations
// concern each other.
func draw(r *rapid.T) operation {
	pick := func(what string, of ...string) string { return rapid.SampledFrom(of).Draw(r, what) }
	user := pick("user", "u1", "u2", "u3")
	phone := pick("phone", "+861", "+862", "+863")
	other := pick("other phone", "+861", "+862", "+863")
	session := pick("session", "s1", "s2", "s3")
	code := pick("code", "c1", "c2", "c3", "c4")
	request := pick("request", "r1", "r2")
	use := databases.Use{ID: code, Request: request, Kind: "bind"}
	ticket := databases.Use{ID: "t" + code, Request: request, Kind: "updatePhone"}
	number := rapid.Int64Range(1, 4).Draw(r, "number")
	hash := fmt.Sprintf("h%d", number)
	device := pick("device", "d1", "d2")
	onlyFirst := rapid.Bool().Draw(r, "only first")
	grace := rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(r, "grace")

	// A session ID belongs to one code, since callers make unique IDs.
	news := databases.NewSession{
		ID: session + code + user, UserID: user, Phone: phone, Platform: "api", CodeID: code, Request: request,
		RefreshHash: "h1", Idle: time.Hour, Most: time.Hour,
	}
	all := []operation{
		{"CreateUser", func(d databases.Directory) string {
			u, err := d.CreateUser(context.Background(), databases.NewUser{ID: user, Nick: "n", Phone: phone}, use)
			return shownUser(u, err)
		}},
		{"UserByPhone", func(d databases.Directory) string {
			return shownUser(d.UserByPhone(context.Background(), phone))
		}},
		{"User", func(d databases.Directory) string { return shownUser(d.User(context.Background(), user)) }},
		{"BindPhone", func(d databases.Directory) string {
			return kind(d.BindPhone(context.Background(), user, phone, use))
		}},
		{"UnbindPhone", func(d databases.Directory) string {
			return kind(d.UnbindPhone(context.Background(), user, phone, use))
		}},
		{"MovePhone", func(d databases.Directory) string {
			return kind(d.MovePhone(context.Background(), user, phone, other, news.ID, use, ticket))
		}},
		{"CodeUse", func(d databases.Directory) string {
			u, err := d.CodeUse(context.Background(), code)
			return fmt.Sprintf("%+v %s", u, kind(err))
		}},
		{"CreateSession", func(d databases.Directory) string {
			s, err := d.CreateSession(context.Background(), news)
			return shownSession(s, err)
		}},
		{"Session", func(d databases.Directory) string {
			s, err := d.Session(context.Background(), news.ID)
			return shownSession(s, err)
		}},
		{"Sessions", func(d databases.Directory) string {
			list, err := d.Sessions(context.Background(), user)
			ids := make(map[string]int64) // printed in the order of IDs, since times may be equal
			for _, s := range list {
				ids[s.ID] = s.TokenNumber
			}
			return fmt.Sprintf("%v %s", ids, kind(err))
		}},
		{"EndSession", func(d databases.Directory) string {
			return kind(d.EndSession(context.Background(), user, news.ID))
		}},
		{"ForgetSession", func(d databases.Directory) string {
			return kind(d.ForgetSession(context.Background(), code, request))
		}},
		{"EndSessionOfCode", func(d databases.Directory) string {
			return kind(d.EndSessionOfCode(context.Background(), code))
		}},
		{"Refresh", func(d databases.Directory) string {
			if grace == 0 {
				time.Sleep(2 * time.Millisecond) // longer than the grace of both
			}
			got, err := d.Refresh(context.Background(), databases.Refresh{
				SessionID: news.ID, TokenNumber: number, Hash: hash, NextHash: fmt.Sprintf("h%d", number+1),
				Grace: grace, Idle: time.Hour, Most: time.Hour,
			})
			return fmt.Sprintf("%v %s", got.Reused, shownSession(got.Session, err))
		}},
		{"AddDevice", func(d databases.Directory) string {
			return kind(d.AddDevice(context.Background(), databases.Device{
				Hash: device, Phone: phone, UserID: user, ExpiresAt: time.Now().Add(time.Hour),
			}))
		}},
		{"RenewDevice", func(d databases.Directory) string {
			return kind(d.RenewDevice(context.Background(), databases.Device{
				Hash: device, Phone: phone, UserID: user, ExpiresAt: time.Now().Add(time.Hour),
			}))
		}},
		{"Device", func(d databases.Directory) string {
			v, err := d.Device(context.Background(), device)
			return v.Hash + v.Phone + v.UserID + kind(err)
		}},
		{"AddSigningKey", func(d databases.Directory) string {
			k, err := d.AddSigningKey(context.Background(), databases.SigningKey{ID: user, Encrypted: []byte(code)}, onlyFirst)
			return fmt.Sprintf("%s %s %s", k.ID, k.Encrypted, kind(err))
		}},
		{"SigningKeys", func(d databases.Directory) string {
			keys, err := d.SigningKeys(context.Background())
			texts := []string{kind(err)}
			for _, k := range keys {
				texts = append(texts, k.ID+string(k.Encrypted))
			}
			return strings.Join(texts, " ")
		}},
		{"EnsureCorp", func(d databases.Directory) string {
			c, err := d.EnsureCorp(context.Background(), "corps."+user, phone)
			return c.FullName + c.Title + kind(err)
		}},
		{"WrongTestGuess", func(d databases.Directory) string {
			n, err := d.WrongTestGuess(context.Background(), device)
			return fmt.Sprintf("%d %s", n, kind(err))
		}},
	}
	return rapid.SampledFrom(all).Draw(r, "operation")
}

// kind returns the name of an error in the contract.
func kind(err error) string {
	for _, known := range []error{
		databases.ErrUnavailable, databases.ErrNotFound, databases.ErrPhoneInUse,
		databases.ErrAlreadyBound, databases.ErrNotBound, databases.ErrCodeUsed,
	} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if err != nil {
		return "another error: " + err.Error()
	}
	return "done"
}

func shownUser(u databases.User, err error) string {
	return fmt.Sprintf("%s %s %s %v %s", u.ID, u.Nick, u.Phone, u.Corps, kind(err))
}

func shownSession(s databases.Session, err error) string {
	return fmt.Sprintf("%s %s %s %d ended %v %s", s.ID, s.UserID, s.CodeID, s.TokenNumber, !s.EndedAt.IsZero(), kind(err))
}

package verification

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/lintel-run/lintel/elements/databases"
)

// directory is a user directory in memory, by the contract of databases.Directory. The
// methods that the service doesn't use panic.
type directory struct {
	databases.Directory

	mu      sync.Mutex
	users   map[string]databases.User
	uses    map[string]databases.Use
	corps   map[string]databases.Corp
	devices map[string]databases.Device
	wrong   map[string]int
	ended   []string // users whose other sessions were ended
	kept    string
	notices []databases.Notice

	// asked counts calls by method.
	asked map[string]int
	// seen receives the name of each call, if it is set.
	seen func(name string, in any)
	// down is how many calls of a method will fail without effect, gone how many won't
	// even tell that, and lost how many will be made with their reply lost.
	down, gone, lost map[string]int
}

func newDirectory() *directory {
	return &directory{
		users: map[string]databases.User{}, uses: map[string]databases.Use{},
		corps: map[string]databases.Corp{}, devices: map[string]databases.Device{},
		wrong: map[string]int{}, asked: map[string]int{}, down: map[string]int{}, gone: map[string]int{}, lost: map[string]int{},
	}
}

// step runs one transaction.
func step[T any](d *directory, name string, do func() (T, error)) (T, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked[name]++
	if d.seen != nil {
		d.seen(name, nil)
	}
	var none T
	if d.down[name] > 0 {
		d.down[name]--
		return none, errors.Join(databases.ErrUnavailable, databases.ErrNotMade)
	}
	if d.gone[name] > 0 {
		d.gone[name]--
		return none, databases.ErrUnavailable
	}
	out, err := do()
	if d.lost[name] > 0 {
		d.lost[name]--
		return none, databases.ErrUnavailable
	}
	return out, err
}

// vanishes makes the next n calls of a method end without effect and without a reply.
func (d *directory) vanishes(name string, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gone[name] = n
}

// fails makes the next n calls of a method fail without effect.
func (d *directory) fails(name string, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down[name] = n
}

// loses makes the next n calls of a method take effect and fail.
func (d *directory) loses(name string, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lost[name] = n
}

func (d *directory) count(name string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked[name]
}

func (d *directory) add(u databases.User) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.users[u.ID] = u
}

func (d *directory) user(id string) databases.User {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.users[id]
}

func (d *directory) owner(identity string) (databases.User, error) {
	for _, u := range d.users {
		if u.Phone == identity {
			return u, nil
		}
	}
	return databases.User{}, databases.ErrNotFound
}

func (d *directory) UserByPhone(_ context.Context, identity string) (databases.User, error) {
	return step(d, "UserByPhone", func() (databases.User, error) { return d.owner(identity) })
}

func (d *directory) User(_ context.Context, id string) (databases.User, error) {
	return step(d, "User", func() (databases.User, error) {
		if u, ok := d.users[id]; ok {
			return u, nil
		}
		return databases.User{}, databases.ErrNotFound
	})
}

// pay inserts uses. again reports that this very request inserted them before.
func (d *directory) pay(uses ...databases.Use) (again bool, err error) {
	for _, u := range uses {
		if had, ok := d.uses[u.ID]; ok {
			if had.Request != u.Request {
				return false, databases.ErrCodeUsed
			}
			again = true
		}
	}
	return again, nil
}

func (d *directory) paid(uses ...databases.Use) {
	for _, u := range uses {
		d.uses[u.ID] = u
		if u.Mark != "" {
			d.uses[u.Mark] = databases.Use{ID: u.Mark, Request: u.Mark, Kind: u.Kind, UserID: u.UserID}
		}
	}
}

func (d *directory) CreateUser(_ context.Context, n databases.NewUser, use databases.Use) (databases.User, error) {
	return step(d, "CreateUser", func() (databases.User, error) {
		again, err := d.pay(use)
		if err != nil {
			return databases.User{}, err
		}
		if again {
			return d.users[d.uses[use.ID].UserID], nil
		}
		if _, err := d.owner(n.Phone); err == nil {
			return databases.User{}, databases.ErrPhoneInUse
		}
		u := databases.User{ID: n.ID, Nick: n.Nick, Phone: n.Phone, Test: n.Test}
		for _, c := range d.corps {
			if c.ID == n.CorpID {
				u.Corps = append(u.Corps, c)
			}
		}
		d.users[u.ID] = u
		d.paid(use)
		return u, nil
	})
}

func (d *directory) BindPhone(_ context.Context, id, identity string, use databases.Use) error {
	_, err := step(d, "BindPhone", func() (any, error) {
		u := d.users[id]
		again, err := d.pay(use)
		switch {
		case err != nil || again:
			return nil, err
		case u.Phone != "":
			return nil, databases.ErrAlreadyBound
		}
		if _, err := d.owner(identity); err == nil {
			return nil, databases.ErrPhoneInUse
		}
		u.Phone = identity
		d.users[id] = u
		d.paid(use)
		return nil, nil
	})
	return err
}

func (d *directory) UnbindPhone(_ context.Context, id, identity string, use databases.Use) error {
	_, err := step(d, "UnbindPhone", func() (any, error) {
		u := d.users[id]
		again, err := d.pay(use)
		switch {
		case err != nil || again:
			return nil, err
		case u.Phone != identity:
			return nil, databases.ErrNotBound
		}
		u.Phone = ""
		d.users[id] = u
		d.paid(use)
		return nil, nil
	})
	return err
}

func (d *directory) MovePhone(_ context.Context, id, from, to, keep string, code, ticket databases.Use) error {
	_, err := step(d, "MovePhone", func() (any, error) {
		u := d.users[id]
		again, err := d.pay(code, ticket)
		switch {
		case err != nil || again:
			return nil, err
		case u.Phone != from:
			return nil, databases.ErrNotBound
		}
		if _, err := d.owner(to); err == nil {
			return nil, databases.ErrPhoneInUse
		}
		u.Phone = to
		d.users[id] = u
		d.ended, d.kept = append(d.ended, id), keep
		d.paid(code, ticket)
		if code.Notice != nil {
			d.notices = append(d.notices, *code.Notice)
		}
		return nil, nil
	})
	return err
}

// Notices returns all notices, however long they have waited.
func (d *directory) Notices(context.Context, time.Duration, int) ([]databases.Notice, error) {
	return step(d, "Notices", func() ([]databases.Notice, error) { return slices.Clone(d.notices), nil })
}

func (d *directory) TakeNotice(_ context.Context, id string) (bool, error) {
	return step(d, "TakeNotice", func() (bool, error) {
		before := len(d.notices)
		d.notices = slices.DeleteFunc(d.notices, func(n databases.Notice) bool { return n.ID == id })
		return len(d.notices) < before, nil
	})
}

func (d *directory) CodeUse(_ context.Context, id string) (databases.Use, error) {
	return step(d, "CodeUse", func() (databases.Use, error) {
		if u, ok := d.uses[id]; ok {
			return u, nil
		}
		return databases.Use{}, databases.ErrNotFound
	})
}

func (d *directory) EnsureCorp(_ context.Context, name, title string) (databases.Corp, error) {
	return step(d, "EnsureCorp", func() (databases.Corp, error) {
		c := databases.Corp{ID: "id of " + name, FullName: name, Title: title}
		d.corps[name] = c
		return c, nil
	})
}

func (d *directory) Device(_ context.Context, hash string) (databases.Device, error) {
	return step(d, "Device", func() (databases.Device, error) {
		if v, ok := d.devices[hash]; ok {
			return v, nil
		}
		return databases.Device{}, databases.ErrNotFound
	})
}

func (d *directory) WrongTestGuess(_ context.Context, entry string) (int, error) {
	return step(d, "WrongTestGuess", func() (int, error) {
		d.wrong[entry]++
		return d.wrong[entry], nil
	})
}

func (d *directory) WrongTestGuesses(_ context.Context, entry string) (int, error) {
	return step(d, "WrongTestGuesses", func() (int, error) { return d.wrong[entry], nil })
}

func (d *directory) registered() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var ids []string
	for id := range d.users {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

package otpstate

import (
	"encoding/binary"
	"errors"
)

// ErrFormat says that bytes are not what Encode gave.
var ErrFormat = errors.New("what is stored can't be read")

// reader takes fields in the order in which a writer appended them. The first
// failure stays.
type reader struct {
	from []byte
	err  error
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.from)
	if n <= 0 {
		r.from, r.err = nil, ErrFormat
		return 0
	}
	r.from = r.from[n:]
	return v
}

// count is a length: never more than there are bytes left.
func (r *reader) count() int {
	n := r.int()
	if n < 0 || n > int64(len(r.from)) {
		r.from, r.err = nil, ErrFormat
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.count()
	s := string(r.from[:n])
	r.from = r.from[n:]
	return s
}

func (r *reader) flag() bool { return r.int() == 1 }

func (r *reader) texts() []string {
	n := r.count()
	if n == 0 {
		return nil
	}
	list := make([]string, 0, n)
	for range n {
		list = append(list, r.text())
	}
	return list
}

func (r *reader) format(kind byte) {
	if len(r.from) == 0 || r.from[0] != kind {
		r.from, r.err = nil, ErrFormat
		return
	}
	r.from = r.from[1:]
}

func (r *reader) end() error {
	if r.err == nil && len(r.from) > 0 {
		r.err = ErrFormat
	}
	return r.err
}

// DecodeState reads what State.Encode gave.
func DecodeState(b []byte) (*State, error) {
	r := &reader{from: b}
	r.format(stateFormat)
	s := &State{At: r.int()}
	s.Cooldown.Until, s.Cooldown.Code = r.int(), r.text()
	if n := r.count(); n > 0 {
		s.Holders = make(map[string]*Codes, n)
		for range n {
			holder := r.text()
			s.Holders[holder] = &Codes{Live: r.code(), Pending: r.code()}
		}
	}
	s.Sends, s.Guesses, s.Refusals = r.buckets(), r.buckets(), *r.times()
	if n := r.count(); n > 0 {
		s.Requests = make([]Request, 0, n)
		for range n {
			s.Requests = append(s.Requests, Request{
				ID: r.text(), Expires: r.int(), Outcome: outcomeOf(r.int()), Code: r.text(),
				At: r.int(), Shared: r.int(), Committed: r.flag(),
			})
		}
	}
	if len(r.from) > 0 { // what was kept before there were crowds ends here
		s.Watched = r.watched()
	}
	if len(r.from) > 0 { // and what was kept before codes could be taken back, here
		s.Taken = r.taken()
	}
	return s, r.end()
}

func (r *reader) taken() []Taken {
	n := r.count()
	if n == 0 {
		return nil
	}
	list := make([]Taken, 0, n+1)
	for range n {
		t := Taken{Request: r.text(), Attempt: r.text()}
		if c := r.code(); c != nil {
			t.Code = *c
		}
		list = append(list, t)
	}
	return list
}

func (r *reader) watched() []Watched {
	n := r.count()
	if n == 0 {
		return nil
	}
	list := make([]Watched, 0, n+1)
	for range n {
		list = append(list, Watched{Code: r.text(), At: r.int(), Expires: r.int(), Crowds: r.texts()})
	}
	return list
}

func (r *reader) code() *Code {
	if !r.flag() {
		return nil
	}
	c := &Code{ID: r.text(), MAC: r.text(), Purposes: r.texts(), Decoy: r.flag(), Expires: r.int()}
	if n := r.count(); n > 0 {
		c.Attempts = make(map[string]int, n)
		for range n {
			bucket := r.text()
			c.Attempts[bucket] = int(r.int())
		}
	}
	c.Claim, c.ClaimEnds = r.text(), r.int()
	return c
}

func (r *reader) buckets() map[string]*Times {
	n := r.count()
	if n == 0 {
		return nil
	}
	m := make(map[string]*Times, n)
	for range n {
		bucket := r.text()
		m[bucket] = r.times()
	}
	return m
}

func (r *reader) times() *Times {
	t := &Times{Per: r.int()}
	n := r.count()
	if n == 0 {
		return t
	}
	t.At = make([]int64, 0, n+1)
	last := int64(0)
	for range n {
		last += r.int()
		t.At = append(t.At, last)
	}
	return t
}

// DecodeToken reads what Token.Encode gave.
func DecodeToken(b []byte) (*Token, error) {
	r := &reader{from: b}
	r.format(tokenFormat)
	t := &Token{
		Value: []byte(r.text()), Expires: r.int(), Taken: r.text(), Linger: r.int(),
		Claim: r.text(), ClaimEnds: r.int(), Ended: r.texts(),
	}
	if len(r.from) > 0 { // what was kept before tokens could be given back ends here
		t.Attempt, t.Until = r.text(), r.int()
	}
	return t, r.end()
}

// DecodeRepeat reads what Repeat.Encode gave.
func DecodeRepeat(b []byte) (*Repeat, error) {
	r := &reader{from: b}
	r.format(repeatFormat)
	p := &Repeat{
		Owner: r.text(), Fingerprint: r.text(), LeaseEnds: r.int(),
		Answered: r.flag(), Answer: []byte(r.text()), Expires: r.int(),
	}
	return p, r.end()
}

// DecodeCrowd reads what Crowd.Encode gave.
func DecodeCrowd(b []byte) (*Crowd, error) {
	r := &reader{from: b}
	r.format(crowdFormat)
	c := &Crowd{Per: r.int()}
	if n := r.count(); n > 0 {
		c.Slots = make([]Slot, 0, n+1)
		last := int64(0)
		for range n {
			last += r.int()
			c.Slots = append(c.Slots, Slot{At: last, Sends: r.int(), Verified: r.int()})
		}
	}
	return c, r.end()
}

package otpstate

import "encoding/binary"

// decodeOld reads the format of Lintel 0.1: fields in order, integers as varints,
// texts after their length. A value lives for a day after its last change at most,
// so this file can go with the first release that nobody starts within a day of 0.1.
func decodeOld(kind Kind, b []byte) (any, error) {
	r := &oldReader{from: b}
	var value any
	switch kind {
	case KindState:
		value = r.state()
	case KindToken:
		value = r.token()
	case KindRecord:
		r.format('r')
		value = &Record{
			Owner: r.text(), Fingerprint: r.text(), LeaseEnds: r.int(),
			Answered: r.int() == 1, Answer: []byte(r.text()), Expires: r.int(),
		}
	case KindGroup:
		value = r.group()
	default:
		return nil, ErrFormat
	}
	if r.failed || len(r.from) > 0 {
		return nil, ErrFormat
	}
	return value, nil
}

// oldReader reads fields in order. After a failure, all fields are zero.
type oldReader struct {
	from   []byte
	failed bool
}

func (r *oldReader) fail() { r.from, r.failed = nil, true }

func (r *oldReader) format(first byte) {
	if len(r.from) == 0 || r.from[0] != first {
		r.fail()
		return
	}
	r.from = r.from[1:]
}

func (r *oldReader) int() int64 {
	v, n := binary.Varint(r.from)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.from = r.from[n:]
	return v
}

func (r *oldReader) text() string {
	n := r.count()
	s := string(r.from[:n])
	r.from = r.from[n:]
	return s
}

// count reads a length. It is never more than the bytes that are left.
func (r *oldReader) count() int {
	n := r.int()
	if n < 0 || n > int64(len(r.from)) {
		r.fail()
		return 0
	}
	return int(n)
}

func oldList[T any](r *oldReader, item func() T) []T {
	n := r.count()
	var list []T
	for i := 0; i < n && !r.failed; i++ {
		list = append(list, item())
	}
	return list
}

func (r *oldReader) state() *State {
	r.format('s')
	s := &State{Changed: r.int()}
	_, _ = r.int(), r.text() // the cooldown, which the sends tell
	s.Holders = oldList(r, func() *Holder { return &Holder{Holder: r.text(), Live: r.code(), Pending: r.code()} })
	budget := func() *Times {
		name := r.text()
		t := r.times()
		t.Budget = name
		return t
	}
	s.Sends, s.Guesses, s.Refusals = oldList(r, budget), oldList(r, budget), []*Times{r.times()}
	s.Requests = oldList(r, func() *Request {
		q := &Request{Id: r.text(), Expires: r.int()}
		r.int() // the outcome, which follows from the code
		q.Code, q.Made, q.MadeShared, q.Committed = r.text(), r.int(), r.int(), r.int() == 1
		return q
	})
	if len(r.from) > 0 { // there were no risk groups at first
		s.Unverified = oldList(r, func() *Unverified {
			return &Unverified{Code: r.text(), Sent: r.int(), Expires: r.int(), Groups: oldList(r, r.text)}
		})
	}
	if len(r.from) > 0 { // and no guess was undone
		s.Consumed = oldList(r, func() *Consumed { return &Consumed{Request: r.text(), Attempt: r.text(), Code: r.code()} })
	}
	return s
}

func (r *oldReader) code() *Code {
	if r.int() != 1 {
		return nil
	}
	return &Code{
		Id: r.text(), Mac: r.text(), Purposes: oldList(r, r.text), Decoy: r.int() == 1, Expires: r.int(),
		Attempts: oldList(r, func() *Attempts { return &Attempts{Budget: r.text(), Wrong: r.int()} }),
		Claim:    r.text(), ClaimEnds: r.int(),
	}
}

func (r *oldReader) times() *Times {
	t, last := &Times{Per: r.int()}, int64(0)
	t.At = oldList(r, func() int64 { last += r.int(); return last })
	return t
}

func (r *oldReader) token() *Token {
	r.format('t')
	t := &Token{
		Value: []byte(r.text()), Expires: r.int(), TakenBy: r.text(), LingersUntil: r.int(),
		Claim: r.text(), ClaimEnds: r.int(), Released: oldList(r, r.text),
	}
	if len(r.from) > 0 { // no call was undone at first
		t.Attempt, t.RestoredExpires = r.text(), r.int()
	}
	return t
}

func (r *oldReader) group() *Group {
	r.format('c')
	g, last := &Group{Per: r.int()}, int64(0)
	for i, n := 0, r.count(); i < n && !r.failed; i++ {
		last += r.int()
		g.Begins, g.Sends, g.Verified = append(g.Begins, last), append(g.Sends, r.int()), append(g.Verified, r.int())
	}
	return g
}

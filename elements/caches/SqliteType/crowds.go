package sqlitetype

import "github.com/lintel-run/lintel/elements/caches/internal/otpstate"

// Crowd implements otpstate.Counters.
func (c counters) Crowd(key string) *otpstate.Crowd {
	if c.err != nil {
		return nil
	}
	stored, err := c.get(crowdKey(key), c.now)
	if err != nil || stored == nil {
		return nil
	}
	crowd, err := otpstate.DecodeCrowd(stored)
	if err != nil {
		_ = c.fail(err)
		return nil
	}
	return crowd
}

// Count implements otpstate.Counters.
func (c counters) Count(key string, now, per int64) {
	crowd := c.Crowd(key)
	if crowd == nil {
		crowd = &otpstate.Crowd{}
	}
	crowd.Count(now, per)
	_ = c.put(crowdKey(key), crowd.Encode(), crowd.End(), c.now)
}

// Uncount implements otpstate.Counters.
func (c counters) Uncount(key string, at int64) {
	c.change(key, func(crowd *otpstate.Crowd) { crowd.Uncount(at) })
}

// Verify implements otpstate.Counters.
func (c counters) Verify(key string, at int64) {
	c.change(key, func(crowd *otpstate.Crowd) { crowd.Verify(at) })
}

func (c counters) change(key string, change func(*otpstate.Crowd)) {
	if crowd := c.Crowd(key); crowd != nil {
		change(crowd)
		_ = c.put(crowdKey(key), crowd.Encode(), crowd.End(), c.now)
	}
}

// Marked implements otpstate.Counters.
func (c counters) Marked(key string) string {
	if c.err != nil {
		return ""
	}
	by, _ := c.get(markKey(key), c.now) // an error dooms the transaction
	return string(by)
}

// Mark implements otpstate.Counters.
func (c counters) Mark(key, request string, until int64) {
	_ = c.put(markKey(key), []byte(request), until, c.now)
}

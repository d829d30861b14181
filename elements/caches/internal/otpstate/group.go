package otpstate

import (
	"slices"
	"sort"

	"github.com/lintel-run/lintel/elements/caches"
)

const (
	// fineSlot is the length of a slot while a group has few, coarseSlot when it has
	// fineSlots of them.
	fineSlot   = 100
	coarseSlot = 10_000
	fineSlots  = 60
)

func groupName(key string) Name { return Name{Kind: KindGroup, Key: key} }

// countInGroups counts a send in its risk groups.
func (s *Step) countInGroups(state *State, r *caches.Reserve) {
	if len(r.RiskGroups) == 0 {
		return
	}
	u := &Unverified{Code: r.Code.ID, Sent: s.Now, Expires: s.Now + Millis(r.TTL)}
	for _, g := range r.RiskGroups {
		group := load[Group](s, groupName(g.Key))
		if group == nil {
			group = &Group{}
		}
		group.count(s.Now, Millis(g.Per), 1)
		s.keepGroup(g.Key, group)
		u.Groups = append(u.Groups, g.Key)
	}
	state.Unverified = appendCapped(state.Unverified, mostUnverified, u)
}

// uncountInGroups takes a send back from its risk groups.
func (s *Step) uncountInGroups(state *State, code string) {
	s.endUnverified(state, code, (*Group).uncount)
}

// verifyInGroups verifies a send in its risk groups. It reports false if that was
// done before.
func (s *Step) verifyInGroups(state *State, code string) bool {
	return s.endUnverified(state, code, (*Group).verify)
}

func (s *Step) endUnverified(state *State, code string, change func(g *Group, sent int64)) bool {
	i := slices.IndexFunc(state.Unverified, func(u *Unverified) bool { return u.Code == code })
	if i < 0 {
		return false
	}
	u := state.Unverified[i]
	state.Unverified = slices.Delete(state.Unverified, i, i+1)
	for _, key := range u.Groups {
		if group := load[Group](s, groupName(key)); group != nil {
			change(group, u.Sent)
			s.keepGroup(key, group)
		}
	}
	return true
}

func (s *Step) keepGroup(key string, g *Group) {
	s.Keep(groupName(key), g, g.end())
}

// end returns when nothing of the group matters any more.
func (x *Group) end() int64 {
	if len(x.Begins) == 0 {
		return 0
	}
	return x.Begins[len(x.Begins)-1] + x.Per
}

// valid reports whether each slot has its counts.
func (x *Group) valid() bool {
	return len(x.Sends) == len(x.Begins) && len(x.Verified) == len(x.Begins)
}

// count adds n sends. If the clock went back, it adds to the last slot.
func (x *Group) count(now, per, n int64) {
	x.Per = per
	over := 0
	for over < len(x.Begins) && x.Begins[over]+per <= now {
		over++
	}
	for _, list := range []*[]int64{&x.Begins, &x.Sends, &x.Verified} {
		*list = slices.Delete(*list, 0, over)
	}
	width := int64(fineSlot)
	if len(x.Begins) >= fineSlots {
		width = coarseSlot
	}
	if last := len(x.Begins) - 1; last >= 0 && now < x.Begins[last]+width {
		x.Sends[last] += n
		return
	}
	x.Begins, x.Sends, x.Verified = append(x.Begins, now), append(x.Sends, n), append(x.Verified, 0)
}

func (x *Group) uncount(sent int64) {
	if i := x.slot(sent); i >= 0 && x.Sends[i] > x.Verified[i] {
		x.Sends[i]--
	}
}

func (x *Group) verify(sent int64) {
	if i := x.slot(sent); i >= 0 && x.Sends[i] > x.Verified[i] {
		x.Verified[i]++
	}
}

// slot returns the index of the slot of a time, or -1.
func (x *Group) slot(at int64) int {
	return sort.Search(len(x.Begins), func(i int) bool { return x.Begins[i] > at }) - 1
}

// suspicious reports whether the group requires a captcha.
func (x *Group) suspicious(now int64, g caches.RiskGroup) bool {
	if x == nil || g.MinSends <= 0 {
		return false
	}
	var sends, old, unverified int64
	for i, begins := range x.Begins {
		if begins+Millis(g.Per) <= now {
			continue
		}
		sends += x.Sends[i]
		if begins+Millis(g.UnverifiedAfter) <= now {
			old += x.Sends[i]
			unverified += x.Sends[i] - x.Verified[i]
		}
	}
	return sends >= int64(g.MinSends) && 2*unverified > old
}

package catalog

import (
	"slices"

	"github.com/lintel-run/lintel/runtime/internal/catalog/scan"
	"github.com/lintel-run/lintel/runtime/problem"
)

// node is an element directory with the element made from it.
type node struct {
	unit *scan.Unit
	// listed and pass are the last passes that listed and that made it.
	listed, pass uint64
	from         inputs
	// next is the newest candidate. It is partial if problems hold more than warnings,
	// and nil if e.json has never been readable.
	next     *Element
	problems []problem.Problem
	// good is the last good candidate, shown what the snapshot has.
	good, shown   *Element
	usesVariables bool
}

// inputs is what a candidate was made from.
type inputs struct {
	version  uint64 // of the unit
	clash    string
	base     *node
	baseGood *Element
	baseRank string
	epoch    uint64
	code     string
}

// Unit returns the node's element directory.
func (n *node) Unit() *scan.Unit { return n.unit }

// Served reports whether the node has ever been good.
func (n *node) Served() bool { return n.good != nil }

// valid reports whether the newest candidate is good, as far as is known.
func (n *node) valid() bool { return n.next != nil && !problem.Failed(n.problems) }

// waiting reports whether e.json is missing and what was shown stays for a while.
func (n *node) waiting() bool { return n.unit.Missing() && n.shown != nil }

// rank returns the rank of the newest good candidate, else of what is known.
func (n *node) rank() string {
	switch {
	case n.valid():
		return n.next.Rank
	case n.good != nil:
		return n.good.Rank
	case n.next != nil:
		return n.next.Rank
	}
	return ""
}

// known returns the newest that is known of a node: its candidate, or the last good
// one if the candidate is bad.
func (n *node) known() *Element {
	if !n.valid() && n.good != nil {
		return n.good
	}
	return n.next
}

// fits reports whether the node is an instance of a family, as far as is known.
func (n *node) fits(family string) bool {
	known := n.known()
	switch {
	case known == nil || known.Rank == "":
		return true // too broken to tell
	case known.Rank != Instance:
		return false
	}
	return known.Is(family) || known.Meta == ""
}

// show sets what the snapshot has of the node, to the same Element if nothing changed.
func (n *node) show(e *Element, problems []problem.Problem) {
	if s := n.shown; s != nil && s.Revision == e.Revision && s.Broken == e.Broken && slices.Equal(s.Problems, problems) {
		return
	}
	if len(problems) == 0 && len(e.Problems) == 0 {
		n.shown = e
		return
	}
	shown := *e
	shown.Problems = problems
	n.shown = &shown
}

package panicinfo_test

import (
	"errors"
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/panicinfo"
)

func caught(do func()) (text string) {
	defer func() { text = fmt.Sprint(panicinfo.Attrs(recover())) }()
	do()
	return ""
}

func entry(m map[string]int) { m["x"] = 1 }

func culprit(values []int, i int) { values[i] = 1 }

func TestAttrsLeaveOutTheValue(t *testing.T) {
	require.Regexp(t, regexp.MustCompile(`^\[panic=runtime error: index out of range \[3\] with length 1 at=panicinfo_test\.culprit \(panicinfo_test\.go:\d+\)\]$`),
		caught(func() { culprit(make([]int, 1), 3) }))
	require.Contains(t, caught(func() { entry(nil) }), "panic=assignment to entry in nil map")
	require.Contains(t, caught(func() { var p *struct{ n int }; p.n = 1 }), "nil pointer dereference at=")
	for _, secret := range []any{"+8613800138000", errors.New("code 123456"), struct{ Key string }{"k"}} {
		text := caught(func() { panic(secret) })
		require.Contains(t, text, fmt.Sprintf("a value of type %T at=", secret))
		require.NotRegexp(t, `13800138000|123456|\{k\}|/`, text)
	}
}

package bench

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// profile writes processor profiles of the Lintel processes during a load, if
// LINTEL_BENCH_PROFILE is set and the binaries were built with the tag "profile". The
// last load's profiles stay in the temporary directory.
func profile(b *testing.B, pid int) (stop func()) {
	b.Helper()
	if os.Getenv("LINTEL_BENCH_PROFILE") == "" {
		return func() {}
	}
	var profiled []int
	for _, id := range family(b, pid) {
		name, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", id))
		if err == nil && strings.Contains(name, "lintel") && syscall.Kill(id, syscall.SIGUSR1) == nil {
			profiled = append(profiled, id)
		}
	}
	return func() {
		for _, id := range profiled {
			_ = syscall.Kill(id, syscall.SIGUSR2)
		}
	}
}

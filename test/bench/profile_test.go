package bench

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// profile takes processor profiles of the Lintel processes while a load runs,
// with LINTEL_BENCH_PROFILE set and binaries built with the tag "profile". Those
// of the last load stay, in the temporary directory.
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

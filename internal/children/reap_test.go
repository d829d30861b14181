//go:build linux

package children_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/lintel-run/lintel/internal/children"
)

// Orphans are reaped, and nobody loses the exit code of a process of their own. The test
// is a subreaper, to which orphans come as they do to PID 1.
func TestOrphansAreReapedAndExitCodesStay(t *testing.T) {
	require.NoError(t, unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
	defer func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) }()
	stop := children.ReapOrphans()
	defer stop()
	var (
		all     sync.WaitGroup
		mu      sync.Mutex
		orphans []int
	)
	for i := range 16 {
		all.Go(func() {
			for range 8 {
				// A child that exits with a code of its own and leaves an orphan behind.
				cmd := exec.Command("/bin/sh", "-c", fmt.Sprintf("(sleep 0.05; exit 1) & echo $!; exit %d", i))
				out, err := cmd.StdoutPipe()
				if err == nil {
					err = children.Start(cmd)
				}
				if err != nil {
					t.Error(err)
					return
				}
				text, _ := bufio.NewReader(out).ReadString('\n')
				orphan, _ := strconv.Atoi(strings.TrimSpace(text))
				mu.Lock()
				orphans = append(orphans, orphan)
				mu.Unlock()
				err = children.Wait(cmd)
				var exit *exec.ExitError
				if code := cmd.ProcessState.ExitCode(); code != i || err != nil && !errors.As(err, &exit) {
					t.Errorf("exit code %d, want %d: %v", code, i, err)
				}
			}
		})
	}
	all.Wait()
	for _, pid := range orphans {
		require.NotZero(t, pid)
		require.Eventually(t, func() bool {
			_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
			return errors.Is(err, os.ErrNotExist)
		}, time.Minute, 5*time.Millisecond, "a zombie stays")
	}
}

package blackbox

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// zombie reports whether a process has ended and waits to be reaped.
func zombie(pid int) bool {
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			return os.IsNotExist(err)
		}
		// The state follows the name, which is in parentheses.
		_, behind, _ := strings.Cut(string(stat), ") ")
		return strings.HasPrefix(behind, "Z")
	}
	state, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.HasPrefix(strings.TrimSpace(string(state)), "Z")
}

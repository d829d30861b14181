package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// tick is the unit of times in /proc on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// family returns a process and its descendants.
func family(b *testing.B, pid int) []int {
	b.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		b.Skip("processes are measured by /proc")
	}
	children := make(map[int][]int)
	for _, entry := range entries {
		id, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if fields := stat(id); fields != nil {
			parent, _ := strconv.Atoi(fields[1])
			children[parent] = append(children[parent], id)
		}
	}
	found := []int{pid}
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i]]...)
	}
	return found
}

// stat returns the fields of /proc/PID/stat after the name, nil if the process has
// ended.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}

// processorTime returns the processor time of a process and its descendants.
func processorTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	var ticks int64
	for _, id := range family(b, pid) {
		if fields := stat(id); len(fields) > 12 {
			for _, text := range fields[11:13] {
				n, _ := strconv.ParseInt(text, 10, 64)
				ticks += n
			}
		}
	}
	return time.Duration(ticks) * tick
}

// proportional returns the memory of a process and its descendants in MB. Shared pages
// count once (PSS).
func proportional(b *testing.B, pid int) float64 {
	b.Helper()
	kilobytes := 0.0
	for _, id := range family(b, pid) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", id))
		if err != nil {
			continue
		}
		values := make(map[string]float64)
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) > 1 {
				values[fields[0]], _ = strconv.ParseFloat(fields[1], 64)
			}
		}
		kilobytes += values["Pss:"]
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", id))
		b.Logf("%s: %.1f MB, %.1f of its own, %.1f of files", bytes.TrimSpace(name),
			values["Pss:"]/1000, values["Pss_Anon:"]/1000, values["Pss_File:"]/1000)
	}
	if kilobytes == 0 {
		b.Skip("smaps_rollup can't be read here")
	}
	return kilobytes / 1000
}

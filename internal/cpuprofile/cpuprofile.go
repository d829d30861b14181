//go:build profile

// Package cpuprofile writes processor profiles of its process. SIGUSR1 begins one,
// SIGUSR2 ends it and writes it to /tmp/lintel-PID.pprof, and the allocations since the
// start to lintel-PID.allocs. It is linked only with the build tag "profile", which no
// release has.
package cpuprofile

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

func init() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		var file *os.File
		for s := range signals {
			switch {
			case s == syscall.SIGUSR1 && file == nil:
				var err error
				if file, err = os.Create(fmt.Sprintf("/tmp/lintel-%d.pprof", os.Getpid())); err != nil {
					continue
				}
				_ = pprof.StartCPUProfile(file)
			case s == syscall.SIGUSR2 && file != nil:
				pprof.StopCPUProfile()
				_ = file.Close()
				file = nil
				if allocated, err := os.Create(fmt.Sprintf("/tmp/lintel-%d.allocs", os.Getpid())); err == nil {
					_ = pprof.Lookup("allocs").WriteTo(allocated, 0)
					_ = allocated.Close()
				}
			}
		}
	}()
}

package sdk

import (
	"os"
	"strconv"

	"github.com/lintel-run/lintel/plugins/handshake"
)

// watchLifeline exits the process when the host is gone, even if it was killed. The
// host holds the other end of a pipe that nobody writes to.
func watchLifeline() {
	fd, err := strconv.Atoi(os.Getenv(handshake.EnvLifelineFD))
	if err != nil || fd < 3 {
		return
	}
	prepareLifeline(fd)
	pipe := os.NewFile(uintptr(fd), "lifeline")
	if pipe == nil {
		return
	}
	go func() {
		buf := make([]byte, 64)
		for {
			if _, err := pipe.Read(buf); err != nil {
				os.Exit(1)
			}
		}
	}()
}

package logging_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/cmd/lintel/internal/logging"
)

// logOf returns a logger that writes to out in the background.
func logOf(out io.Writer) (*slog.Logger, *logging.Writer) {
	w := logging.NewWriter(out, func(n int64) []byte { return logging.DroppedLine(true, n) })
	return slog.New(logging.NewHandler(w, true, slog.LevelInfo)), w
}

// read counts the lines of a log and those that it says were dropped.
func read(t *testing.T, text string) (lines, dropped int) {
	t.Helper()
	for line := range strings.Lines(text) {
		var fields struct {
			Message string `json:"msg"`
			Lines   int    `json:"lines"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &fields), line)
		if fields.Message == "a line" {
			lines++
		} else {
			dropped += fields.Lines
		}
	}
	return lines, dropped
}

// valve is a writer that stalls while it is shut.
type valve struct {
	open chan struct{}
	bytes.Buffer
}

func (v *valve) Write(p []byte) (int, error) {
	<-v.open
	return v.Buffer.Write(p)
}

func TestNobodyWaitsForALogThatStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &valve{open: make(chan struct{})}
		logger, w := logOf(v)
		begun := time.Now()
		const logged = 100_000
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				for range logged / 10 {
					logger.Info("a line")
				}
			})
		}
		all.Wait()
		require.Zero(t, time.Since(begun), "waited")
		close(v.open)
		synctest.Wait()
		lines, dropped := read(t, v.String())
		require.NotZero(t, dropped)
		require.Equal(t, logged, lines+dropped, "each line is there or counted")
		require.EqualValues(t, dropped, w.Dropped())
		logger.Info("a line")
		w.Close(time.Minute)
		again, _ := read(t, v.String())
		require.Equal(t, lines+1, again)
	})
}

// broken is a writer that fails, after part of the lines, while it is broken.
type broken struct {
	atomic.Bool
	bytes.Buffer
}

func (b *broken) Write(p []byte) (int, error) {
	if b.Load() {
		return 0, fmt.Errorf("write: %w", syscall.EPIPE)
	}
	return b.Buffer.Write(p)
}

func TestALogWhoseReaderHasGoneIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &broken{}
		logger, w := logOf(b)
		logger.Info("a line")
		synctest.Wait()
		b.Store(true)
		for range 1000 {
			logger.Info("a line")
		}
		synctest.Wait()
		require.EqualValues(t, 1000, w.Dropped())
		b.Store(false)
		logger.Info("a line")
		w.Close(time.Minute)
		lines, dropped := read(t, b.String())
		require.Equal(t, 2, lines)
		require.Equal(t, 1000, dropped)
	})
}

func TestClosingWaitsABoundedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &valve{open: make(chan struct{})}
		logger, w := logOf(v)
		logger.Info("a line")
		begun := time.Now()
		w.Close(time.Second)
		require.Equal(t, time.Second, time.Since(begun))
		logger.Info("a line")
		require.EqualValues(t, 1, w.Dropped(), "after its end")
		close(v.open)
	})
}

func TestTheDroppedLineIsOneOfItsFormat(t *testing.T) {
	require.Contains(t, string(logging.DroppedLine(false, 7)), "level=WARN")
	require.Contains(t, string(logging.DroppedLine(false, 7)), "lines=7\n")
	require.True(t, json.Valid(logging.DroppedLine(true, 7)))
}

package sdk

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A frozen host doesn't read: logging must not wait for it. The number of dropped
// lines is logged afterwards.
func TestLoggingNeverWaitsForAStalledHost(t *testing.T) {
	r, w := io.Pipe()
	logger := newLogger(newLineQueue(w), slog.LevelDebug)
	const lines = queuedLines * 4
	done := make(chan struct{})
	go func() {
		for i := range lines {
			logger.Info("m", "i", i)
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("logging waits")
	}
	dropped, seen := 0, 0
	d := json.NewDecoder(r)
	for dropped+seen < lines {
		var line struct {
			Level   string `json:"@level"`
			Message string `json:"@message"`
			Time    string `json:"@timestamp"`
			Count   int    `json:"count"`
		}
		require.NoError(t, d.Decode(&line))
		require.NotEmpty(t, line.Time)
		if line.Message == "m" {
			require.Equal(t, "info", line.Level)
			seen++
		} else {
			require.Equal(t, "warn", line.Level)
			dropped += line.Count
		}
	}
	require.GreaterOrEqual(t, dropped, queuedLines)
}

func TestALogLineIsOneLine(t *testing.T) {
	var out bytes.Buffer
	newLogger(&out, slog.LevelDebug).Error("a\nb", "c", "d\ne")
	require.Equal(t, 1, bytes.Count(out.Bytes(), []byte("\n")))
}

package browser_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkFirstPaint reports the first paint of /login on a slow line and a slow
// processor, beside that of an empty page in the same browser.
func BenchmarkFirstPaint(b *testing.B) {
	browser := chromium(b)
	s := shop(b, "https://front.example")
	for b.Loop() {
		cmd := exec.Command("node", "paint.mjs")
		cmd.Env = environment(map[string]string{"shop": s.URL}, browser)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		require.NoError(b, err)
		var got struct{ Login, Empty, Bytes float64 }
		require.NoError(b, json.Unmarshal(out, &got))
		b.ReportMetric(got.Login, "login-ms")
		b.ReportMetric(got.Empty, "empty-ms")
		b.ReportMetric(got.Bytes, "bytes")
	}
}

package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/lintel-run/lintel/internal/figure"
	"github.com/lintel-run/lintel/plugins/elementv1"
)

// BenchmarkCall reports the calls per second of Process.Call as a ratio to plain
// gRPC on a unix socket: the same method and payload, both measured in this run,
// by turns, each served by a process of its own.
func BenchmarkCall(b *testing.B) {
	payload := json.RawMessage(`{"phone":"+8613800138000","purpose":"login","captcha":{"token":"0123456789","answer":"abcd"}}`)
	h, _ := testHost(b, Config{Timings: Timings{PingEvery: time.Minute}})
	p := h.Process(hostileSpec())
	configure(b, p, 1, `{}`)
	one := func(ctx context.Context) error {
		_, err := p.Call(ctx, testInstance, 1, "echo", payload, testCall(), false)
		return err
	}
	plain := plainServer(b)
	req := &elementv1.CallRequest{
		Instance: &elementv1.Instance{Type: "test.Hostile", Name: testInstance, Generation: 1},
		Function: "echo", ArgsJson: payload, RequestId: "r-1",
	}
	two := func(ctx context.Context) error {
		_, err := plain.Call(ctx, req)
		return err
	}
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			const rounds = 6
			var ours, theirs time.Duration
			n := max(b.N/rounds, 2000) // fewer say nothing
			for range rounds {
				ours += figure.Spend(b, callers, n, one)
				theirs += figure.Spend(b, callers, n, two)
			}
			b.ReportMetric(float64(rounds*n)/ours.Seconds(), "calls/s")
			b.ReportMetric(float64(rounds*n)/theirs.Seconds(), "plain/s")
			b.ReportMetric(0, "ns/op")
			figure.AtLeast(b, "ratio", theirs.Seconds()/ours.Seconds(), 0.9)
		})
	}
}

// plainServer is the same executable, serving gRPC on a unix socket with neither
// go-plugin nor host.
func plainServer(b *testing.B) elementv1.ElementClient {
	b.Helper()
	dir, err := os.MkdirTemp("/tmp", "plain")
	if err != nil {
		b.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(hostile, "plain="+socket)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait(); _ = os.RemoveAll(dir) })
	eventually(b, "the plain server listens", func() bool {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return elementv1.NewElementClient(conn)
}

// BenchmarkStart reports how long a process takes from nothing to serving.
func BenchmarkStart(b *testing.B) {
	h, _ := testHost(b, Config{})
	for i := range b.N {
		spec := hostileSpec(fmt.Sprintf("type=T%d", i))
		spec.Type = fmt.Sprintf("T%d", i)
		p := h.Process(spec)
		if err := p.Start(testContext(b)); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		_ = p.Stop(testContext(b))
		b.StartTimer()
	}
}

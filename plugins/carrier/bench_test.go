package carrier_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/lintel-run/lintel/internal/figure"
	"github.com/lintel-run/lintel/plugins/carrier"
	"github.com/lintel-run/lintel/plugins/elementv1"
)

type echo struct {
	elementv1.UnimplementedElementServer
}

func (echo) Call(_ context.Context, r *elementv1.CallRequest) (*elementv1.CallResponse, error) {
	return &elementv1.CallResponse{ResultJson: r.GetArgsJson()}, nil
}

// BenchmarkInvoke reports carried requests as a ratio to the same requests without,
// on one unix socket, by turns.
func BenchmarkInvoke(b *testing.B) {
	socket := filepath.Join(b.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		b.Fatal(err)
	}
	server := grpc.NewServer(grpc.NumStreamWorkers(32), grpc.InitialWindowSize(1<<20), grpc.InitialConnWindowSize(1<<20))
	elementv1.RegisterElementServer(carrier.NewServer(server, carrier.Options{MaxRequests: 1024, IdleWorkers: 32}), echo{})
	go func() { _ = server.Serve(listener) }()
	b.Cleanup(server.Stop)
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithInitialWindowSize(1<<20), grpc.WithInitialConnWindowSize(1<<20))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	carried := carrier.NewConn(conn, nil)
	b.Cleanup(carried.Close)
	ask := func(c grpc.ClientConnInterface) func(context.Context) error {
		client := elementv1.NewElementClient(c)
		return func(ctx context.Context) error {
			_, err := client.Call(ctx, &elementv1.CallRequest{Instance: &elementv1.Instance{Name: "a.b", Type: "c.d", Generation: 1}, Function: "f", ArgsJson: []byte(`{"phone":"+8613800138000"}`)})
			return err
		}
	}
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			var ours, theirs time.Duration
			for b.Loop() {
				ours += figure.Spend(b, callers, 4000, ask(carried))
				theirs += figure.Spend(b, callers, 4000, ask(conn))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
		})
	}
}

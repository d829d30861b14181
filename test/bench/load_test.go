package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// patience bounds every wait of a client.
const patience = 40 * time.Second

// client is one persistent connection. It does only what HTTP needs, so that the client
// adds little to what is measured.
type client struct {
	address string
	conn    net.Conn
	reader  *bufio.Reader
	buffer  bytes.Buffer
}

func dial(address string) (*client, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	return &client{address: address, conn: conn, reader: bufio.NewReader(conn)}, nil
}

// post sends a JSON body and returns the answer's body. Any status but 200 is an error.
func (c *client) post(path, body string) ([]byte, error) {
	status, text, err := c.try(path, body)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s: status %d: %s", path, status, text)
	}
	return text, err
}

func (c *client) try(path, body string) (status int, text []byte, err error) {
	c.buffer.Reset()
	fmt.Fprintf(&c.buffer, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, c.address, len(body), body)
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, nil, err
	}
	if _, err := c.conn.Write(c.buffer.Bytes()); err != nil {
		return 0, nil, err
	}
	resp, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err = io.ReadAll(resp.Body)
	return resp.StatusCode, text, err
}

// job is one unit of work of a load, on one connection.
type job func(c *client, i int) error

// outcome holds the costs of a load. Outcomes can be added.
type outcome struct {
	jobs  int
	took  time.Duration
	cpu   time.Duration
	times []time.Duration
}

func (o *outcome) add(more outcome) {
	o.jobs += more.jobs
	o.took += more.took
	o.cpu += more.cpu
	o.times = append(o.times, more.times...)
}

func (o *outcome) rate() float64 { return float64(o.jobs) / o.took.Seconds() }

// cpuEach returns the server's processor time per job, in microseconds.
func (o *outcome) cpuEach() float64 { return float64(o.cpu.Microseconds()) / float64(o.jobs) }

// percentile returns a percentile of the jobs' durations, in milliseconds.
func (o *outcome) percentile(p float64) float64 {
	times := slices.Clone(o.times)
	slices.Sort(times)
	return float64(times[int(float64(len(times)-1)*p)].Microseconds()) / 1000
}

// load runs n jobs over a number of connections. With a rate it starts that many a
// second and measures each from its due time; otherwise each connection starts the next
// job when it has finished the last. It counts the processor time of the server pid and
// its children.
func load(b *testing.B, address string, pid, connections, n int, rate float64, do job) outcome {
	b.Helper()
	clients := make([]*client, connections)
	for i := range clients {
		c, err := dial(address)
		if err != nil {
			b.Fatal(err)
		}
		defer c.conn.Close()
		clients[i] = c
	}
	times := make([]time.Duration, n)
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wait sync.WaitGroup
	stop := profile(b, pid)
	before, begun := processorTime(b, pid), time.Now()
	for _, c := range clients {
		wait.Go(func() {
			for failed.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				due := time.Now()
				if rate > 0 {
					due = begun.Add(time.Duration(float64(i) / rate * float64(time.Second)))
					time.Sleep(time.Until(due))
				}
				if err := do(c, i); err != nil {
					failed.CompareAndSwap(nil, &err)
					return
				}
				times[i] = time.Since(due)
			}
		})
	}
	wait.Wait()
	took := time.Since(begun)
	stop()
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	return outcome{jobs: n, took: took, cpu: processorTime(b, pid) - before, times: times}
}

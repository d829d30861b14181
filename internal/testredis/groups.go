package testredis

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/lintel-run/lintel/internal/freeport"
	"github.com/lintel-run/lintel/internal/testca"
)

// Sentinel is a primary with one replica and one sentinel.
type Sentinel struct {
	// Addrs are the sentinel's addresses; MasterName is its name for the primary.
	Addrs      []string
	MasterName string
	Primary    *Server
	Replica    *Server
}

// Secured is how a group of servers is protected.
type Secured struct {
	// CA is set if they speak TLS alone.
	CA *testca.CA
	// Password is that of the servers, SentinelPassword that of the sentinel.
	Password, SentinelPassword string
}

// start starts a server of the group.
func (o Secured) start(t testing.TB, more ...string) *Server {
	t.Helper()
	if o.Password != "" {
		more = append(more, "--requirepass", o.Password, "--masterauth", o.Password)
	}
	var s *Server
	if o.CA != nil {
		s = StartTLS(t, o.CA, more...)
	} else {
		s = Start(t, more...)
	}
	s.password = o.Password
	return s
}

// StartSentinel starts a Sentinel, which considers a primary dead after half a second.
func StartSentinel(t testing.TB) *Sentinel {
	t.Helper()
	return Secured{}.StartSentinel(t)
}

// StartSentinel is StartSentinel with protected servers.
func (o Secured) StartSentinel(t testing.TB) *Sentinel {
	t.Helper()
	primary := o.start(t)
	host, port, _ := net.SplitHostPort(primary.Addr)
	replica := o.start(t, "--replicaof", host+" "+port)
	conf := filepath.Join(t.TempDir(), "sentinel.conf")
	lines := []string{
		"sentinel monitor lintel " + host + " " + port + " 1",
		"sentinel down-after-milliseconds lintel 500",
		"sentinel failover-timeout lintel 2000",
	}
	if o.Password != "" {
		lines = append(lines, "sentinel auth-pass lintel "+o.Password)
	}
	if o.SentinelPassword != "" {
		lines = append(lines, "requirepass "+o.SentinelPassword)
	}
	if err := os.WriteFile(conf, []byte(strings.Join(append(lines, ""), "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	watch := &Server{t: t, password: o.SentinelPassword}
	p := freeport.Take(t)
	watch.Addr = net.JoinHostPort(host, strconv.Itoa(p))
	watch.args = []string{conf, "--sentinel", "--bind", "127.0.0.1", "--logfile", conf + ".log"}
	if o.CA != nil {
		watch.tls = o.CA.Config()
		watch.args = append(watch.args, tlsArgs(o.CA, p)...)
	} else {
		watch.args = append(watch.args, "--port", strconv.Itoa(p))
	}
	t.Cleanup(watch.Stop)
	watch.launch()
	watch.await()
	c := replica.Client()
	eventually(t, "replication", func() error {
		ctx, cancel := background()
		defer cancel()
		info, err := c.Info(ctx, "replication").Result()
		if err == nil && !strings.Contains(info, "master_link_status:up") {
			err = errors.New("link is down")
		}
		return err
	})
	s := watch.Client()
	eventually(t, "sentinel", func() error {
		ctx, cancel := background()
		defer cancel()
		got, err := s.Do(ctx, "SENTINEL", "REPLICAS", "lintel").Slice()
		if err == nil && len(got) == 0 {
			err = errors.New("the replica isn't known yet")
		}
		return err
	})
	return &Sentinel{Addrs: []string{watch.Addr}, MasterName: "lintel", Primary: primary, Replica: replica}
}

// Cluster is three primaries that share the slots.
type Cluster struct {
	Addrs   []string
	Servers []*Server
}

// StartCluster starts a Cluster and waits until it serves all slots.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	return Secured{}.StartCluster(t)
}

// StartCluster is StartCluster with protected servers.
func (o Secured) StartCluster(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{}
	const slots, nodes = 16384, 3
	bus := make([]int, nodes)
	for i := range nodes {
		bus[i] = freeport.Take(t)
		s := o.start(t, "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf",
			"--cluster-node-timeout", "2000", "--cluster-port", strconv.Itoa(bus[i]))
		c.Servers, c.Addrs = append(c.Servers, s), append(c.Addrs, s.Addr)
	}
	ctx, cancel := background()
	defer cancel()
	do := func(s *Server, args ...any) {
		t.Helper()
		if err := s.Client().Do(ctx, append([]any{"CLUSTER"}, args...)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range c.Servers { // all, before any of them hears of another
		do(s, "SET-CONFIG-EPOCH", i+1)
		do(s, "ADDSLOTSRANGE", i*slots/nodes, (i+1)*slots/nodes-1)
	}
	for i, other := range c.Servers[1:] {
		host, port, _ := net.SplitHostPort(other.Addr)
		do(c.Servers[0], "MEET", host, port, bus[i+1])
	}
	for _, s := range c.Servers {
		client := s.Client()
		eventually(t, "cluster", func() error {
			ctx, cancel := background()
			defer cancel()
			info, err := client.ClusterInfo(ctx).Result()
			if err == nil && (!strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:3")) {
				err = errors.New("not formed yet")
			}
			return err
		})
	}
	return c
}

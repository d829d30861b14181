package catalog

import (
	"context"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/lintel-run/lintel/runtime/internal/catalog/code"
	"github.com/lintel-run/lintel/runtime/internal/catalog/resolve"
	"github.com/lintel-run/lintel/runtime/internal/catalog/scan"
)

// Config is the configuration of a Loader.
type Config struct {
	// Root is the app's directory.
	Root string
	// Library is the official library; may be nil.
	Library fs.FS
	// PluginDirs are searched for the bare names of executables, in order.
	PluginDirs []string
	// Pinned reports whether a description may be used; nil allows all.
	Pinned code.Pinned
	// Variables take precedence over the process environment, declared or not.
	Variables map[string]string
	// LookupEnv reads the process environment; the default is os.LookupEnv.
	LookupEnv func(string) (string, bool)
	// DataDir holds no elements.
	DataDir string
	// Dev means embedded default stores, whatever app.json names, and that Types for
	// development serve.
	Dev bool
	// StandIns means that a Type for development stands in for all instances of its
	// family.
	StandIns bool
	// Logger is for what can't be watched; the default is slog.Default.
	Logger *slog.Logger
}

// Loader keeps a Snapshot of an app up to date. All methods may be called from any
// goroutine; loads take turns.
type Loader struct {
	cfg Config

	mu      sync.Mutex // guards what follows
	scanner *scan.Scanner
	code    *code.Finder
	nodes   map[*scan.Unit]*node
	shown   *Snapshot
	// revision and passes only grow.
	revision, passes uint64
	now              func() time.Time
}

// New reads the app.json of an app and those of its parents. The error is a
// problem.List.
func New(cfg Config) (*Loader, error) {
	if cfg.LookupEnv == nil {
		cfg.LookupEnv = os.LookupEnv
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	scanner, err := scan.New(cfg.Root, cfg.DataDir, cfg.Library)
	if err != nil {
		return nil, err
	}
	return &Loader{cfg: cfg, scanner: scanner, code: code.NewFinder(cfg.PluginDirs, cfg.Pinned), nodes: make(map[*scan.Unit]*node), now: time.Now}, nil
}

// Load returns the newest snapshot after looking at every file and reading what
// changed. It returns the snapshot of before if ctx has ended.
func (l *Loader) Load(ctx context.Context) *Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.load(ctx, nil)
}

// Current returns the newest snapshot, nil before Load.
func (l *Loader) Current() *Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shown
}

// load scans the roots and makes a snapshot. If changed isn't nil it scans only those
// absolute directories.
func (l *Loader) load(ctx context.Context, changed map[string]bool) *Snapshot {
	if ctx.Err() != nil && l.shown != nil {
		return l.shown
	}
	now := l.now()
	l.scanner.Scan(now, changed)
	l.code.Begin(now)
	l.passes++
	nodes := l.takeNodes()
	p := &pass{
		id: l.passes, cfg: &l.cfg, roots: l.scanner.Roots, epoch: l.scanner.Epoch, before: l.shown,
		nodes: nodes, view: resolve.Resolve(l.scanner.Roots, nodes), code: l.code, revision: l.revision,
	}
	p.run()
	l.revision = p.revision
	l.shown = p.snapshot(slices.Concat(l.scanner.Problems, p.view.Problems))
	return l.shown
}

// takeNodes returns the nodes of each root's units and forgets those of units that are
// gone.
func (l *Loader) takeNodes() [][]*node {
	lists := make([][]*node, len(l.scanner.Roots))
	total := 0
	for i, r := range l.scanner.Roots {
		lists[i] = make([]*node, len(r.Units))
		total += len(r.Units)
		for j, u := range r.Units {
			n := l.nodes[u]
			if n == nil {
				n = &node{unit: u}
				l.nodes[u] = n
			}
			n.listed, lists[i][j] = l.passes, n
		}
	}
	if len(l.nodes) > total {
		maps.DeleteFunc(l.nodes, func(_ *scan.Unit, n *node) bool { return n.listed != l.passes })
	}
	return lists
}

// Close closes the app's directories. No other method may be called after it.
func (l *Loader) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.scanner.Close()
}

// Package plugin runs Types as processes. It starts, configures, watches, restarts,
// replaces and stops them, sends calls to them, and serves their requests to the host.
// It knows processes and the wire contract, but neither the files of apps nor what a
// Type does.
//
// The life of a Type's process:
//
//  1. Host.Process makes a Process, which runs nothing.
//  2. The first Start, Configure, Call, Get or Check starts it, once for all that
//     wait: under a guard (package guard), with go-plugin's handshake and a runner of
//     our own (package runner), and with bounded output (package outputs). It is ready
//     once it has described its Type and taken all generations configured before.
//  3. While it is ready, its exit is noticed at once and a freeze by missed pings. It
//     is then started again after a pause that grows. After too many exits it has
//     failed and is tried again later.
//  4. Replace starts another executable beside it, configures all generations there,
//     switches calls over, and lets the old one finish its calls.
//  5. Stop, or Host.Close, ends it: calls finish within a bound, then the process is
//     asked to exit and killed with its process group.
package plugin

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/internal/plugin/guard"
	"github.com/lintel-run/lintel/runtime/internal/plugin/runner"
)

// Host owns all plugin processes of an app.
type Host struct {
	cfg     Config
	logger  *slog.Logger
	times   Timings
	guard   guardian
	spawner *runner.Spawner
	pins    pins

	dirs atomic.Int64

	mu        sync.Mutex
	dir       string // private; read it with privateDir
	closed    bool
	processes map[typeKey]*Process
}

// guardian is the guard, or its stand-in if there is no shell.
type guardian interface {
	runner.Groups
	AddDir(dir string)
	Close()
}

type unguarded struct{}

func (unguarded) Add(int)       {}
func (unguarded) Remove(int)    {}
func (unguarded) AddDir(string) {}
func (unguarded) Close()        {}

// New makes a host: its private directory and its guard.
func New(cfg Config) (*Host, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.App == nil {
		cfg.App = &elementv1.App{}
	}
	if cfg.Observer == nil {
		cfg.Observer = noObserver{}
	}
	h := &Host{cfg: cfg, logger: cfg.Logger, times: cfg.Timings.withDefaults(), processes: make(map[typeKey]*Process)}
	dir, err := makePrivateDir(cfg)
	if err != nil {
		return nil, err
	}
	h.dir = dir
	runner.KeepFiles()
	h.pins = pins{places: h.pinPlaces, made: func(dir string) { h.guard.AddDir(dir) }}
	if g, err := guard.Start(h.logger, dir); err == nil {
		h.guard = g
	} else {
		// A container without a shell ends all its processes together.
		h.logger.Warn("no guard, frozen plugins may outlive a host that is killed", "error", err)
		h.guard = unguarded{}
	}
	h.spawner = runner.NewSpawner()
	return h, nil
}

// typeKey identifies a Type among all apps.
type typeKey struct{ owner, name string }

// Process returns the process of spec's Type and Owner, and makes it if there is none or
// it was stopped. An existing one keeps its own spec, which Replace changes.
func (h *Host) Process(spec Spec) *Process {
	h.mu.Lock()
	defer h.mu.Unlock()
	which := typeKey{spec.Owner, spec.Type}
	if p := h.processes[which]; p != nil && (h.closed || !p.ended()) {
		return p
	}
	p := newProcess(h, spec)
	if h.closed {
		p.end(context.Background())
	}
	h.processes[which] = p
	return p
}

// Remove stops a process and forgets it. Its calls finish while ctx lasts.
func (h *Host) Remove(ctx context.Context, p *Process) error {
	err := p.Stop(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if which := (typeKey{p.spec.Owner, p.spec.Type}); !h.closed && h.processes[which] == p {
		delete(h.processes, which)
	}
	return err
}

// Close stops all processes, ends the guard and removes the host's directory. Calls
// finish while ctx lasts.
func (h *Host) Close(ctx context.Context) error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	h.mu.Unlock()
	var wg sync.WaitGroup
	for _, p := range h.processes {
		wg.Go(func() { _ = p.Stop(ctx) })
	}
	wg.Wait()
	h.spawner.Close()
	h.guard.Close()
	return errors.Join(os.RemoveAll(h.dir), h.pins.close())
}

// newDir makes a directory for one process.
func (h *Host) newDir() (string, error) {
	base, err := h.privateDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(base, "p"+strconv.FormatInt(h.dirs.Add(1), 36))
	return dir, os.Mkdir(dir, 0o700)
}

// app returns the description of the app for plugins. An empty title means the one at
// start.
func (h *Host) app(title string) *elementv1.App {
	if title == "" || title == h.cfg.App.GetTitle() {
		return h.cfg.App
	}
	app := proto.CloneOf(h.cfg.App)
	app.Title = title
	return app
}

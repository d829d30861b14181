// Package plugin runs Types as processes: it starts, configures, watches,
// restarts, replaces and stops them, carries calls to them, and serves what they
// may ask of the host. It knows processes and the wire contract; it does not know
// the files of apps, nor what any Type does.
//
// The life of a Type's process:
//
//  1. Host.Process makes a Process, which runs nothing.
//  2. The first Start, Configure, Call, Get or Check starts it, once for all who
//     wait. It is started under a guard (package guard), by a runner of our own
//     under go-plugin's handshake (package runner), with its output bounded
//     (package outputs), and is ready once it has described its Type and taken
//     all generations that were configured before.
//  3. While it is ready, an exit is seen at once and a freeze by missed pings. It
//     is then started again, after a pause that grows; too many ends in a while
//     make it failed, to be tried again later.
//  4. Replace starts another executable beside it, gives that one all generations,
//     switches calls over, and lets the old one finish its own.
//  5. Stop, or Host.Close, ends it: calls finish within a bound, it is asked to
//     exit, then killed with its whole process group.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/internal/plugin/guard"
	"github.com/lintel-run/lintel/runtime/internal/plugin/runner"
)

// Host owns all plugin processes of an app.
type Host struct {
	cfg     Config
	logger  *slog.Logger
	times   Timings
	dir     string
	guard   guardian
	spawner *runner.Spawner
	pins    pins

	dirs atomic.Int64

	mu        sync.Mutex
	closed    bool
	processes map[typeOf]*Process
}

// guardian is the guard, or what stands in for it where there is no shell.
type guardian interface {
	runner.Groups
	Close()
}

type unguarded struct{}

func (unguarded) Add(int)    {}
func (unguarded) Remove(int) {}
func (unguarded) Close()     {}

// socketPath is the longest socket name below a host's directory, "/p12345" and
// go-plugin's own "/plugin1234567890", and maxSocketPath what a socket address
// holds on macOS, the shorter of the two systems (sun_path, 104 with its NUL).
const (
	socketPath    = len("/p12345") + len("/plugin1234567890")
	maxSocketPath = 103
)

// New makes a host: its private directory and its guard.
func New(cfg Config) (*Host, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.App == nil {
		cfg.App = &elementv1.App{}
	}
	if cfg.Observer == nil {
		cfg.Observer = silent{}
	}
	h := &Host{cfg: cfg, logger: cfg.Logger, times: cfg.Timings.withDefaults(), processes: make(map[typeOf]*Process)}
	dir, err := privateDir(cfg.TempDir)
	if err != nil {
		return nil, err
	}
	h.dir = dir
	runner.KeepFiles()
	h.pins = pins{dir: filepath.Join(dir, "pinned")}
	if g, err := guard.Start(h.logger, dir); err == nil {
		h.guard = g
	} else {
		// A container without a shell: its init process's end is everybody's.
		h.logger.Warn("no guard: frozen plugins may outlive a host that is killed", "error", err)
		h.guard = unguarded{}
	}
	h.spawner = runner.NewSpawner()
	return h, nil
}

// privateDir makes the host's directory, mode 0700, where sockets below it have
// names short enough.
func privateDir(base string) (string, error) {
	if base == "" {
		base = os.TempDir()
	}
	var errs []error
	for _, candidate := range []string{base, "/tmp"} {
		absolute, err := filepath.Abs(candidate)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		dir, err := os.MkdirTemp(absolute, "lintel")
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if len(dir)+socketPath <= maxSocketPath {
			return dir, nil
		}
		_ = os.Remove(dir)
		errs = append(errs, fmt.Errorf("%s is too long a name for unix sockets below it", absolute))
	}
	return "", fmt.Errorf("a private directory for plugins: %w", errors.Join(errs...))
}

// typeOf names a Type among all apps.
type typeOf struct{ owner, name string }

// Process gives the process of spec's Type and Owner, making it if there is none
// or it was stopped. One that exists keeps its own spec: Replace changes it.
func (h *Host) Process(spec Spec) *Process {
	h.mu.Lock()
	defer h.mu.Unlock()
	which := typeOf{spec.Owner, spec.Type}
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

// Remove stops a process, its calls finishing while ctx lasts, and forgets it.
func (h *Host) Remove(ctx context.Context, p *Process) error {
	err := p.Stop(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if which := (typeOf{p.spec.Owner, p.spec.Type}); !h.closed && h.processes[which] == p {
		delete(h.processes, which)
	}
	return err
}

// Close stops all processes, at once whatever ctx leaves to their calls, and
// removes what is left: the directory, the guard.
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
	return os.RemoveAll(h.dir)
}

// newDir makes a directory for one process.
func (h *Host) newDir() (string, error) {
	dir := filepath.Join(h.dir, "p"+strconv.FormatInt(h.dirs.Add(1), 36))
	return dir, os.Mkdir(dir, 0o700)
}

// app is what a plugin is told of the app; an empty title is the one at start.
func (h *Host) app(title string) *elementv1.App {
	if title == "" || title == h.cfg.App.GetTitle() {
		return h.cfg.App
	}
	return &elementv1.App{AppId: h.cfg.App.GetAppId(), Title: title, Dev: h.cfg.App.GetDev()}
}

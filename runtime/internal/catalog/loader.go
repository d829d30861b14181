package catalog

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config says what to load.
type Config struct {
	// Root is the app's directory.
	Root string
	// Library is the official library; nil: none.
	Library fs.FS
	// PluginDirs are where bare names of executables are looked up, in order.
	PluginDirs []string
	// Variables win over the process environment, declared or not.
	Variables map[string]string
	// LookupEnv reads the process environment; the default is os.LookupEnv.
	LookupEnv func(string) (string, bool)
	// DataDir holds no elements; empty: appData in Root.
	DataDir string
	// Dev: embedded default stores, whatever app.json names.
	Dev bool
	// Logger tells of what can't be watched; the default is slog.Default.
	Logger *slog.Logger
}

// Loader keeps a Snapshot of an app up to date. All methods may be called from
// any goroutine; loads take turns.
type Loader struct {
	cfg Config
	dir string

	mu       sync.Mutex
	roots    []*root
	plugins  []pluginDir
	problems []Problem // of app.json and .env since the last good ones
	shown    *Snapshot
	// epoch changes with the values of variables; revision and passes only grow.
	epoch, revision, passes uint64
	described               map[string]*descriptions
	builtins                map[string]*described
	// due is when something has to be looked at again though nothing changes.
	due time.Time
	// fresh directories wait for their watch, absolute.
	fresh []string
	now   func() time.Time
}

// pluginDir is a directory of executables; one that isn't there yet is tried again.
type pluginDir struct {
	dir  string
	tree tree
}

// New reads the app.json of an app and its parents. The error is Problems.
func New(cfg Config) (*Loader, error) {
	if cfg.LookupEnv == nil {
		cfg.LookupEnv = os.LookupEnv
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	l := &Loader{cfg: cfg, dir: cfg.Root, now: time.Now, epoch: 1,
		described: make(map[string]*descriptions), builtins: make(map[string]*described)}
	roots, problems := l.openRoots()
	if failed(problems) {
		return nil, Problems(problems)
	}
	l.roots = roots
	for _, dir := range cfg.PluginDirs {
		abs, err := filepath.Abs(dir)
		if err != nil {
			continue
		}
		l.plugins = append(l.plugins, pluginDir{dir: abs, tree: &lateTree{dir: abs}})
	}
	return l, nil
}

// openRoots opens the app, its parents and the library, those that are open
// already as they are.
func (l *Loader) openRoots() ([]*root, []Problem) {
	a := ancestry{known: make(map[string]*root)}
	for _, r := range l.roots {
		a.known[r.dir] = r
	}
	a.open(l.dir, nil, nil, nil)
	if failed(a.problems) {
		for _, opened := range a.opened {
			_ = opened.close()
		}
		return nil, a.problems
	}
	for i, r := range a.roots {
		if known := a.known[r.dir]; known != nil && known.tree == r.tree {
			known.app, known.appAt, known.label = r.app, r.appAt, r.label
			a.roots[i] = known
		}
	}
	if l.cfg.Library != nil {
		library := a.known[""]
		if library == nil {
			library = &root{label: "library:", tree: libraryTree{l.cfg.Library}}
		}
		a.roots = append(a.roots, library)
	}
	for _, r := range l.roots {
		if !slices.Contains(a.roots, r) {
			_ = r.tree.close()
		}
	}
	a.roots[0].skip = l.dataDir(a.roots[0].dir)
	return a.roots, nil
}

// dataDir gives the data directory's path below the root, empty if it lies elsewhere.
func (l *Loader) dataDir(dir string) string {
	if l.cfg.DataDir == "" {
		return ""
	}
	data, err := filepath.Abs(l.cfg.DataDir)
	if err != nil {
		return ""
	}
	if resolved, err := filepath.EvalSymlinks(data); err == nil {
		data = resolved
	}
	below, err := filepath.Rel(dir, data)
	if err != nil || below == "." || below == ".." || strings.HasPrefix(below, ".."+string(filepath.Separator)) {
		return ""
	}
	return filepath.ToSlash(below)
}

// Load makes the first snapshot; later it is Reload.
func (l *Loader) Load(ctx context.Context) *Snapshot { return l.Reload(ctx) }

// Reload looks at every file, reads what changed, and gives the newest snapshot.
// Where nothing changed it is the one of before. A ctx that has ended gives the
// one of before too.
func (l *Loader) Reload(ctx context.Context) *Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.load(ctx, nil)
}

// Current is the newest snapshot, nil before Load.
func (l *Loader) Current() *Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shown
}

// load scans the roots, or where changed isn't nil those absolute directories
// only, and makes a snapshot.
func (l *Loader) load(ctx context.Context, changed map[string]bool) *Snapshot {
	if ctx.Err() != nil && l.shown != nil {
		return l.shown
	}
	now := l.now()
	l.due = time.Time{}
	l.settings(now)
	for _, r := range l.roots {
		l.scan(r, now, changed)
	}
	l.passes++
	p := &pass{Loader: l, id: l.passes, now: now, stamps: make(map[string]string)}
	p.problems = slices.Clone(l.problems)
	for _, r := range l.roots {
		p.problems = append(p.problems, r.collect()...)
	}
	p.resolve()
	units := p.winners()
	for _, u := range units {
		p.make(u)
	}
	inParallel(p.later, p.complete)
	for _, u := range units {
		if u.next == nil || u.next.Rank != Instance || !u.missing.IsZero() && u.out != nil {
			continue
		}
		var more []Problem
		if !failed(u.wrong) {
			more = p.refer(u)
		}
		p.settle(u, more)
	}
	l.shown = p.snapshot()
	return l.shown
}

// winners lists the units that some view shows, in a fixed order, so that
// revisions are the same for the same files.
func (p *pass) winners() []*unit {
	units := make([]*unit, 0, len(p.main))
	for _, r := range p.roots {
		for _, u := range r.units {
			shown := p.main[u.name] == u
			for _, view := range p.hidden {
				shown = shown || view[u.name] == u
			}
			if shown {
				units = append(units, u)
			}
		}
	}
	return units
}

// scan brings a root's directories up to date.
func (l *Loader) scan(r *root, now time.Time, changed map[string]bool) {
	s := &scan{root: r, now: now, seen: func(dir string) {
		if r.dir != "" {
			l.fresh = append(l.fresh, filepath.Join(r.dir, filepath.FromSlash(dir)))
		}
	}, due: l.again}
	r.limited = false
	switch {
	case r.top == nil:
		r.top = &directory{path: "."}
		s.seen(".")
		s.visit(r.top, true, true)
	case r.dir == "":
	case changed == nil:
		s.visit(r.top, false, true)
	default:
		for dir, deep := range changed {
			if d := r.directory(dir); d != nil {
				s.visit(d, true, deep)
			}
		}
		s.waiting(r.top)
	}
	inParallel(s.unread, (*unit).read)
}

// inParallel does something that is about one unit alone for several of them.
func inParallel(units []*unit, do func(*unit)) {
	workers := min(runtime.GOMAXPROCS(0), len(units)/16+1)
	var next atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(units)); i = next.Add(1) - 1 {
				do(units[i])
			}
		})
	}
	group.Wait()
}

// waiting looks again at what is missing.
func (s *scan) waiting(d *directory) {
	if d.unit != nil && (!d.unit.missing.IsZero() || !d.unit.lacking.IsZero()) {
		l, err := s.root.tree.list(d.path)
		if err != nil {
			l = listing{}
		}
		s.element(d, l, false)
	}
	for name, child := range d.children {
		s.waiting(child)
		if child.gone && child.unit == nil && len(child.children) == 0 {
			delete(d.children, name)
			s.root.directories--
		}
	}
}

// directory finds a directory by absolute path: itself, or the nearest above it
// that is known. nil: it is none of this root's.
func (r *root) directory(dir string) *directory {
	below, err := filepath.Rel(r.dir, dir)
	if err != nil || below == ".." || strings.HasPrefix(below, ".."+string(filepath.Separator)) {
		return nil
	}
	d := r.top
	if below == "." {
		return d
	}
	for segment := range strings.SplitSeq(filepath.ToSlash(below), "/") {
		child := d.children[segment]
		if child == nil {
			break
		}
		d = child
	}
	return d
}

// again asks for another look at a time.
func (l *Loader) again(at time.Time) {
	if l.due.IsZero() || at.Before(l.due) {
		l.due = at
	}
}

// Close lets go of the directories. No other method is called any more.
func (l *Loader) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var first error
	for _, r := range l.roots {
		if err := r.tree.close(); err != nil && first == nil {
			first = err
		}
	}
	l.roots = nil
	return first
}

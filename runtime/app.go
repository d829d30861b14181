package runtime

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
	"github.com/lintel-run/lintel/runtime/internal/plugin"
)

// App is a running app. All methods may be called from any goroutine.
type App struct {
	settings settings
	log      *slog.Logger
	info     Info
	started  time.Time
	secret   secret
	loader   *catalog.Loader
	host     *plugin.Host
	services []any
	watchers map[string][]element.CallWatcher // by family
	lock     lockFile

	snapshot atomic.Pointer[snapshot]
	calls    calls
	problems problems

	// What apply owns, and who puts a change to use.
	applying    sync.Mutex
	handles     map[handleKey]*Element
	types       map[typeKey]*typeCode
	seen        map[typeKey]bool // the Types that there are
	changes     []<-chan struct{}
	generations uint64

	life       context.Context
	end        context.CancelFunc
	background sync.WaitGroup
	closing    sync.Once
	closed     error
}

// Open loads the app in dir. It fails for a bad app.json, a missing secret or lock
// (API_PARAMS_ERROR) and unusable default stores (STORE_UNAVAILABLE); a broken
// element is a Problem of its own, and its calls fail with ELEMENT_UNAVAILABLE
// while the rest serves.
//
// The official Types' executable, lintel-types, is sought in the directories of
// WithPluginDir, and beside the program's own executable.
func Open(ctx context.Context, dir string, opts ...Option) (*App, error) {
	s := newSettings(opts)
	a := &App{
		settings: s,
		log:      s.logger,
		started:  time.Now(),
		handles:  make(map[handleKey]*Element),
		types:    make(map[typeKey]*typeCode),
	}
	a.life, a.end = context.WithCancel(context.WithoutCancel(ctx))
	if err := a.open(ctx, dir); err != nil {
		return nil, errors.Join(unopened(err), a.Close())
	}
	return a, nil
}

// unopened gives an error of Open a code where it has none; its words stay.
func unopened(err error) error {
	if _, coded := errcode.As(err); coded {
		return err
	}
	return plain{errcode.Wrap(err, errcode.Params, "%s", err.Error())}
}

// plain is an error with a code that its text leaves out.
type plain struct{ coded *errcode.Error }

func (e plain) Error() string { return e.coded.Message }
func (e plain) Unwrap() error { return e.coded }

func (a *App) open(ctx context.Context, dir string) error {
	cfg, err := a.settings.catalog(dir)
	if err != nil {
		return err
	}
	if a.loader, err = catalog.New(cfg); err != nil {
		return err
	}
	if a.settings.locked {
		if a.lock, err = readLock(cfg.Root); err != nil {
			return err
		}
	}
	first := a.loader.Load(ctx)
	a.info = Info{
		AppID:   first.App.AppID,
		Name:    first.App.Name,
		Title:   first.App.Title,
		Version: first.App.Version,
		Dir:     cfg.Root,
		DataDir: cfg.DataDir,
		Dev:     a.settings.dev,
	}
	if err := usableStores(first); err != nil {
		return err
	}
	if a.secret, err = findSecret(a.settings.secret, cfg.DataDir, embeddedStores(first)); err != nil {
		return err
	}
	hostServices, err := a.openServices()
	if err != nil {
		return err
	}
	if err := a.openWatchers(); err != nil {
		return err
	}
	a.host, err = plugin.New(plugin.Config{
		Logger:   a.log,
		App:      &elementv1.App{AppId: a.info.AppID, Title: a.info.Title, Dev: a.settings.dev},
		Services: hostServices,
		Calls:    callbacks{a},
		Trace:    plugin.Trace{Provider: a.settings.tracer, Propagator: propagator},
		Observer: restarts{a.settings.observer},
	})
	if err != nil {
		return err
	}
	a.apply(ctx, first)
	if err := a.awaitStores(ctx); err != nil {
		return err
	}
	a.logProblems()
	if a.settings.watch {
		a.openWarned(first)
		a.background.Go(func() {
			err := a.loader.Watch(a.life, func(next *catalog.Snapshot) {
				a.apply(a.life, next)
				a.logProblems()
			})
			if err != nil && a.life.Err() == nil {
				a.log.Error("watching the app has ended: changes are not seen any more", "error", err)
			}
		})
	}
	return nil
}

// errNotLinked tells the author of a program how to link the standard elements.
var errNotLinked = errors.New(`runtime: the standard elements are not linked into this program: import _ "github.com/lintel-run/lintel/elements/standard"`)

// catalog returns the loader's configuration.
func (s settings) catalog(dir string) (catalog.Config, error) {
	library := element.Library()
	if library == nil {
		return catalog.Config{}, errNotLinked
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return catalog.Config{}, err
	}
	dataDir := s.dataDir
	if dataDir == "" {
		dataDir = filepath.Join(root, "appData")
	}
	if dataDir, err = filepath.Abs(dataDir); err != nil {
		return catalog.Config{}, err
	}
	pluginDirs := s.pluginDirs
	if exe, err := os.Executable(); err == nil {
		if exe, err = filepath.EvalSymlinks(exe); err == nil {
			pluginDirs = append(pluginDirs[:len(pluginDirs):len(pluginDirs)], filepath.Dir(exe))
		}
	}
	return catalog.Config{
		Root:       root,
		Library:    library,
		PluginDirs: pluginDirs,
		Variables:  s.variables,
		LookupEnv:  os.LookupEnv,
		DataDir:    dataDir,
		Dev:        s.dev,
		Logger:     s.logger,
	}, nil
}

// openServices makes the host services of the official library.
func (a *App) openServices() ([]plugin.HostService, error) {
	var hosted []plugin.HostService
	for _, registered := range element.HostServices() {
		service, err := registered.Open(a.env(nil))
		if err != nil {
			return nil, errcode.Wrap(err, errcode.Internal, "the host service of %s could not be made", registered.Meta)
		}
		a.services = append(a.services, service)
		hosted = append(hosted, plugin.HostService{
			Meta:     registered.Meta,
			Register: func(server grpc.ServiceRegistrar) { registered.Register(server, service) },
		})
	}
	return hosted, nil
}

// Info tells which app it is.
func (a *App) Info() Info {
	info := a.info
	if s := a.snapshot.Load(); s != nil {
		info.Name, info.Title, info.Version = s.catalog.App.Name, s.catalog.App.Title, s.catalog.App.Version
	}
	return info
}

// Key derives a key of 32 bytes for one purpose from the app's secret.
func (a *App) Key(purpose string) ([]byte, error) {
	return a.secret.key(a.info.AppID, purpose)
}

// Builtin gives the current instance of a built-in Type by full name; release
// says that it is no longer used. Errors as Call's.
func (a *App) Builtin(fullName string) (instance element.Instance, release func(), err error) {
	el, err := a.GetElement(fullName)
	if err != nil {
		return nil, nil, err
	}
	g, err := el.acquire()
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(a.life, configureTimeout)
	defer cancel()
	if err := g.ready(ctx); err != nil {
		g.leave()
		return nil, nil, err
	}
	instance = g.state.Load().instance
	if instance == nil {
		g.leave()
		return nil, nil, errcode.New(errcode.ElementNotFound, "%s is not built in", fullName)
	}
	return instance, g.leave, nil
}

// BuiltinDefault is Builtin for one of app.json's default elements.
func (a *App) BuiltinDefault(kind string) (instance element.Instance, release func(), err error) {
	return a.Builtin(a.snapshot.Load().catalog.Defaults[kind])
}

// Drain waits until no call is in flight or ctx ends; new calls are still taken.
func (a *App) Drain(ctx context.Context) error {
	if err := a.calls.wait(ctx); err != nil {
		return err
	}
	return a.host.Drain(ctx)
}

// Close waits a bounded time for the calls in flight, ends every plugin process
// and closes the stores. Closing twice is no error.
func (a *App) Close() error {
	a.closing.Do(func() { a.closed = a.close() })
	return a.closed
}

func (a *App) close() error {
	a.end()
	a.background.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), a.settings.drain)
	defer cancel()
	var errs []error
	if a.host != nil {
		if err := a.Drain(ctx); err != nil {
			a.log.Warn("calls in flight are ended", "error", err)
		}
		stop, cancel := context.WithTimeout(context.Background(), a.settings.drain)
		defer cancel()
		errs = append(errs, a.host.Close(stop))
	}
	errs = append(errs, a.closeWatchers())
	a.applying.Lock()
	defer a.applying.Unlock()
	for _, el := range a.handles {
		el.replace(nil)
	}
	for _, service := range a.services {
		if c, ok := service.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

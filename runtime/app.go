package runtime

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/errortable"
	"github.com/lintel-run/lintel/runtime/internal/catalog"
	"github.com/lintel-run/lintel/runtime/internal/plugin"
)

// App is a running app. All methods may be called from any goroutine.
type App struct {
	settings   settings
	info       Info
	started    time.Time
	secret     secret
	loader     *catalog.Loader
	host       *plugin.Host
	services   []any
	index      *index
	calls      *callRecorder
	problems   *problemLog
	reconciler *reconciler
	readiness  *readiness

	end     context.CancelFunc
	closing sync.Once
	closed  error
}

// Open loads the app in dir. It fails for a bad app.json, a missing secret or lock
// (API_PARAMS_ERROR) and default stores that can't be used (STORE_UNAVAILABLE). A
// broken element is a Problem of its own: its calls fail with ELEMENT_UNAVAILABLE
// while the rest serves.
//
// Open looks for the executables of plugins in the directories of WithPluginDir and
// beside the program's own executable.
func Open(ctx context.Context, dir string, opts ...Option) (*App, error) {
	s := newSettings(opts)
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	x := &index{life: life}
	a := &App{
		settings: s,
		started:  time.Now(),
		index:    x,
		calls:    &callRecorder{tracer: s.tracer, observer: s.observer},
		problems: newProblemLog(s.logger, x),
		end:      end,
	}
	a.reconciler = newReconciler(s.logger, x, a.calls, a.problems, a.instanceEnv)
	a.readiness = newReadiness(s.logger, x)
	if err := a.open(ctx, dir); err != nil {
		return nil, errors.Join(withCode(err), a.Close())
	}
	return a, nil
}

// withCode returns an error of Open with a code, API_PARAMS_ERROR if it has none.
// Its text stays.
func withCode(err error) error {
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
		if a.reconciler.lock, err = readLock(cfg.Root); err != nil {
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
	if err := a.calls.openWatchers(a.serviceEnv()); err != nil {
		return err
	}
	a.host, err = plugin.New(plugin.Config{
		Logger:   a.settings.logger,
		App:      a.settings.described(a.info.AppID, a.info.Title, a.info.Dir),
		DataDir:  cfg.DataDir,
		Services: hostServices,
		Calls:    callbacks{a.index},
		Trace:    plugin.Trace{Provider: a.settings.tracer, Propagator: propagator},
		Observer: restarts{a.settings.observer},
	})
	if err != nil {
		return err
	}
	a.reconciler.host = a.host
	a.reconciler.apply(ctx, first)
	if err := a.awaitStores(ctx); err != nil {
		return err
	}
	a.reconciler.background.Go(func() { a.readiness.watch(a.index.life) })
	if a.settings.watch {
		a.reconciler.awaitHosted(ctx)
	}
	a.problems.logNew()
	if a.settings.watch {
		a.reconciler.openWarned()
		a.reconciler.follow(a.loader)
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
	var pinned catalog.Pinned
	if s.locked {
		lock, err := readLock(root)
		if err != nil {
			return catalog.Config{}, err
		}
		if lock.Descriptions == nil {
			s.logger.Warn(lockName + " pins no descriptions of Types: run lintel lock")
		}
		pinned = lock.describes
	}
	return catalog.Config{
		Pinned:     pinned,
		Root:       root,
		Library:    library,
		PluginDirs: pluginDirs,
		Variables:  s.variables,
		LookupEnv:  os.LookupEnv,
		DataDir:    dataDir,
		Dev:        s.dev,
		StandIns:   s.dev && !s.devSend,
		Logger:     s.logger,
	}, nil
}

// openServices opens the registered host services.
func (a *App) openServices() ([]plugin.HostService, error) {
	var hosted []plugin.HostService
	for _, registered := range element.HostServices() {
		service, err := registered.Open(a.serviceEnv())
		if err != nil {
			return nil, errcode.Wrap(err, errcode.Internal, "the host service of %s could not be opened", registered.Meta)
		}
		a.services = append(a.services, service)
		hosted = append(hosted, plugin.HostService{
			Meta:     registered.Meta,
			Register: func(server grpc.ServiceRegistrar) { registered.Register(server, service) },
		})
	}
	return hosted, nil
}

// described returns an app as its plugins know it.
func (s settings) described(appID, title, dir string) *elementv1.App {
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	return &elementv1.App{
		AppId: appID, Title: title, Dev: s.dev, Directory: dir,
		Outbound: &elementv1.Outbound{Proxy: s.outbound.Proxy, Authorities: s.outbound.Authorities},
	}
}

// Info describes the app.
func (a *App) Info() Info {
	info := a.info
	if s := a.index.newest.Load(); s != nil {
		info.Name, info.Title, info.Version = s.catalog.App.Name, s.catalog.App.Title, s.catalog.App.Version
	}
	return info
}

// PreviousKey is Key of the secret that the app's has replaced (LINTEL_SECRET_PREVIOUS),
// for what was made before. It returns nil if there is none.
func (a *App) PreviousKey(purpose string) ([]byte, error) {
	return a.secret.previousKey(a.info.AppID, purpose)
}

// Key derives a key of 32 bytes for one purpose from the app's secret.
func (a *App) Key(purpose string) ([]byte, error) {
	return a.secret.key(a.info.AppID, purpose)
}

// GetElement finds an element by its full name, in an immutable snapshot, without
// locking or allocating. Its error is ELEMENT_NOT_FOUND.
func (a *App) GetElement(fullName string) (*Element, error) { return a.index.get(fullName) }

// FindElements returns elements in name order: ".T" the instances of T and of the
// Types derived from it, "a.*" everything below a, "#tag=x" those whose e.json has
// that tag, and unions of these by ",". Another selector is an API_PARAMS_ERROR.
func (a *App) FindElements(selector string) ([]*Element, error) { return a.index.find(selector) }

// GetElementDefine returns an element's definition. Its error is ELEMENT_NOT_FOUND.
func (a *App) GetElementDefine(fullName string) (*Definition, error) {
	el, err := a.GetElement(fullName)
	if err != nil {
		return nil, err
	}
	return definitionOf(el.definition()), nil
}

// Definitions returns those of all elements, the official library's included, in
// name order.
func (a *App) Definitions() []Definition { return definitionsOf(a.index.catalog()) }

// Errors returns the error codes that the app's families declare. The table doesn't
// change; a reload makes another.
func (a *App) Errors() errortable.Table { return a.index.catalog().Errors }

// Problems returns all current problems, in name order.
func (a *App) Problems() []Problem { return a.problems.list() }

// Builtin returns the current instance of a built-in Type. The caller calls release
// when it no longer uses the instance. Errors are those of Element.Call.
func (a *App) Builtin(fullName string) (instance element.Instance, release func(), err error) {
	return a.index.builtin(fullName)
}

// BuiltinDefault is Builtin for one of app.json's default elements.
func (a *App) BuiltinDefault(kind string) (instance element.Instance, release func(), err error) {
	return a.index.defaultBuiltin(kind)
}

// Drain waits until no call is in flight or ctx ends. New calls are still served.
func (a *App) Drain(ctx context.Context) error {
	if err := a.calls.wait(ctx); err != nil {
		return err
	}
	return a.host.Drain(ctx)
}

// Close waits a bounded time for the calls in flight, stops every plugin process and
// closes the stores. Closing twice is no error.
func (a *App) Close() error {
	a.closing.Do(func() { a.closed = a.close() })
	return a.closed
}

func (a *App) close() error {
	a.end()
	a.reconciler.background.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), a.settings.drain)
	defer cancel()
	var errs []error
	if a.host != nil {
		if err := a.Drain(ctx); err != nil {
			a.settings.logger.Warn("calls in flight are cancelled", "error", err)
		}
		stop, cancel := context.WithTimeout(context.Background(), a.settings.drain)
		defer cancel()
		errs = append(errs, a.host.Close(stop))
	}
	errs = append(errs, a.calls.closeWatchers())
	a.reconciler.release()
	for _, service := range a.services {
		if c, ok := service.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	if a.loader != nil {
		errs = append(errs, a.loader.Close())
	}
	return errors.Join(errs...)
}

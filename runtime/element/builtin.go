package element

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sort"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// Builtin is a Type whose code runs in the host's own process: its e.json says
// "backendBundleEntry": "builtin".
type Builtin struct {
	// Description describes the Type, by its full name.
	Description *elementv1.TypeDescription
	// Embedded means that an instance needs no server and keeps its data in the data
	// directory. An app makes its own secret on first start only if its default stores
	// are embedded.
	Embedded bool
	// Check returns what Open would refuse of a valid configuration, without opening
	// anything; the detail "arg" of an *errcode.Error names the key. The error quotes no
	// secret. Of env only DataDir is set. Check may be nil.
	Check func(env Env, config json.RawMessage) error
	// Open opens an instance. Its configuration is valid, with defaults merged and
	// variables replaced. Open must not wait for a server: if a store can't be reached,
	// calls fail with StoreUnavailable. The app closes the instance after its last call,
	// once a newer generation has replaced it or it was removed.
	Open func(ctx context.Context, env Env, config json.RawMessage) (Instance, error)
}

// Instance is an instance of a built-in Type. All methods may be called from any
// goroutine. An instance may implement further interfaces of its family, which callers
// assert.
type Instance interface {
	// Call calls a function of the Description. The arguments are checked.
	Call(ctx context.Context, function string, args Args) (any, error)
	// Get reads a property of the Description.
	Get(ctx context.Context, property string) (any, error)
	// Close closes it. No call is in flight.
	Close() error
}

// ReadyChecker is implemented by instances that can check whether they would serve a
// call now. A store does so by a write. The app calls Ready for its status and about once
// a second, with a deadline. The error names the cause and, where it helps, the cure; it is
// shown to operators and contains no secret and no path.
type ReadyChecker interface {
	Ready(ctx context.Context) error
}

// ErrMisconfigured is in the chain of an error of Ready that waiting doesn't end: the
// configuration, the rights or the server's version are wrong. An app doesn't open with
// such a store.
var ErrMisconfigured = errors.New("the configuration, rights or version of the store are wrong")

// Env is the environment of a built-in instance or a host service.
type Env struct {
	// Element is the instance's full name; empty for a host service.
	Element string
	// Title is the instance's title.
	Title string
	AppID string
	// AppTitle is shown to people.
	AppTitle string
	// DataDir is an absolute path, made on demand with mode 0700.
	DataDir string
	// Dev means that the app was started for development.
	Dev bool
	// Logger adds the element's name to each line.
	Logger *slog.Logger
	// Key derives a key of 32 bytes for one purpose from the app's secret
	// (HKDF-SHA-256). It fails if there is no secret.
	Key func(purpose string) ([]byte, error)
	// PreviousKey is Key of the secret that the app's has replaced, for what was made
	// before. It may be nil, and returns nil if there is no such secret.
	PreviousKey func(purpose string) ([]byte, error)
	// Elements are the other elements of the app.
	Elements Elements
}

// Elements lets built-in code reach other elements of the app.
type Elements interface {
	// Default returns the current instance of one of app.json's default elements:
	// DefaultCache, DefaultDatabase or DefaultCorp. A changed configuration makes
	// another instance, so callers get it for each call, and call release after it.
	Default(kind string) (instance Instance, release func(), err error)
	// Call calls a function of another element on behalf of the Call in ctx, which
	// the configuration of the calling element has to name. args is a JSON object, the
	// result JSON text. Errors are those of runtime.Element.Call and FORBIDDEN.
	Call(ctx context.Context, fullName, function string, args json.RawMessage) (json.RawMessage, error)
	// Title returns the title of an element, Config its configuration with secrets
	// masked. The error is ELEMENT_NOT_FOUND.
	Title(fullName string) (string, error)
	Config(fullName string) (map[string]any, error)
	// InstancesOf returns the full names of the instances of a Type or Meta and of the
	// Types derived from it, in order.
	InstancesOf(fullName string) []string
	// DefaultName returns the full name of one of app.json's default elements.
	DefaultName(kind string) string
	// InFlight counts work that goes on after a call has been answered as a call in
	// flight, which the app waits for before it closes, until done is called.
	InFlight() (done func())
}

// The default elements of app.json.
const (
	DefaultCache    = "defaultCache"
	DefaultDatabase = "defaultDatabase"
	DefaultCorp     = "defaultCorp"
)

// HostService is a service that the host serves to the plugins of one family, beside
// the service Host.
type HostService struct {
	// Meta is the full name of the family.
	Meta string
	// Register registers it with the server for one plugin process. The context of each
	// request carries the Call being served. One service serves all processes.
	Register func(server grpc.ServiceRegistrar, service any)
	// Open opens the service, once for each app. An io.Closer is closed with the app.
	Open func(env Env) (service any, err error)
}

// Watcher watches the calls of one family's instances. Open is called once for each
// app.
type Watcher struct {
	// Meta is the full name of the family.
	Meta string
	Open func(env Env) (CallWatcher, error)
}

// CallWatcher gets calls after they have ended.
type CallWatcher interface {
	// Called is called in the goroutine of the call, so it must not wait. It must not
	// change the call's arguments and result.
	Called(ended EndedCall)
	// Close closes it. No call is in flight, and the app's stores still work.
	Close(ctx context.Context) error
}

// EndedCall is a call that has ended.
type EndedCall struct {
	Call
	Args   Args
	Result json.RawMessage
	Err    error
	Took   time.Duration
}

var registry = struct {
	sync.Mutex
	builtins map[string]*Builtin
	services []HostService
	watchers []Watcher
	library  fs.FS
}{builtins: make(map[string]*Builtin)}

// RegisterBuiltin registers a built-in Type. It is called from init functions and
// panics if there is a Type of the same name.
func RegisterBuiltin(b *Builtin) {
	registry.Lock()
	defer registry.Unlock()
	name := b.Description.GetName()
	if name == "" || b.Open == nil {
		panic("element: a built-in Type needs a name and Open")
	}
	if registry.builtins[name] != nil {
		panic(fmt.Sprintf("element: built-in Type %s is registered twice", name))
	}
	registry.builtins[name] = b
}

// RegisterHostService registers a host service. It is called from init functions.
func RegisterHostService(s HostService) {
	registry.Lock()
	defer registry.Unlock()
	registry.services = append(registry.services, s)
}

// RegisterWatcher registers a watcher. It is called from init functions.
func RegisterWatcher(w Watcher) {
	registry.Lock()
	defer registry.Unlock()
	registry.watchers = append(registry.watchers, w)
}

// Watchers returns the registered watchers.
func Watchers() []Watcher {
	registry.Lock()
	defer registry.Unlock()
	return append([]Watcher(nil), registry.watchers...)
}

// RegisterLibrary registers the official library, whose root holds the element
// directories. It is called once, from an init function.
func RegisterLibrary(root fs.FS) {
	registry.Lock()
	defer registry.Unlock()
	if registry.library != nil {
		panic("element: the official library is registered twice")
	}
	registry.library = root
}

// BuiltinOf returns the built-in Type of a full name, nil if there is none.
func BuiltinOf(fullName string) *Builtin {
	registry.Lock()
	defer registry.Unlock()
	return registry.builtins[fullName]
}

// Builtins returns the names of the built-in Types, in order.
func Builtins() []string {
	registry.Lock()
	defer registry.Unlock()
	names := make([]string, 0, len(registry.builtins))
	for name := range registry.builtins {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// HostServices returns the registered host services.
func HostServices() []HostService {
	registry.Lock()
	defer registry.Unlock()
	return append([]HostService(nil), registry.services...)
}

// Library returns the official library, nil if none is registered.
func Library() fs.FS {
	registry.Lock()
	defer registry.Unlock()
	return registry.library
}

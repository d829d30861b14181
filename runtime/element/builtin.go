package element

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"sort"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

// Builtin is a Type whose code runs in the runtime's own process: e.json says
// "backendBundleEntry": "builtin". It is kept for what every call needs.
type Builtin struct {
	// Description names the Type by its full name and lists what it offers.
	Description *elementv1.TypeDescription
	// Embedded says that an instance needs no server and keeps what it stores in
	// the data directory. The app's secret is made on first start only when its
	// default stores are all embedded.
	Embedded bool
	// Open makes an instance from its validated configuration: defaults merged,
	// variables replaced. It must not wait for a server: an instance whose store
	// can't be reached opens, and its calls fail with StoreUnavailable. The app
	// closes it when its last call has ended after a newer generation or a removal.
	Open func(ctx context.Context, env Env, config json.RawMessage) (Instance, error)
}

// Instance is an instance of a built-in Type. All methods may be called from any
// goroutine. A cache is also a caches.Store, a database a databases.Directory;
// who needs that asserts it.
type Instance interface {
	// Call runs a function that the Description lists; arguments are checked.
	Call(ctx context.Context, function string, args Args) (any, error)
	// Get reads a property that the Description lists.
	Get(ctx context.Context, property string) (any, error)
	// Close ends it. No call is in flight.
	Close() error
}

// Readier is an Instance that can say whether it would serve a call now. The
// runtime asks it for /readyz, at most once a second, with a deadline.
type Readier interface {
	Ready(ctx context.Context) error
}

// Env is what the runtime gives a built-in instance or a host service.
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
	// Dev: started with --dev.
	Dev bool
	// Logger carries the element's name.
	Logger *slog.Logger
	// Key derives a key of 32 bytes for one purpose from the app's secret
	// (HKDF-SHA-256). It fails when there is no secret.
	Key func(purpose string) ([]byte, error)
	// Elements resolves other elements of the app.
	Elements Elements
}

// Elements is how built-in code reaches the app's other elements.
type Elements interface {
	// Default gives the current instance behind one of app.json's default
	// elements: DefaultCache, DefaultDatabase or DefaultCorp. Ask for each call:
	// a changed configuration gives another one. release says that it is no
	// longer used.
	Default(kind string) (instance Instance, release func(), err error)
	// Call calls a function of another element on behalf of the Call in ctx, whose
	// element's configuration has to name it. args is a JSON object; the answer is
	// JSON text. Errors as Element.Call's, and FORBIDDEN.
	Call(ctx context.Context, fullName, function string, args json.RawMessage) (json.RawMessage, error)
	// Title gives an element's title and config its configuration with secrets
	// masked; errors are as App.GetElement's.
	Title(fullName string) (string, error)
	Config(fullName string) (map[string]any, error)
	// InstancesOf lists the full names of the instances of a Type or Meta and of
	// the Types derived from it, in order.
	InstancesOf(fullName string) []string
	// DefaultName gives the full name behind one of app.json's default elements.
	DefaultName(kind string) string
	// InFlight counts work that goes on after the answer to a call among the calls
	// that an app waits for before it closes, until done is called.
	InFlight() (done func())
}

// The default elements of app.json.
const (
	DefaultCache    = "defaultCache"
	DefaultDatabase = "defaultDatabase"
	DefaultCorp     = "defaultCorp"
)

// HostService is what the host serves, beside the Host service itself, to the
// plugins of the Types below one Meta.
type HostService struct {
	// Meta is the family that may use it.
	Meta string
	// Register adds it to the server of one plugin process. The context of each
	// request carries the Call being served. One service serves all processes.
	Register func(server grpc.ServiceRegistrar, service any)
	// Open makes the service, once an app. A closer is closed with the app.
	Open func(env Env) (service any, err error)
}

// Watcher makes what is told of the calls of one family's instances. Its Open is
// called once an app.
type Watcher struct {
	// Meta is the family's full name.
	Meta string
	Open func(env Env) (CallWatcher, error)
}

// CallWatcher is told of calls after they have ended.
type CallWatcher interface {
	// Called is told of a call: from the goroutine that made it, so it must not
	// wait; what it is given is shared and not to be changed.
	Called(ended EndedCall)
	// Close ends it; no call is in flight, and the app's stores still work. The
	// context bounds it.
	Close(ctx context.Context) error
}

// EndedCall is a call with its end.
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

// RegisterBuiltin makes a built-in Type known; called from init functions. It
// panics on a second Type of the same name.
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

// RegisterHostService makes a host service known; called from init functions.
func RegisterHostService(s HostService) {
	registry.Lock()
	defer registry.Unlock()
	registry.services = append(registry.services, s)
}

// RegisterWatcher makes a watcher known; called from init functions.
func RegisterWatcher(w Watcher) {
	registry.Lock()
	defer registry.Unlock()
	registry.watchers = append(registry.watchers, w)
}

// Watchers lists the watchers.
func Watchers() []Watcher {
	registry.Lock()
	defer registry.Unlock()
	return append([]Watcher(nil), registry.watchers...)
}

// RegisterLibrary makes the official library known: its root holds the element
// directories. Called once, from an init function.
func RegisterLibrary(root fs.FS) {
	registry.Lock()
	defer registry.Unlock()
	if registry.library != nil {
		panic("element: the official library is registered twice")
	}
	registry.library = root
}

// BuiltinOf gives the built-in Type of a full name, nil if there is none.
func BuiltinOf(fullName string) *Builtin {
	registry.Lock()
	defer registry.Unlock()
	return registry.builtins[fullName]
}

// Builtins lists the names of the built-in Types, in order.
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

// HostServices lists the host services.
func HostServices() []HostService {
	registry.Lock()
	defer registry.Unlock()
	return append([]HostService(nil), registry.services...)
}

// Library gives the official library, nil if none is registered.
func Library() fs.FS {
	registry.Lock()
	defer registry.Unlock()
	return registry.library
}

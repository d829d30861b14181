package runtime

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/lintel-run/lintel/runtime/element"
)

// App is a running app. All methods may be called from any goroutine.
type App struct{}

// Option changes how Open works.
type Option func(*settings)

type settings struct{}

// WithPluginDir adds a directory in which bare names of plugin executables are
// looked up, before the directory of the running executable.
func WithPluginDir(dir string) Option { panic("skeleton") }

// WithLogger sets where the app logs; the default is slog.Default.
func WithLogger(logger *slog.Logger) Option { panic("skeleton") }

// WithVariables sets variables that win over the process environment.
func WithVariables(vars map[string]string) Option { panic("skeleton") }

// WithDataDir sets the data directory; the default is appData in the app.
func WithDataDir(dir string) Option { panic("skeleton") }

// WithSecret sets the app's secret: base64 or hex of at least 32 random bytes.
// The default is LINTEL_SECRET, then the file "secret" in the data directory.
func WithSecret(secret string) Option { panic("skeleton") }

// WithDev allows what is for development only, such as SMS.Outbox, and uses the
// embedded stores whatever app.json names.
func WithDev() Option { panic("skeleton") }

// WithLocked refuses plugin executables that lintel.lock doesn't pin.
func WithLocked() Option { panic("skeleton") }

// WithoutWatch loads once and never reloads.
func WithoutWatch() Option { panic("skeleton") }

// Open loads the app in dir. It fails for a bad app.json and for unusable
// stores; a broken element is a Problem of it, and its calls fail.
func Open(ctx context.Context, dir string, opts ...Option) (*App, error) { panic("skeleton") }

// Close drains for a bounded time, ends every plugin process and waits for them.
func (a *App) Close() error { panic("skeleton") }

// Drain waits until no call is in flight or ctx ends; new calls are still taken.
func (a *App) Drain(ctx context.Context) error { panic("skeleton") }

// Info is what app.json says of an app.
type Info struct {
	AppID   string `json:"appId"`
	Name    string `json:"name"`
	Title   string `json:"title"`
	Version string `json:"version"`
	// Dir and DataDir are absolute; for operators only.
	Dir     string `json:"dir"`
	DataDir string `json:"dataDir"`
	Dev     bool   `json:"dev"`
}

// Info tells which app it is.
func (a *App) Info() Info { panic("skeleton") }

// GetElement finds an element by its full name: a look-up in an immutable
// snapshot, without lock or allocation. The *Element stays valid across reloads.
// ELEMENT_NOT_FOUND.
func (a *App) GetElement(fullName string) (*Element, error) { panic("skeleton") }

// FindElements lists elements in name order: ".T" the instances of T and of the
// Types derived from it, "a.*" all below a, "#x=y" those whose e.json has
// "x": "y", and unions of these by ",". API_PARAMS_ERROR for another selector.
func (a *App) FindElements(selector string) ([]*Element, error) { panic("skeleton") }

// GetElementDefine gives an element's definition. ELEMENT_NOT_FOUND.
func (a *App) GetElementDefine(fullName string) (*Define, error) { panic("skeleton") }

// Define is an element's e.json and what follows from it.
type Define struct {
	FullName string `json:"fullName"`
	Title    string `json:"title"`
	// Rank is meta, type or instance.
	Rank string `json:"rank"`
	Type string `json:"type"`
	// Meta is the family.
	Meta string `json:"meta"`
	Tag  string `json:"tag,omitempty"`
	// App is the appId of the app it comes from; empty: the official library.
	App string `json:"app,omitempty"`
	// Functions that callers outside the app may call.
	Functions []Function `json:"functionList"`
	// EJSON is the text of e.json.
	EJSON json.RawMessage `json:"eJson"`
}

// Function is one entry of a function list.
type Function struct {
	Name          string     `json:"name"`
	Title         string     `json:"title,omitempty"`
	Desc          string     `json:"desc,omitempty"`
	Args          []Argument `json:"args,omitempty"`
	ReturnType    string     `json:"returnType,omitempty"`
	LoginRequired bool       `json:"loginRequired"`
}

// Argument is one argument of a Function.
type Argument struct {
	Name     string `json:"name"`
	Title    string `json:"title,omitempty"`
	DataType string `json:"dataType"`
	Required bool   `json:"required"`
	Value    any    `json:"value,omitempty"`
}

// Element is a handle on an element: its name, and whatever generation of it is
// the newest good one at each call.
type Element struct{}

// FullName, Title and Rank describe it; Rank is meta, type or instance.
func (e *Element) FullName() string { panic("skeleton") }

// Title is the element's title.
func (e *Element) Title() string { panic("skeleton") }

// Rank is meta, type or instance.
func (e *Element) Rank() string { panic("skeleton") }

// Type is the full name of its Type (of an instance) or base (of a Type).
func (e *Element) Type() string { panic("skeleton") }

// Meta is the full name of its family.
func (e *Element) Meta() string { panic("skeleton") }

// Call calls a function: arguments in order, or one Args. The answer is a JSON
// value (map[string]any, []any, string, float64, bool, nil).
func (e *Element) Call(ctx context.Context, function string, args ...any) (any, error) {
	panic("skeleton")
}

// Get reads a property.
func (e *Element) Get(ctx context.Context, property string) (any, error) { panic("skeleton") }

// Serve is Call for callers outside the app: only functions of the element's
// function list, only with a signed-in Caller where one is required, and no
// private element. The answer is JSON text.
func (e *Element) Serve(ctx context.Context, function string, args Args) (json.RawMessage, error) {
	panic("skeleton")
}

// Problem is something wrong with an element or the app.
type Problem struct {
	// Element's full name; empty: the app.
	Element string `json:"element,omitempty"`
	// Code is a short stable name: config, schema, variable, reference, ...
	Code string `json:"code"`
	// File below the app's root, with line from 1, and JSON pointer where they apply.
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Pointer string `json:"pointer,omitempty"`
	Message string `json:"message"`
	// Warning: it serves all the same.
	Warning bool `json:"warning,omitempty"`
	// Serving: the element's last good generation still serves.
	Serving bool `json:"serving,omitempty"`
}

// Validate checks the app in dir without starting anything.
func Validate(dir string, opts ...Option) ([]Problem, error) { panic("skeleton") }

// Status is what operators see.
type Status struct {
	App      Info      `json:"app"`
	Started  time.Time `json:"started"`
	Elements int       `json:"elements"`
	// Reloaded is when the newest snapshot went live.
	Reloaded time.Time `json:"reloaded"`
	Problems []Problem `json:"problems"`
	Plugins  []Plugin  `json:"plugins"`
	// Stores tells of each built-in instance that can say whether it is ready.
	Stores []Store `json:"stores"`
}

// Plugin is the state of one plugin process.
type Plugin struct {
	Type string `json:"type"`
	// State is idle, starting, ready, draining, backoff, failed or stopped.
	State      string    `json:"state"`
	PID        int       `json:"pid,omitempty"`
	Since      time.Time `json:"since"`
	Restarts   int       `json:"restarts"`
	Instances  int       `json:"instances"`
	InFlight   int       `json:"inFlight"`
	LastError  string    `json:"lastError,omitempty"`
	LastOutput []string  `json:"lastOutput,omitempty"`
}

// Store is the state of one store.
type Store struct {
	Element string `json:"element"`
	Ready   bool   `json:"ready"`
	Error   string `json:"error,omitempty"`
}

// Status looks at everything, with a bound of a second.
func (a *App) Status(ctx context.Context) Status { panic("skeleton") }

// Builtin gives the current instance of a built-in Type by full name; release
// says that it is no longer used. For the server and host services.
func (a *App) Builtin(fullName string) (instance element.Instance, release func(), err error) {
	panic("skeleton")
}

// BuiltinDefault is Builtin for one of app.json's default elements.
func (a *App) BuiltinDefault(kind string) (instance element.Instance, release func(), err error) {
	panic("skeleton")
}

// Key derives a key of 32 bytes for one purpose from the app's secret.
func (a *App) Key(purpose string) ([]byte, error) { panic("skeleton") }

// Lock writes lintel.lock in dir: the sha256 of every plugin executable of the app.
func Lock(dir string, opts ...Option) error { panic("skeleton") }

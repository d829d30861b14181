package phonetype_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	memorytype "github.com/lintel-run/lintel/elements/caches/MemoryType"
	_ "github.com/lintel-run/lintel/elements/databases/SqliteType"

	phonetype "github.com/lintel-run/lintel/elements/auths/loginTypes/PhoneType"
	"github.com/lintel-run/lintel/elements/auths/loginTypes/verification"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
	"github.com/lintel-run/lintel/runtime/element"
)

const (
	login = "auths.loginTypes.myPhoneLogin"
	alice = "13800138000"
	bob   = "13900139000"
)

// world is an instance of the Type with the real login service, a cache in memory, a
// SQLite database, and an SMS element that the test controls.
type world struct {
	t    testing.TB
	host *sdktest.Host
	*sdktest.Instance

	cache, database element.Instance
	config          *element.Config
	hostLog         *bytes.Buffer

	mu       sync.Mutex
	messages []map[string]any
	// vendor answers sends; nil: it accepts them.
	vendor func(ctx context.Context, args map[string]any) (any, error)
}

func newWorld(t testing.TB, config string) *world {
	t.Helper()
	w := &world{t: t, config: &element.Config{JSON: []byte(config)}, hostLog: &bytes.Buffer{}}
	w.cache = memorytype.New(memorytype.Config{})
	t.Cleanup(func() { require.NoError(t, w.cache.Close()) })
	env := element.Env{
		AppID:    "test.app",
		DataDir:  t.TempDir(),
		Logger:   slog.New(slog.NewTextHandler(w.hostLog, nil)),
		Key:      func(purpose string) ([]byte, error) { k := sha256.Sum256([]byte(purpose)); return k[:], nil },
		Elements: others{w},
	}
	var err error
	w.database, err = element.BuiltinOf("databases.SqliteType").Open(t.Context(), env, json.RawMessage(`{}`))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.database.Close()) })
	service, err := verification.New(env)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, service.Close()) })
	w.host = &sdktest.Host{
		Login:  service,
		OnCall: w.send,
		OnGet: func(context.Context, string, string) (any, error) {
			return map[string]any{"accessKey": "******", "verifyTemplateCode": "SMS_1", "verifySign": "Sign"}, nil
		},
	}
	w.Instance = sdktest.Open(t, phonetype.Type(), config, sdktest.Named(login), sdktest.WithHost(w.host))
	return w
}

const plain = `{"smsFullName": "SMS.outbox"}`

var phoneType = phonetype.Type()

func (w *world) send(ctx context.Context, name, function string, args map[string]any) (any, error) {
	if name != "SMS.outbox" || function != "sendMessage" {
		return nil, errcode.New(errcode.ElementNotFound, "no such element")
	}
	w.mu.Lock()
	w.messages = append(w.messages, args)
	vendor := w.vendor
	w.mu.Unlock()
	if vendor != nil {
		return vendor(ctx, args)
	}
	return acceptedBy(args), nil
}

// others is element.Elements.
type others struct{ *world }

// Call sends a message for the login service.
func (w others) Call(ctx context.Context, name, function string, args json.RawMessage) (json.RawMessage, error) {
	var named map[string]any
	if err := json.Unmarshal(args, &named); err != nil {
		return nil, err
	}
	out, err := w.send(ctx, name, function, named)
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

func acceptedBy(args map[string]any) any {
	return map[string]any{
		"vendor":    "test",
		"requestId": "r",
		"results":   []any{map[string]any{"phone": args["phoneList"].([]any)[0], "messageId": "m", "status": "accepted"}},
	}
}

// vendors sets the answer to sends from now on.
func (w *world) vendors(vendor func(ctx context.Context, args map[string]any) (any, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.vendor = vendor
}

func (w *world) sent() []map[string]any {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]map[string]any(nil), w.messages...)
}

// last returns the code that was sent last.
func (w *world) last() string {
	w.t.Helper()
	sent := w.sent()
	require.NotEmpty(w.t, sent)
	return sent[len(sent)-1]["params"].(map[string]any)["code"].(string)
}

// Call serves the call with the login's configuration.
func (w *world) Call(ctx context.Context, function string, args sdktest.Args) (any, error) {
	call, _ := element.CallOf(ctx)
	call.Config = w.config
	return w.Instance.Call(element.WithCall(ctx, call), function, args)
}

// by is the context of a call of a user, or of nobody if userID is empty.
func by(userID string) context.Context {
	caller := element.Caller{UserID: userID}
	if userID != "" {
		caller.SessionID = "session of " + userID
	}
	return element.WithCall(context.Background(), element.Call{Element: login, Caller: caller})
}

// code sends a code and returns it.
func (w *world) code(userID, phone, purpose string) string {
	w.t.Helper()
	args := sdktest.Args{"phone": phone}
	if purpose != "" {
		args["purpose"] = purpose
	}
	_, err := w.Call(by(userID), "sendMessage", args)
	require.NoError(w.t, err)
	return w.last()
}

// user registers a user and returns the ID.
func (w *world) user(phone string) string {
	w.t.Helper()
	out, err := w.Call(by(""), "register", sdktest.Args{"phone": phone, "code": w.code("", phone, ""), "nick": "Nick"})
	require.NoError(w.t, err)
	return out.(map[string]any)["userId"].(string)
}

func wrong(code string) string {
	var v int
	_, _ = fmt.Sscanf(code, "%d", &v)
	return fmt.Sprintf("%06d", (v+1)%1_000_000)
}

func requireCode(t testing.TB, want errcode.Code, err error) *errcode.Error {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, errcode.Of(err), "%v", err)
	e, _ := errcode.As(err)
	return e
}

func (w *world) Default(kind string) (element.Instance, func(), error) {
	if kind == element.DefaultCache {
		return w.cache, func() {}, nil
	}
	return w.database, func() {}, nil
}
func (w *world) Title(string) (string, error)          { return "The shop", nil }
func (w *world) Config(string) (map[string]any, error) { return map[string]any{"allowJoin": 1.0}, nil }
func (w *world) InstancesOf(string) []string           { return nil }
func (w *world) DefaultName(string) string             { return "corps.shop" }
func (w *world) InFlight() func()                      { return func() {} }

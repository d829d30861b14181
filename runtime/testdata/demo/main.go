// Command demo is the plugin of the runtime's own tests.
package main

import (
	"context"
	"os"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// version is set at link time, to tell one build from another.
var version = "1"

type config struct {
	Greeting string `json:"greeting" jsonschema:"required"`
	Other    string `json:"other,omitempty" element:"demo.Meta"`
	Key      string `json:"key,omitempty" secret:"true"`
	Refuse   bool   `json:"refuse,omitempty"`
}

type echo struct {
	config config
	env    sdk.Env
}

func open(_ context.Context, c config, env sdk.Env) (*echo, error) {
	if c.Refuse {
		return nil, sdk.ConfigError("/refuse", "this one is refused")
	}
	return &echo{c, env}, nil
}

type said struct {
	Text string `json:"text" arg:"Ltext,required"`
}

func (e *echo) Say(_ context.Context, in said) (string, error) {
	return e.config.Greeting + " " + in.Text, nil
}

type waited struct {
	Milliseconds int `json:"milliseconds" arg:"Numeric,required"`
}

func (e *echo) Wait(ctx context.Context, in waited) (string, error) {
	select {
	case <-time.After(time.Duration(in.Milliseconds) * time.Millisecond):
		return e.config.Greeting, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Other asks the other element that the configuration names; Ask any other.
func (e *echo) Other(ctx context.Context, in said) (string, error) {
	return e.ask(ctx, e.config.Other, in)
}

type asked struct {
	Element string `json:"element" arg:"Stext,required"`
	Text    string `json:"text" arg:"Ltext,required"`
}

func (e *echo) Ask(ctx context.Context, in asked) (string, error) {
	return e.ask(ctx, in.Element, said{in.Text})
}

func (e *echo) ask(ctx context.Context, element string, in said) (string, error) {
	var out string
	err := sdk.HostOf(ctx).Call(ctx, element, "say", in, &out)
	return out, err
}

func (e *echo) Die(context.Context, sdk.None) (string, error) {
	os.Exit(3)
	return "", nil
}

func (e *echo) Panic(context.Context, sdk.None) (string, error) { panic("at the demo") }

func (e *echo) Fail(context.Context, sdk.None) (string, error) {
	return "", errcode.New("DEMO_FAILED", "as asked").After(3*time.Second).With("n", 1.0)
}

func (e *echo) Version(context.Context) (string, error) { return version, nil }

func (e *echo) AppTitle(context.Context) (string, error) { return e.env.App.Title, nil }

func main() {
	sdk.Main(sdk.NewType("demo.EchoType", open,
		sdk.Func("say", (*echo).Say, sdk.ForAnyone()),
		sdk.Func("wait", (*echo).Wait, sdk.ForSignedIn()),
		sdk.Func("other", (*echo).Other),
		sdk.Func("ask", (*echo).Ask),
		sdk.Func("die", (*echo).Die),
		sdk.Func("panic", (*echo).Panic),
		sdk.Func("fail", (*echo).Fail),
		sdk.Prop("version", (*echo).Version),
		sdk.Prop("appTitle", (*echo).AppTitle),
	))
}

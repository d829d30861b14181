package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

type Nested struct {
	Depth int `json:"depth" default:"3"`
}

type Settings struct {
	Name   string   `json:"name" jsonschema:"required,minLength=2" doc:"a name"`
	Key    string   `json:"key,omitempty" secret:"true"`
	Sms    string   `json:"sms,omitempty" element:"SMS.Meta"`
	Size   int      `json:"size" default:"7" jsonschema:"minimum=1,maximum=9"`
	Words  []string `json:"words" default:"[\"a\",\"b\"]"`
	Text   string   `json:"text" default:"plain: text"`
	Nested Nested   `json:"nested"`
	List   []Nested `json:"list,omitempty"`
	On     bool     `json:"on" default:"true"`
}

type Thing struct {
	settings Settings
	env      sdk.Env
	closed   *atomic.Int32
	block    chan struct{}
	entered  chan struct{}
}

type Args struct {
	Phone string         `json:"phone" arg:"Phone,required" title:"Who"`
	Tries int            `json:"tries" default:"3"`
	Vars  map[string]int `json:"vars"`
	Flag  *bool          `json:"flag"`
}

func (x *Thing) Show(context.Context, sdk.None) (Settings, error)  { return x.settings, nil }
func (x *Thing) Echo(_ context.Context, a Args) (Args, error)      { return a, nil }
func (x *Thing) Panic(context.Context, sdk.None) (sdk.None, error) { panic("on purpose") }
func (x *Thing) Nothing(context.Context, sdk.None) (sdk.None, error) {
	return sdk.None{}, nil
}
func (x *Thing) Plain(context.Context, sdk.None) (int, error) { return 0, errors.New("secret text") }
func (x *Thing) Coded(context.Context, sdk.None) (int, error) {
	return 0, fmt.Errorf("wrapped: %w", errcode.New("SMS_REFUSED", "no").With("reason", "number").After(time.Second))
}
func (x *Thing) Wait(ctx context.Context, _ sdk.None) (int, error) { <-ctx.Done(); return 0, ctx.Err() }
func (x *Thing) Block(context.Context, sdk.None) (int, error) {
	x.entered <- struct{}{}
	<-x.block
	return 1, nil
}
func (x *Thing) Size(context.Context) (int, error)      { return x.settings.Size, nil }
func (x *Thing) Broken(context.Context) (string, error) { panic("on purpose") }
func (x *Thing) Close(context.Context) error            { x.closed.Add(1); return nil }
func (x *Thing) Check(context.Context) []sdk.CheckStep {
	return []sdk.CheckStep{{Name: "name", OK: x.settings.Name == "good", Message: "looked at"}}
}

func thingType(closed *atomic.Int32, block, entered chan struct{}) sdk.Type {
	open := func(ctx context.Context, s Settings, env sdk.Env) (*Thing, error) {
		switch s.Name {
		case "bad":
			return nil, errors.Join(sdk.ConfigError("/name", "is bad"), sdk.ConfigError("/size", "is bad too"))
		case "raw":
			return nil, errors.New("has a secret")
		case "panic":
			panic("on purpose")
		case "warn":
			sdk.Warn(ctx, "/name", "is %d letters", len(s.Name))
		}
		return &Thing{s, env, closed, block, entered}, nil
	}
	return sdk.NewType("test.Thing", open, sdk.Title("Thing"), sdk.ConfigFile("thing.json"),
		sdk.Func("show", (*Thing).Show, sdk.ForAnyone(), sdk.Title("Show"), sdk.Desc("Shows.")),
		sdk.Func("echo", (*Thing).Echo, sdk.ForSignedIn(), sdk.RunsToEnd()),
		sdk.Func("panic", (*Thing).Panic, sdk.Changes()), sdk.Func("nothing", (*Thing).Nothing), sdk.Func("plain", (*Thing).Plain),
		sdk.Func("coded", (*Thing).Coded, sdk.Returns(sdk.Checkbox)), sdk.Func("wait", (*Thing).Wait),
		sdk.Func("block", (*Thing).Block),
		sdk.Prop("size", (*Thing).Size, sdk.Title("Size")), sdk.Prop("broken", (*Thing).Broken))
}

func thing() sdk.Type { return thingType(&atomic.Int32{}, nil, nil) }

func TestDescription(t *testing.T) {
	d := thing().Describe()
	require.Equal(t, []string{"test.Thing", "Thing", "thing.json"}, []string{d.GetName(), d.GetTitle(), d.GetConfigFile()})
	f := d.GetFunctions()
	require.Equal(t, "show:Show:Shows.:JitDict:true:false:false", fmt.Sprintf("%s:%s:%s:%s:%t:%t:%t", f[0].GetName(), f[0].GetTitle(), f[0].GetDesc(), f[0].GetReturnType(), f[0].GetExposed(), f[0].GetLoginRequired(), f[0].GetRunsToEnd()))
	require.True(t, f[1].GetExposed() && f[1].GetLoginRequired() && f[1].GetRunsToEnd())
	require.False(t, f[0].GetChanges())
	require.True(t, f[1].GetChanges(), "what runs to its end changes something")
	require.True(t, f[2].GetChanges() && !f[2].GetRunsToEnd())
	require.False(t, f[2].GetExposed())
	require.Empty(t, f[3].GetReturnType())
	require.Equal(t, sdk.Checkbox, f[5].GetReturnType())
	var args []string
	for _, a := range f[1].GetArgs() {
		args = append(args, fmt.Sprintf("%s/%s/%s/%t/%s", a.GetName(), a.GetTitle(), a.GetDataType(), a.GetRequired(), a.GetDefaultJson()))
	}
	require.Equal(t, []string{"phone/Who/Phone/true/", "tries//Numeric/false/3", "vars//JitDict/false/", "flag//Checkbox/false/"}, args)
	require.Equal(t, "size/Size/Numeric", fmt.Sprintf("%s/%s/%s", d.GetProperties()[0].GetName(), d.GetProperties()[0].GetTitle(), d.GetProperties()[0].GetDataType()))
	require.JSONEq(t, `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"required":["name"],"properties":{
		"name":{"type":"string","minLength":2,"description":"a name"},"key":{"type":"string","writeOnly":true},"sms":{"type":"string","x-element":"SMS.Meta"},
		"size":{"type":"integer","minimum":1,"maximum":9,"default":7},"words":{"type":"array","items":{"type":"string"},"default":["a","b"]},
		"text":{"type":"string","default":"plain: text"},"on":{"type":"boolean","default":true},
		"nested":{"type":"object","additionalProperties":false,"properties":{"depth":{"type":"integer","default":3}}},
		"list":{"type":"array","items":{"type":"object","additionalProperties":false,"properties":{"depth":{"type":"integer","default":3}}}}}}`, d.GetConfigSchema())
}

func TestNamesOfElementsInLists(t *testing.T) {
	type config struct {
		Use   []string `json:"use" element:"SMS.Meta"`
		Style string   `json:"style" excludes:"use=SMS.Route"`
	}
	typ := sdk.NewType("test.Lists", func(context.Context, config, sdk.Env) (*struct{}, error) { return nil, nil })
	require.JSONEq(t, `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{
		"use":{"type":"array","items":{"type":"string","x-element":"SMS.Meta"}},"style":{"type":"string","x-excludes":{"use":"SMS.Route"}}}}`, typ.Describe().GetConfigSchema())
}

func TestDefaultsFillWhatIsAbsentOnly(t *testing.T) {
	e := sdktest.Open(t, thing(), `{"$schema":"x","name":"nn","words":[],"on":false,"list":[{},{"depth":0}]}`)
	var got Settings
	require.NoError(t, e.CallInto(context.Background(), "show", nil, &got))
	require.Equal(t, Settings{Name: "nn", Size: 7, Words: []string{}, Text: "plain: text", Nested: Nested{3}, List: []Nested{{3}, {0}}}, got)
}

func TestConfigurationErrorsHavePointersAndNoValues(t *testing.T) {
	for config, want := range map[string][]string{
		`{"name":"bad"}`:                            {"/name is bad", "/size is bad too"},
		`{"name":"raw"}`:                            {" the instance could not be opened; the plugin's log says why"},
		`{"name":"panic"}`:                          {" an internal error"},
		`{"name":"nn","size":"canary"}`:             {"/size expected a number"},
		`{"name":"nn","nested":{"depth":"canary"}}`: {"/nested/depth expected a number"},
		`{"name":"nn","canarykey":1}`:               {` unknown key "canarykey"`},
		`[]`:                                        {" the configuration is not a JSON object"},
		`null`:                                      {" the configuration is not a JSON object"},
	} {
		_, wrong := sdktest.TryOpen(t, thing(), config)
		var got []string
		for _, d := range wrong {
			got = append(got, d.GetPointer()+" "+d.GetMessage())
		}
		require.Equal(t, want, got, config)
	}
	e := sdktest.Open(t, thing(), `{"name":"warn"}`)
	require.Equal(t, "is 4 letters", e.Warnings[0].GetMessage())
}

func TestArgumentsAreStrict(t *testing.T) {
	e := sdktest.Open(t, thing(), `{"name":"nn"}`)
	out, err := e.Call(context.Background(), "echo", sdktest.Args{"phone": "1", "flag": nil})
	require.NoError(t, err)
	require.Equal(t, map[string]any{"phone": "1", "tries": 3.0, "vars": nil, "flag": nil}, out)
	for arg, args := range map[string]sdktest.Args{
		"phone": {}, "Phone": {"phone": "1", "Phone": "2"}, "tries": {"phone": "1", "tries": 1.5}, "vars": {"phone": "1", "vars": []int{}},
	} {
		_, err := e.Call(context.Background(), "echo", args)
		require.ErrorIs(t, err, errcode.Params)
		var own *errcode.Error
		require.ErrorAs(t, err, &own)
		require.Equal(t, arg, own.Details["arg"])
	}
	_, err = e.Call(context.Background(), "echo", sdktest.Args{"phone": nil})
	require.ErrorIs(t, err, errcode.Params)
}

func TestErrorsOfCalls(t *testing.T) {
	e := sdktest.Open(t, thing(), `{"name":"nn"}`)
	ctx := context.Background()
	_, err := e.Call(ctx, "panic", nil)
	require.ErrorIs(t, err, errcode.Internal)
	require.NotContains(t, err.Error(), "purpose")
	require.Contains(t, e.Log(), "sdk_test.go")
	_, err = e.Call(ctx, "plain", nil)
	require.ErrorIs(t, err, errcode.Internal)
	require.NotContains(t, err.Error(), "secret")
	_, err = e.Call(ctx, "coded", nil)
	var own *errcode.Error
	require.ErrorAs(t, err, &own)
	require.Equal(t, errcode.Error{Code: "SMS_REFUSED", Message: "no", Retryable: true, RetryAfter: time.Second, Details: map[string]any{"reason": "number"}}, *own)
	_, err = e.Call(ctx, "unknown", nil)
	require.ErrorIs(t, err, errcode.FunctionNotFound)
	out, err := e.Call(ctx, "nothing", nil)
	require.NoError(t, err)
	require.Nil(t, out)
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	_, err = e.Call(short, "wait", nil)
	require.ErrorIs(t, err, errcode.DeadlineExceeded)

	size, err := e.Get(ctx, "size")
	require.NoError(t, err)
	require.Equal(t, 7.0, size)
	_, err = e.Get(ctx, "broken")
	require.ErrorIs(t, err, errcode.Internal)
	_, err = e.Get(ctx, "none")
	require.ErrorIs(t, err, errcode.FunctionNotFound)
}

func TestGenerationsLiveSideBySideUntilTheirCallsEnd(t *testing.T) {
	closed, block, entered := &atomic.Int32{}, make(chan struct{}), make(chan struct{}, 1)
	first := sdktest.Open(t, thingType(closed, block, entered), `{"name":"nn","size":1}`)
	next, wrong := first.Next(`{"name":"bad"}`)
	require.NotEmpty(t, wrong)
	_, err := next.Call(context.Background(), "show", nil)
	require.ErrorIs(t, err, errcode.ElementUnavailable)
	next, wrong = first.Next(`{"name":"nn","size":2}`)
	require.Empty(t, wrong)

	var wg sync.WaitGroup
	wg.Go(func() {
		out, err := first.Call(context.Background(), "block", nil)
		if err != nil || out != 1.0 {
			t.Errorf("%v %v", out, err)
		}
	})
	<-entered
	first.Release()
	require.EqualValues(t, 0, closed.Load(), "a call is in flight")
	_, err = first.Call(context.Background(), "show", nil)
	var own *errcode.Error
	require.ErrorAs(t, err, &own)
	require.Equal(t, errcode.OutcomeNotExecuted, own.Details["outcome"])
	size, err := next.Get(context.Background(), "size")
	require.NoError(t, err)
	require.Equal(t, 2.0, size)
	close(block)
	wg.Wait()
	require.EqualValues(t, 1, closed.Load())
	first.Release()
	require.EqualValues(t, 1, closed.Load())
}

func TestCheckKeepsNothing(t *testing.T) {
	closed := &atomic.Int32{}
	a := sdktest.Check(t, thingType(closed, nil, nil), `{"name":"good"}`)
	require.Equal(t, "name true looked at", fmt.Sprintf("%s %t %s", a.GetSteps()[0].GetName(), a.GetSteps()[0].GetOk(), a.GetSteps()[0].GetMessage()))
	require.EqualValues(t, 1, closed.Load())
	a = sdktest.Check(t, thing(), `{"name":"bad"}`)
	require.Len(t, a.GetDiagnostics(), 2)
}

func TestWithoutAHostCallsAreNotExecuted(t *testing.T) {
	err := sdk.HostOf(context.Background()).Call(context.Background(), "a", "b", nil, nil)
	require.ErrorIs(t, err, errcode.ElementUnavailable)
	_, err = sdk.HostOf(context.Background()).Login().Account(context.Background(), &elementv1.AccountRequest{})
	require.ErrorIs(t, err, errcode.ElementUnavailable)
}

func TestMistakesInADeclarationPanic(t *testing.T) {
	open := func(context.Context, struct{}, sdk.Env) (*Thing, error) { return nil, nil }
	type untyped struct {
		A any `json:"a"`
	}
	type wrong struct {
		A string `json:"a" arg:"Text"`
	}
	type badDefault struct {
		A int `json:"a" default:"x"`
	}
	for name, fn := range map[string]func(){
		"no name":        func() { sdk.NewType("", open) },
		"another value":  func() { sdk.NewType("T", open, sdk.Func("echo", (*Probe).Echo)) },
		"twice":          func() { sdk.NewType("T", open, sdk.Prop("a", (*Thing).Size), sdk.Prop("a", (*Thing).Size)) },
		"no data type":   func() { sdk.Func("f", func(*Thing, context.Context, untyped) (int, error) { return 0, nil }) },
		"no such type":   func() { sdk.Func("f", func(*Thing, context.Context, wrong) (int, error) { return 0, nil }) },
		"a bad default":  func() { sdk.Func("f", func(*Thing, context.Context, badDefault) (int, error) { return 0, nil }) },
		"no struct":      func() { sdk.Func("f", func(*Thing, context.Context, string) (int, error) { return 0, nil }) },
		"two of a Type":  func() { sdk.NewServer(nil, nil, thing(), thing()) },
		"unknown result": func() { sdk.Returns("Number") },
	} {
		require.Panics(t, fn, name)
	}
}

func TestErrorsCrossAsStatus(t *testing.T) {
	want := errcode.New("CODE_LOCKED", "wait").After(3*time.Second).With("k", "v")
	require.Equal(t, want, errcode.FromStatus(errcode.ToStatus(want)))
	require.ErrorIs(t, errcode.FromStatus(errcode.ToStatus(errors.New("canary"))), errcode.Internal)
	require.False(t, strings.Contains(errcode.ToStatus(errors.New("canary")).Error(), "canary"))
	require.NoError(t, errcode.FromStatus(errcode.ToStatus(nil)))
	require.ErrorIs(t, errcode.FromStatus(context.DeadlineExceeded), errcode.DeadlineExceeded)
	raw, _ := json.Marshal(want.Details)
	require.JSONEq(t, `{"k":"v"}`, string(raw))
}

func TestWarnIfIsInTheSchema(t *testing.T) {
	d := sdk.NewType("Warned", func(context.Context, struct{}, sdk.Env) (*struct{}, error) { return &struct{}{}, nil },
		sdk.WarnIf(`{"required": ["plain"]}`, "/plain", "plain http is allowed")).Describe()
	require.Contains(t, d.GetConfigSchema(), `"x-warnings":[{"if":{"required":["plain"]},"pointer":"/plain","message":"plain http is allowed"}]`)
	require.Panics(t, func() { sdk.WarnIf(`{`, "", "m") })
	d = sdk.NewType("Refused", func(context.Context, struct{}, sdk.Env) (*struct{}, error) { return &struct{}{}, nil },
		sdk.RefuseIf(`{"required": ["a","b"]}`, "/b", "only one of them")).Describe()
	require.Contains(t, d.GetConfigSchema(), `"x-refusals":[{"if":{"required":["a","b"]},"pointer":"/b","message":"only one of them"}]`)
	require.NotContains(t, d.GetConfigSchema(), "x-warnings")
	require.Panics(t, func() { sdk.RefuseIf(`{}`, "", "") })
}

package blackbox_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// A third party's Go program, in a module of its own, opens an app.
const program = `package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	_ "github.com/lintel-run/lintel/elements/standard"
	"github.com/lintel-run/lintel/runtime"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	app, err := runtime.Open(ctx, os.Args[1], runtime.WithPluginDir(os.Args[2]), runtime.WithDev())
	if err != nil {
		return err
	}
	defer app.Close()
	phone, err := app.GetElement("auths.loginTypes.myPhoneLogin")
	if err != nil {
		return err
	}
	out, err := phone.Call(ctx, "sendMessage", "13800138000")
	if err != nil {
		return err
	}
	fmt.Println("sent", out.(map[string]any)["resendAfter"])

	_, err = phone.Call(ctx, "sendMessage", runtime.Args{"phone": "+86 138-0013-8000"})
	var e *runtime.Error
	if !errors.As(err, &e) || !errors.Is(err, runtime.Code("SEND_TOO_FREQUENT")) {
		return fmt.Errorf("the second: %w", err)
	}
	fmt.Println(e.Code, e.Retryable, e.RetryAfter > 0, e.Details["retryAfter"] != nil)

	allow, err := phone.Get(ctx, "allowRegister")
	fmt.Println(allow, err)
	signedIn := runtime.WithCaller(ctx, runtime.Caller{UserID: "somebody", Address: "192.0.2.7"})
	_, err = phone.Call(signedIn, "sendMessage", runtime.Args{"phone": "13800138000", "purpose": "tea"})
	fmt.Println(errors.Is(err, runtime.Code("API_PARAMS_ERROR")))

	for _, selector := range []string{".SMS.Meta", "corps.*,.SMS.Outbox", "#tag=x"} {
		found, err := app.FindElements(selector)
		fmt.Print(selector, " ", err)
		for _, el := range found {
			fmt.Print(" ", el.FullName())
		}
		fmt.Println()
	}
	def, err := app.GetElementDefine("SMS.aliyunSms")
	if err != nil {
		return err
	}
	fmt.Println(def.Rank, def.Type, def.Meta, len(def.Functions))
	return nil
}
`

func TestAGoProgramUsesTheLibrary(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	dir := t.TempDir()
	sums, err := os.ReadFile(filepath.Join(blackbox.Root(), "go.sum"))
	require.NoError(t, err)
	for name, text := range map[string]string{
		"main.go": program,
		"go.sum":  string(sums),
		"go.mod": "module example.com/shop\n\ngo 1.26.0\n\nrequire github.com/lintel-run/lintel v0.0.0\n\n" +
			"replace github.com/lintel-run/lintel => " + blackbox.Root() + "\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	build := exec.Command("go", "build", "-o", "shop", ".")
	build.Dir, build.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	text, err := build.CombinedOutput()
	require.NoError(t, err, string(text))

	run := exec.Command(filepath.Join(dir, "shop"), app.Dir, blackbox.Bin(t))
	run.Env = blackbox.Environment()
	out, err := run.Output()
	require.NoError(t, err)
	require.Equal(t, `sent 45
SEND_TOO_FREQUENT true true true
true <nil>
true
.SMS.Meta <nil> SMS.aliyunSms SMS.devOutbox
corps.*,.SMS.Outbox <nil> SMS.devOutbox corps.Default corps.Meta corps.NormalType corps.shop
#tag=x <nil>
instance SMS.Aliyun SMS.Meta 0
`, string(out))
}

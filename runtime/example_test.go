package runtime_test

import (
	"context"
	"errors"
	"fmt"

	_ "github.com/lintel-run/lintel/elements/standard" // links the standard elements
	"github.com/lintel-run/lintel/runtime"
)

// A Go program opens an app, calls an element and reads what went wrong.
func Example() {
	send := func(ctx context.Context) error {
		app, err := runtime.Open(ctx, "app.example", runtime.WithPluginDir("bin"))
		if err != nil {
			return err
		}
		defer app.Close()
		phone, err := app.GetElement("auths.loginTypes.myPhoneLogin")
		if err != nil {
			return err
		}
		ctx = runtime.WithCaller(ctx, runtime.Caller{Address: "192.0.2.7"})
		answer, err := phone.Call(ctx, "sendMessage", "13800138000") // or one runtime.Args{"phone": …}
		var failure *runtime.Error
		if errors.As(err, &failure) && failure.Code == "SEND_TOO_FREQUENT" {
			return fmt.Errorf("wait %s", failure.RetryAfter)
		}
		fmt.Println(answer)
		return err
	}
	fmt.Println(send(context.Background()))
	// Output: app.json: the app's directory can't be read
}

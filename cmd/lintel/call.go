package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/internal/nearest"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
)

func newCall(in *invocation) *cobra.Command {
	var flags appFlags
	var named, user string
	cmd := &cobra.Command{
		Use:   "call [APP] FULLNAME FUNCTION [ARG…|--args JSON]",
		Short: "Calls a function of an element, as a Go program would",
		Long: `Opens the app, calls one function of an element, prints its answer as JSON and
ends. It is the Go API: functions that nobody can call over HTTP can be called here.

An ARG is taken as its argument's data type says. Where the function isn't in the
element's function list, an ARG that is JSON of an object, list, string, true,
false or null is taken as that, anything else as a string; --args is exact.`,
		Example: `  lintel call app.example auths.loginTypes.myPhoneLogin getLoginConfig --dev
  lintel call app.example SMS.devOutbox sendMessage '["+8613800138000"]' '{"code":"123456"}' TPL --dev
  lintel call app.example auths.loginTypes.myPhoneLogin sendMessage --args '{"phone":"13800138000"}' --dev`,
		Args: func(cmd *cobra.Command, args []string) error {
			_, _, err := callArgs(cmd, args)
			return err
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, rest, err := callArgs(cmd, args)
			if err != nil {
				return err
			}
			var byName runtime.Args
			if cmd.Flags().Changed("args") {
				if byName, err = objectArgs(named); err != nil {
					return err
				}
			}
			ctx := cmd.Context()
			if user != "" {
				ctx = runtime.WithCaller(ctx, runtime.Caller{UserID: user})
			}
			return flags.with(cmd.Context(), dir, in.logger(slog.LevelWarn), func(app *runtime.App) error {
				answer, err := callElement(ctx, app, rest, byName)
				if coded, ok := errcode.As(err); ok && in.json {
					return errors.Join(printJSON(in.stdout, errorForPrograms(coded)), errReported)
				}
				if err != nil {
					return err
				}
				return printJSON(in.stdout, answer)
			})
		},
	}
	flags.addAll(cmd.Flags())
	cmd.Flags().StringVar(&named, "args", "", "the arguments by name, a JSON object")
	cmd.Flags().StringVar(&user, "as", "", "user id of who calls [nobody]")
	in.addJSON(cmd, "print an error as JSON too")
	return cmd
}

// callArgs splits the arguments. APP may be left out: the first argument is the
// app if it is a directory with an app.json, if it can't be a full name, or if the
// current directory has no app.json.
func callArgs(cmd *cobra.Command, args []string) (dir string, rest []string, err error) {
	if len(args) > 0 && (isApp(args[0]) || isPath(args[0]) || !isApp(".")) {
		dir, rest = args[0], args[1:]
	} else {
		dir, rest = ".", args
	}
	if len(rest) < 2 {
		return "", nil, usagef("call needs the element's full name and a function, behind the app's directory where that isn't the current one")
	}
	if cmd.Flags().Changed("args") && len(rest) > 2 {
		return "", nil, usagef("arguments are given one by one or as --args, not both")
	}
	return dir, rest, nil
}

// callElement calls a function with the arguments by name, or else with those of
// the command line in rest: FULLNAME FUNCTION [ARG…].
func callElement(ctx context.Context, app *runtime.App, rest []string, byName runtime.Args) (any, error) {
	element, err := app.GetElement(rest[0])
	if err != nil {
		return nil, err
	}
	functions := element.FunctionNames()
	if len(functions) > 0 && !slices.Contains(functions, rest[1]) {
		return nil, errcode.New(errcode.FunctionNotFound, "%s has no function %s%s", rest[0], rest[1], meantFunction(rest[1], functions))
	}
	if byName != nil {
		return element.Call(ctx, rest[1], byName)
	}
	var declared []runtime.Argument
	if define, err := app.GetElementDefine(rest[0]); err == nil {
		for _, f := range define.Functions {
			if f.Name == rest[1] {
				declared = f.Args
			}
		}
	}
	positional := make([]any, len(rest)-2)
	for i, text := range rest[2:] {
		dataType := ""
		if i < len(declared) {
			dataType = declared[i].DataType
		}
		if positional[i], err = argument(dataType, text); err != nil {
			return nil, err
		}
	}
	return element.Call(ctx, rest[1], positional...)
}

// meantFunction hints at the function that a name was probably meant to be.
func meantFunction(name string, functions []string) string {
	if near := nearest.Name(name, functions); near != "" {
		return "; did you mean " + near + "?"
	}
	return "; it has " + strings.Join(functions, ", ")
}

// argument reads one ARG as its data type says.
func argument(dataType, text string) (any, error) {
	switch dataType {
	case "Stext", "Ltext", "Phone":
		return text, nil
	case "":
		trimmed := strings.TrimSpace(text)
		if strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") || strings.HasPrefix(trimmed, `"`) ||
			trimmed == "true" || trimmed == "false" || trimmed == "null" {
			var value any
			if json.Unmarshal([]byte(text), &value) == nil {
				return value, nil
			}
		}
		return text, nil
	default:
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return nil, usagef("%q is no %s", text, dataType)
		}
		return value, nil
	}
}

func objectArgs(text string) (runtime.Args, error) {
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	var args runtime.Args
	if err := dec.Decode(&args); err != nil || args == nil {
		return nil, usagef("--args is not a JSON object")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, usagef("--args has more than one JSON object")
	}
	return args, nil
}

// errorForPrograms returns what --json prints for an error.
func errorForPrograms(e *errcode.Error) any {
	return struct {
		Code       errcode.Code   `json:"code"`
		Message    string         `json:"message"`
		Retryable  bool           `json:"retryable"`
		RetryAfter float64        `json:"retryAfter,omitempty"` // seconds
		Details    map[string]any `json:"details,omitempty"`
	}{e.Code, e.Message, e.Retryable, e.RetryAfter.Seconds(), e.Details}
}

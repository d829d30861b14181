package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// command runs a command line and returns the exit code: 0 for success, 1 for
// failure, 2 for wrong usage.
func command(ctx context.Context, args []string, stdout, stderr io.Writer, types []Type) int {
	if len(args) == 0 {
		usage(stderr)
		return 1
	}
	switch args[0] {
	case "describe":
		text, err := description(types)
		if err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		_, _ = stdout.Write(text)
		return 0
	case "call":
		ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
		defer stop()
		return commandCall(ctx, args[1:], stdout, stderr, types)
	case "help", "-h", "--help":
		usage(stdout)
		return 0
	}
	usage(stderr)
	return 2
}

// description returns the DescribeResponse as JSON. The text is the same for the same
// executable; that of protojson alone varies in its spaces.
func description(types []Type) ([]byte, error) {
	raw, err := protojson.Marshal(describe(types))
	if err != nil {
		return nil, fmt.Errorf("describe: %w", err)
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, fmt.Errorf("describe: %w", err)
	}
	text, err := json.MarshalIndent(value, "", "  ")
	return append(text, '\n'), err
}

func commandCall(ctx context.Context, args []string, stdout, stderr io.Writer, types []Type) int {
	var words []string
	config := []byte("{}")
	for i := 0; i < len(args); i++ {
		if args[i] != "--config" {
			words = append(words, args[i])
			continue
		}
		if i++; i == len(args) {
			usage(stderr)
			return 2
		}
		text, err := os.ReadFile(args[i]) //nolint:gosec // the user names the file
		if err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		config = text
	}
	if len(words) == 2 {
		words = append(words, "{}")
	}
	if len(words) != 3 {
		usage(stderr)
		return 2
	}
	result, err := callOnce(ctx, stderr, types, words[0], words[1], config, []byte(words[2]))
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	fmt.Fprintln(stdout, string(result))
	return 0
}

// callOnce opens an instance in this process and calls a function of it.
func callOnce(ctx context.Context, stderr io.Writer, types []Type, typeName, function string, config, args []byte) ([]byte, error) {
	s := newServer(&Host{conn: noHost{}}, newLogger(stderr, slog.LevelDebug), types)
	id := &elementv1.Instance{Type: typeName, Name: typeName, Generation: 1}
	opened, err := s.Configure(ctx, &elementv1.ConfigureRequest{
		Instance: id, ConfigJson: config, Title: typeName, App: &elementv1.App{AppId: "command.line", Title: "command line", Dev: true},
	})
	if err != nil {
		return nil, err
	}
	for _, w := range opened.GetWarnings() {
		fmt.Fprintf(stderr, "warning: %s\n", ConfigError(w.GetPointer(), "%s", w.GetMessage()))
	}
	var wrong []error
	for _, d := range opened.GetDiagnostics() {
		wrong = append(wrong, ConfigError(d.GetPointer(), "%s", d.GetMessage()))
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	defer func() { _, _ = s.Release(context.WithoutCancel(ctx), &elementv1.ReleaseRequest{Instance: id}) }()
	answer, err := s.Call(ctx, &elementv1.CallRequest{Instance: id, Function: function, ArgsJson: args, RequestId: "command-line"})
	if err != nil {
		return nil, err
	}
	return answer.GetResultJson(), errcode.FromWire(answer.GetError())
}

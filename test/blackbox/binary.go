package blackbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// Root is the repository's root.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// built builds the binaries once per test process, unless LINTEL_BIN names a directory
// that has them, as make test does.
var built = sync.OnceValues(func() (string, error) {
	if dir := os.Getenv("LINTEL_BIN"); dir != "" {
		return dir, nil
	}
	dir := filepath.Join(Root(), "bin", "blackbox")
	for _, name := range []string{"lintel", "lintel-types"} {
		cmd := exec.Command("go", "build", "-o", filepath.Join(dir, name), "./cmd/"+name)
		cmd.Dir = Root()
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("building %s: %w\n%s", name, err, out)
		}
	}
	text, err := exec.Command(filepath.Join(dir, "lintel-types"), "describe").Output()
	if err != nil {
		return "", fmt.Errorf("describing the official Types: %w", err)
	}
	return dir, os.WriteFile(filepath.Join(dir, "lintel-types.types.json"), text, 0o644)
})

// Bin is the directory of the built binaries.
func Bin(t testing.TB) string {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Outcome is the outcome of a command.
type Outcome struct {
	Code           int
	Stdout, Stderr string
}

// Lintel runs a command line in dir to its end.
func Lintel(t testing.TB, dir string, env []string, args ...string) Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(Bin(t), "lintel"), args...)
	cmd.Dir, cmd.Env = dir, Environment(env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("lintel %s: %v", strings.Join(args, " "), err)
	}
	return Outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// Environment returns the environment of started binaries: of the tests' own, only what
// every program needs.
func Environment(more ...string) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "GORACE", "GOCOVERDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return append(env, more...)
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/lintel-run/lintel/cmd/lintel/internal/settings"
	"github.com/lintel-run/lintel/internal/outbound"
	"github.com/lintel-run/lintel/runtime"
)

// finding is the result of one of the doctor's checks.
type finding struct {
	Check   string `json:"check"`
	State   string `json:"state"` // stateOK, stateWarning or stateFailed
	Message string `json:"message"`
}

const (
	stateOK      = "ok"
	stateWarning = "warning"
	stateFailed  = "failed"
)

func newDoctor(in *invocation) *cobra.Command {
	var app appFlags
	cmd := &cobra.Command{
		Use:   "doctor [APP]",
		Short: "Checks whether this machine can run an app",
		Long: `Checks the installation (the official Types' executable and its description), the
machine (open files), and, for an app, its validity, data directory, secret, stores
and running servers. Where a server runs, it is asked for its stores.
Exits 1 when a check failed.`,
		Example: "  lintel doctor app.example",
		Args:    maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			findings := []finding{checkTypes(cmd.Context()), checkFiles(), app.checkOutbound()}
			if len(args) > 0 || isApp(".") {
				dir, err := appArg(args)
				if err != nil {
					return err
				}
				findings = append(findings, app.examine(cmd.Context(), dir, in.logger(slog.LevelError))...)
			}
			rows := make([][]string, len(findings))
			for i, f := range findings {
				rows[i] = []string{f.State, f.Check, f.Message}
			}
			if err := in.printRows(findings, rows); err != nil {
				return err
			}
			if slices.ContainsFunc(findings, func(f finding) bool { return f.State == stateFailed }) {
				return errReported
			}
			return nil
		},
	}
	app.addAll(cmd.Flags())
	in.addJSON(cmd, "print JSON")
	return cmd
}

// officialTypes is the executable of the official plugin Types.
const officialTypes = "lintel-types"

func checkTypes(ctx context.Context) finding {
	failed := func(message string) finding { return finding{"official Types", stateFailed, message} }
	self, err := os.Executable()
	if err != nil {
		return failed("this executable's own place isn't known")
	}
	path := filepath.Join(filepath.Dir(self), officialTypes)
	if _, err := os.Stat(path); err != nil {
		return failed(officialTypes + " is not beside lintel")
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	described, err := exec.CommandContext(ctx, path, "describe").Output()
	if err != nil {
		return failed(officialTypes + " can't be run")
	}
	kept, err := os.ReadFile(path + descriptionSuffix)
	if err != nil {
		return failed(officialTypes + descriptionSuffix + " is not beside it")
	}
	if !bytes.Equal(described, kept) {
		return failed(officialTypes + descriptionSuffix + " is of another version; write it anew with " + officialTypes + " describe")
	}
	return finding{"official Types", stateOK, officialTypes + " runs and its description is its own"}
}

// enoughFiles is the limit on open files that a server with a thousand connections
// needs, with some to spare.
const enoughFiles = 4096

func checkFiles() finding {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return finding{"open files", stateWarning, "the limit isn't known"}
	}
	// The Go runtime raises the soft limit to the hard one.
	if limit.Max < enoughFiles {
		return finding{"open files", stateWarning, fmt.Sprintf("at most %d; a busy server needs more", limit.Max)}
	}
	return finding{"open files", stateOK, fmt.Sprintf("at most %d", limit.Max)}
}

// proxyVariables are those by which other programs choose a proxy.
var proxyVariables = []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"}

// checkOutbound checks the way to vendors.
func (f *appFlags) checkOutbound() finding {
	const check = "way out"
	if _, err := f.outbound(); err != nil {
		return finding{check, stateFailed, err.Error()}
	}
	message := "straight to vendors, without a proxy"
	if f.proxy != "" {
		u, err := outbound.ParseProxy(f.proxy)
		if err != nil {
			return finding{check, stateFailed, err.Error()}
		}
		message = "through the proxy " + u.Host
	}
	if f.caFile != "" {
		message += ", trusting the certificates of --" + flagCAFile + ", too"
	}
	i := slices.IndexFunc(proxyVariables, func(name string) bool { return os.Getenv(name) != "" })
	if f.proxy == "" && i >= 0 {
		return finding{check, stateWarning, message + ": " + proxyVariables[i] + " is set, but only --" + flagProxy + " and " + settings.Environment(flagProxy) + " are used"}
	}
	return finding{check, stateOK, message}
}

// examine checks one app.
func (f *appFlags) examine(ctx context.Context, dir string, logger *slog.Logger) []finding {
	options, err := f.opening(logger)
	if err != nil {
		return nil // checkOutbound has said so
	}
	problems, err := runtime.Validate(dir, options...)
	switch {
	case err != nil:
		return []finding{{"app", stateFailed, err.Error()}}
	case failing(problems):
		return []finding{{"app", stateFailed, count(len(problems), "problem") + "; see lintel validate"}}
	}
	found := []finding{{"app", stateOK, "valid"}}
	if servers := f.running(ctx, dir); len(servers) > 0 {
		return append(found, ask(ctx, servers)...)
	}
	data := f.dataDir(dir)
	info, err := os.Stat(data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		found = append(found, finding{"data directory", stateOK, "not there yet; the first start makes it"}, checkSecret(data))
		return append(found, f.storesBefore(ctx, dir, logger)...)
	case err != nil || !info.IsDir():
		return append(found, finding{"data directory", stateFailed, "is no directory that can be read"})
	case unix.Access(data, unix.W_OK|unix.X_OK) != nil:
		return append(found, finding{"data directory", stateFailed, "can't be written"})
	}
	found = append(found, finding{"data directory", stateOK, "can be written"}, checkSecret(data), finding{"servers", stateOK, "none running"})
	return append(found, f.stores(ctx, dir, logger)...)
}

// ask returns what running servers say of their data and stores.
func ask(ctx context.Context, servers []operators) []finding {
	found := []finding{{"servers", stateOK, count(len(servers), "server") + " running"}}
	for _, server := range servers {
		status, err := server.status(ctx, "")
		if err != nil {
			found = append(found, finding{"servers", stateFailed, err.Error()})
			continue
		}
		if _, err := os.Stat(status.App.DataDir); err != nil {
			found = append(found, finding{"data directory", stateFailed, "that of the running server is gone: put it back, or restart the server"})
		} else {
			found = append(found, finding{"data directory", stateOK, "that of the running server"}, checkSecret(status.App.DataDir))
		}
		found = append(found, findingsOf(status.Stores)...)
	}
	return found
}

// storesBefore asks the stores before the first start, and leaves nothing behind in the
// app.
func (f *appFlags) storesBefore(ctx context.Context, dir string, logger *slog.Logger) []finding {
	data, err := os.MkdirTemp("", "lintel-doctor-")
	if err != nil {
		return []finding{{"stores", stateFailed, "no temporary directory can be made"}}
	}
	defer func() { _ = os.RemoveAll(data) }()
	before := *f
	before.data = data
	return before.stores(ctx, dir, logger)
}

func checkSecret(data string) finding {
	const check = "secret"
	if os.Getenv("LINTEL_SECRET") != "" {
		return finding{check, stateOK, "from LINTEL_SECRET"}
	}
	info, err := os.Stat(filepath.Join(data, "secret"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return finding{check, stateWarning, "none yet: made on first start where both stores are embedded, else give LINTEL_SECRET"}
	case err != nil:
		return finding{check, stateFailed, "its file can't be read"}
	case info.Mode().Perm()&0o077 != 0:
		return finding{check, stateFailed, "others may read its file; chmod it to 0600"}
	}
	return finding{check, stateOK, "from its file in the data directory"}
}

// stores opens the app and asks each store.
func (f *appFlags) stores(ctx context.Context, dir string, logger *slog.Logger) []finding {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var findings []finding
	if err := f.with(ctx, dir, logger, func(app *runtime.App) error {
		findings = findingsOf(app.Status(ctx).Stores)
		return nil
	}); err != nil {
		findings = append(findings, finding{"stores", stateFailed, err.Error()})
	}
	return findings
}

func findingsOf(stores []runtime.Store) []finding {
	var findings []finding
	for _, store := range stores {
		if store.Ready {
			findings = append(findings, finding{store.Element, stateOK, "ready"})
		} else {
			findings = append(findings, finding{store.Element, stateFailed, store.Error})
		}
	}
	return findings
}

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
	"github.com/lintel-run/lintel/runtime/problem"
	"github.com/lintel-run/lintel/server"
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
	var proxies []string
	cmd := &cobra.Command{
		Use:   "doctor [APP]",
		Short: "Checks whether this machine can run an app",
		Long: `Checks the installation (the official Types' executable and its description), the
machine (open files, the temporary directory), the way out, the trusted proxies, and,
for an app, what lintel validate says, its data directory, secret, stores and running
servers. Where a server runs, it is asked for its stores. It works before the first
start and leaves nothing behind. Exits 1 when a check failed: when lintel serve, with
the same flags, wouldn't start or wouldn't be ready.`,
		Example: "  lintel doctor app.example",
		Args:    maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			findings := []finding{checkTypes(cmd.Context()), checkFiles(), checkTemp(cmd.Context(), app.locked), app.checkOutbound(), checkProxies(proxies)}
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
	cmd.Flags().StringSliceVar(&proxies, "trusted-proxies", nil, "CIDRs of proxies, as lintel serve takes them")
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

func checkProxies(given []string) finding {
	const check = "trusted proxies"
	trusted, err := server.ParseTrustedProxies(given)
	switch {
	case err != nil:
		return finding{check, stateFailed, err.Error()}
	case len(trusted) == 0:
		return finding{check, stateOK, "none: behind a proxy, all clients have its address"}
	}
	for _, prefix := range trusted {
		if prefix.Bits() == 0 {
			return finding{check, stateWarning, prefix.String() + " holds every address: anybody can make up the address that limits count"}
		}
	}
	return finding{check, stateOK, fmt.Sprint(trusted)}
}

// examine checks one app.
func (f *appFlags) examine(ctx context.Context, dir string, logger *slog.Logger) []finding {
	options, err := f.opening(logger)
	if err != nil {
		return nil // checkOutbound has said so
	}
	found, fit := validity(dir, options)
	if !fit {
		return found
	}
	if servers := f.running(ctx, dir); len(servers) > 0 {
		return append(found, ask(ctx, servers)...)
	}
	data := f.dataDir(dir)
	directory := checkData(data)
	found = append(found, directory, checkSecret(data))
	if directory.State == stateFailed {
		return found
	}
	if _, err := os.Stat(data); err != nil {
		return append(found, f.storesBefore(ctx, dir, logger)...)
	}
	return append(found, f.stores(ctx, dir, logger)...)
}

// validity returns a finding for each problem of the app. It reports whether its
// stores can be asked.
func validity(dir string, options []runtime.Option) (found []finding, fit bool) {
	problems, err := runtime.Validate(dir, options...)
	if err != nil {
		return []finding{{"app", stateFailed, err.Error()}}, false
	}
	fit = true
	for _, p := range problems {
		state := stateFailed
		if p.Warning {
			state = stateWarning
		}
		found = append(found, finding{"app", state, describeProblem(p)})
		fit = fit && (p.Warning || p.Code != problem.CodeApp)
	}
	if len(found) == 0 {
		found = []finding{{"app", stateOK, "valid"}}
	}
	return found, fit
}

// checkData checks the data directory, or where the first start would make it.
func checkData(data string) finding {
	const check = "data directory"
	info, err := os.Stat(data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		above := filepath.Dir(data)
		for above != filepath.Dir(above) {
			if _, err := os.Stat(above); !errors.Is(err, fs.ErrNotExist) {
				break
			}
			above = filepath.Dir(above)
		}
		if unix.Access(above, unix.W_OK|unix.X_OK) != nil {
			return finding{check, stateFailed, "not there, and the first start can't make it: the directory above can't be written; name another with --data"}
		}
		return finding{check, stateOK, "not there yet; the first start makes it"}
	case err != nil || !info.IsDir():
		return finding{check, stateFailed, "is no directory that can be read"}
	case unix.Access(data, unix.W_OK|unix.X_OK) != nil:
		return finding{check, stateFailed, "can't be written"}
	}
	return finding{check, stateOK, "can be written"}
}

// checkTemp checks the directory for sockets and for the copies of pinned
// executables.
func checkTemp(ctx context.Context, locked bool) finding {
	const check = "temporary directory"
	dir, err := os.MkdirTemp("", "lintel")
	if err != nil {
		return finding{check, stateFailed, "can't be written: set TMPDIR to one that can"}
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program := filepath.Join(dir, "run")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		return finding{check, stateFailed, "is full or can't be written: set TMPDIR to another"}
	}
	if locked && errors.Is(exec.CommandContext(ctx, program).Run(), fs.ErrPermission) {
		return finding{check, stateWarning, "programs can't run there (noexec), as --locked wants"}
	}
	return finding{check, stateOK, "can be written"}
}

// ask returns what running servers say of their data and stores.
func ask(ctx context.Context, servers []operators) []finding {
	found := []finding{{"servers", stateOK, count(len(servers), "server") + " running"}}
	for _, running := range servers {
		status, err := running.status(ctx, "")
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
		return finding{check, stateOK, "none yet: the first start makes it where both stores are embedded; else give LINTEL_SECRET"}
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

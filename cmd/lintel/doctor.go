package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/lintel-run/lintel/cmd/lintel/internal/adminsocket"
	"github.com/lintel-run/lintel/runtime"
)

// finding is what one check of the doctor found.
type finding struct {
	Check string `json:"check"`
	// State is ok, warning or failed.
	State   string `json:"state"`
	Message string `json:"message"`
}

func newDoctor(in *invocation) *cobra.Command {
	var app appFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor [APP]",
		Short: "Checks whether this machine can run an app",
		Long: `Checks the installation (the official Types' executable and its description), the
machine (open files), and, for an app, its validity, data directory, secret, stores
and running servers. The stores are asked only when the data directory is there.
Exits 1 when a check failed.`,
		Example: "  lintel doctor app.example",
		Args:    maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			found := append(checkTypes(cmd.Context()), checkFiles())
			if len(args) > 0 || isApp(".") {
				dir, err := appArg(args)
				if err != nil {
					return err
				}
				found = append(found, app.examine(cmd.Context(), dir, in.logger(slog.LevelError))...)
			}
			if err := printFindings(in, found, asJSON); err != nil {
				return err
			}
			for _, f := range found {
				if f.State == "failed" {
					return errReported
				}
			}
			return nil
		},
	}
	app.addAll(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printFindings(in *invocation, found []finding, asJSON bool) error {
	if asJSON {
		return printJSON(in.stdout, found)
	}
	rows := make([][]string, len(found))
	for i, f := range found {
		rows[i] = []string{f.State, f.Check, f.Message}
	}
	return printTable(in.stdout, rows)
}

// officialTypes is the executable of the official plugin Types.
const officialTypes = "lintel-types"

func checkTypes(ctx context.Context) []finding {
	const check = "official Types"
	self, err := os.Executable()
	if err != nil {
		return []finding{{check, "failed", "this executable's own place isn't known"}}
	}
	path := filepath.Join(filepath.Dir(self), officialTypes)
	if _, err := os.Stat(path); err != nil {
		return []finding{{check, "failed", officialTypes + " is not beside lintel"}}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	now, err := exec.CommandContext(ctx, path, "describe").Output()
	if err != nil {
		return []finding{{check, "failed", officialTypes + " can't be run"}}
	}
	lying, err := os.ReadFile(path + descriptionSuffix)
	if err != nil {
		return []finding{{check, "failed", officialTypes + descriptionSuffix + " is not beside it"}}
	}
	if string(now) != string(lying) {
		return []finding{{check, "failed", officialTypes + descriptionSuffix + " is of another version; write it anew with " + officialTypes + " describe"}}
	}
	return []finding{{check, "ok", officialTypes + " runs and its description is its own"}}
}

// enoughFiles is what a server with a thousand connections needs, and room.
const enoughFiles = 4096

func checkFiles() finding {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return finding{"open files", "warning", "the limit isn't known"}
	}
	// The Go runtime raises the soft limit to the hard one.
	if limit.Max < enoughFiles {
		return finding{"open files", "warning", fmt.Sprintf("at most %d; a busy server needs more", limit.Max)}
	}
	return finding{"open files", "ok", fmt.Sprintf("at most %d", limit.Max)}
}

// examine checks one app.
func (f *appFlags) examine(ctx context.Context, dir string, logger *slog.Logger) []finding {
	problems, err := runtime.Validate(dir, f.options(logger)...)
	switch {
	case err != nil:
		return []finding{{"app", "failed", err.Error()}}
	case failing(problems):
		return []finding{{"app", "failed", count(len(problems), "problem") + "; see lintel validate"}}
	}
	found := []finding{{"app", "ok", "valid"}}
	data := f.dataDir(dir)
	info, err := os.Stat(data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return append(found, finding{"data directory", "ok", "not there yet; the first start makes it"})
	case err != nil || !info.IsDir():
		return append(found, finding{"data directory", "failed", "is no directory that can be read"})
	case unix.Access(data, unix.W_OK|unix.X_OK) != nil:
		return append(found, finding{"data directory", "failed", "can't be written"})
	}
	found = append(found, finding{"data directory", "ok", "can be written"}, checkSecret(data))
	found = append(found, finding{"servers", "ok", count(len(adminsocket.Find(data)), "server") + " running"})
	return append(found, f.stores(ctx, dir, logger)...)
}

func checkSecret(data string) finding {
	const check = "secret"
	if os.Getenv("LINTEL_SECRET") != "" {
		return finding{check, "ok", "from LINTEL_SECRET"}
	}
	info, err := os.Stat(filepath.Join(data, "secret"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return finding{check, "warning", "none yet: made on first start where both stores are embedded, else give LINTEL_SECRET"}
	case err != nil:
		return finding{check, "failed", "its file can't be read"}
	case info.Mode().Perm()&0o077 != 0:
		return finding{check, "failed", "others may read its file; chmod it to 0600"}
	}
	return finding{check, "ok", "from its file in the data directory"}
}

// stores opens the app without watching it and asks each store.
func (f *appFlags) stores(ctx context.Context, dir string, logger *slog.Logger) []finding {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	app, err := runtime.Open(ctx, dir, append(f.options(logger), runtime.WithoutWatch())...)
	if err != nil {
		return []finding{{"stores", "failed", err.Error()}}
	}
	var found []finding
	for _, store := range app.Status(ctx).Stores {
		if store.Ready {
			found = append(found, finding{store.Element, "ok", "ready"})
		} else {
			found = append(found, finding{store.Element, "failed", store.Error})
		}
	}
	if err := app.Close(); err != nil {
		found = append(found, finding{"stores", "warning", err.Error()})
	}
	return found
}

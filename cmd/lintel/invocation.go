package main

import (
	"io"
	"log/slog"

	"github.com/lintel-run/lintel/cmd/lintel/internal/logging"
)

// invocation is one run of the command: its outputs and the flags that commands share.
type invocation struct {
	stdout, stderr io.Writer
	config         string
	logLevel       string
	logFormat      string
	json           bool
}

var logLevels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

// check refuses values that the shared flags can't have.
func (in *invocation) check() error {
	if _, ok := logLevels[in.logLevel]; !ok && in.logLevel != "" {
		return usagef("--log-level is debug, info, warn or error, not %q", in.logLevel)
	}
	if in.logFormat != "text" && in.logFormat != "json" {
		return usagef("--log-format is text or json, not %q", in.logFormat)
	}
	return nil
}

// logger returns the logger that --log-level and --log-format ask for, on standard
// error, and makes it slog's default.
func (in *invocation) logger(fallback slog.Level) *slog.Logger {
	return in.loggerTo(in.stderr, fallback)
}

// serverLogger is logger for a server: nobody waits for what reads its lines. The caller
// closes the writer.
func (in *invocation) serverLogger(fallback slog.Level) (*slog.Logger, *logging.Writer) {
	w := logging.NewWriter(in.stderr, func(dropped int64) []byte { return logging.DroppedLine(in.logFormat == "json", dropped) })
	return in.loggerTo(w, fallback), w
}

func (in *invocation) loggerTo(w io.Writer, fallback slog.Level) *slog.Logger {
	level, ok := logLevels[in.logLevel]
	if !ok {
		level = fallback
	}
	logger := slog.New(logging.NewHandler(w, in.logFormat == "json", level))
	slog.SetDefault(logger)
	return logger
}

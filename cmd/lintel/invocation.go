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
	level, ok := logLevels[in.logLevel]
	if !ok {
		level = fallback
	}
	logger := slog.New(logging.NewHandler(in.stderr, in.logFormat == "json", level))
	slog.SetDefault(logger)
	return logger
}

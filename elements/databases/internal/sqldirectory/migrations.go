package sqldirectory

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

const (
	// Version is the version of the schema after the newest migration.
	Version = 4
	// migrationTable is where goose records the migrations that have been run.
	migrationTable = "lintel_migrations"
	// migrationTime bounds the migrations, which may wait for those of another process.
	migrationTime = time.Minute
)

// CurrentVersion reads the version of the schema.
var CurrentVersion = statement(`SELECT COALESCE(max(version_id), 0) FROM ` + migrationTable)

// MigrateUp runs the migrations that are missing. It must not run twice at a time.
func MigrateUp(ctx context.Context, db *sql.DB, d Dialect) error {
	return MigrateTo(ctx, db, d, Version)
}

// MigrateTo is MigrateUp up to a version.
func MigrateTo(ctx context.Context, db *sql.DB, d Dialect, version int64) error {
	dir, dialect := "migrations/sqlite", goose.DialectSQLite3
	if d == Postgres {
		dir, dialect = "migrations/postgres", goose.DialectPostgres
	}
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, db, files,
		goose.WithTableName(migrationTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	_, err = provider.UpTo(ctx, version)
	return err
}

// migrated waits until the schema is up to date or ctx ends. The migration goes on
// after a caller has given up.
func (d *Directory) migrated(ctx context.Context) error {
	if d.ready.Load() {
		return nil
	}
	select {
	case run := <-d.migration.DoChan("", func() (any, error) { return nil, d.migrate() }):
		return run.Err
	case <-ctx.Done():
		return timeout()
	}
}

func (d *Directory) migrate() error {
	if !d.start() {
		return &FailureError{Reason: "closed", Unavailable: true}
	}
	defer d.running.Done()
	ctx, cancel := context.WithTimeout(d.background, migrationTime)
	defer cancel()
	if err := d.engine.Migrate(ctx); err != nil {
		return err
	}
	if !d.ready.Swap(true) && d.start() {
		go d.purgeNowAndThen()
	}
	return nil
}

// start counts work in the background, for which the caller calls d.running.Done. It
// reports false after Close.
func (d *Directory) start() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.running.Add(1)
	}
	return !d.closed
}

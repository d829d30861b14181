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
	Version = 3
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

// migration is a run of Migrate that callers wait for.
type migration struct {
	done chan struct{}
	err  error
}

// migrated waits until the schema is up to date or ctx ends. The migration goes on
// after a caller has given up.
func (d *Directory) migrated(ctx context.Context) error {
	if d.ready.Load() {
		return nil
	}
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return &FailureError{Reason: "closed", Unavailable: true}
	}
	m := d.migration
	if m == nil {
		m = &migration{done: make(chan struct{})}
		d.migration = m
		d.running.Add(1)
		go d.migrate(m)
	}
	d.mu.Unlock()
	select {
	case <-m.done:
		return m.err
	case <-ctx.Done():
		return &FailureError{Reason: "timeout", Unavailable: true}
	}
}

func (d *Directory) migrate(m *migration) {
	defer d.running.Done()
	ctx, cancel := context.WithTimeout(d.background, migrationTime)
	defer cancel()
	m.err = d.engine.Migrate(ctx)
	d.mu.Lock()
	d.migration = nil
	if m.err == nil && !d.ready.Swap(true) && !d.closed {
		d.running.Add(1)
		go d.purgeNowAndThen()
	}
	d.mu.Unlock()
	close(m.done)
}

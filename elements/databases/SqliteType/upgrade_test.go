package sqlitetype

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory/upgradetest"
)

func TestADatabaseOfVersion1IsUpgraded(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "x.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	db.SetMaxOpenConns(1)
	upgradetest.FromVersion1(t, db, sqldirectory.SQLite, func(app string) databases.Directory {
		return openIn(t, dir, app, `{"path": "x.db"}`)
	})
}

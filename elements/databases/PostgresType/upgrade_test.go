package postgrestype

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory"
	"github.com/lintel-run/lintel/elements/databases/internal/sqldirectory/upgradetest"
	"github.com/lintel-run/lintel/internal/testpostgres"
)

func TestADatabaseOfVersion1IsUpgraded(t *testing.T) {
	url := testpostgres.Start(t).NewURL(t)
	config, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	db := stdlib.OpenDB(*config)
	defer func() { require.NoError(t, db.Close()) }()
	upgradetest.FromVersion1(t, db, sqldirectory.Postgres, func(app string) databases.Directory { return openAt(t, url, app) })
}

package postgrestype

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/elements/databases/databasestest"
	"github.com/lintel-run/lintel/internal/testpostgres"
	"github.com/lintel-run/lintel/runtime/element"
)

func openAt(t testing.TB, url, app string) *Database {
	t.Helper()
	config, err := json.Marshal(map[string]string{"url": url})
	require.NoError(t, err)
	i, err := element.BuiltinOf(Name).Open(t.Context(), element.Env{AppID: app}, config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, i.Close()) })
	return i.(*Database)
}

func TestConformance(t *testing.T) {
	url := testpostgres.Start(t).NewURL(t)
	databasestest.Run(t, func(t *testing.T, app string) databases.Directory { return openAt(t, url, app) })
}

func TestOldRowsAreDeletedOnPostgresToo(t *testing.T) {
	ctx := t.Context()
	d := openAt(t, testpostgres.Start(t).NewURL(t), "a")
	require.NoError(t, d.Ready(ctx))
	require.NoError(t, d.Purge(ctx))
}

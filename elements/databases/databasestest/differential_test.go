package databasestest_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
	postgrestype "github.com/lintel-run/lintel/elements/databases/PostgresType"
	sqlitetype "github.com/lintel-run/lintel/elements/databases/SqliteType"
	"github.com/lintel-run/lintel/elements/databases/databasestest"
	"github.com/lintel-run/lintel/internal/testpostgres"
	"github.com/lintel-run/lintel/runtime/element"
)

// opener opens instances as the runtime does.
func opener(t *testing.T, typeName, dataDir string, config map[string]string) databasestest.Open {
	text, err := json.Marshal(config)
	require.NoError(t, err)
	return func(t *testing.T, app string) databases.Directory {
		i, err := element.BuiltinOf(typeName).Open(context.Background(), element.Env{AppID: app, DataDir: dataDir}, text)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, i.Close()) })
		return i.(databases.Directory)
	}
}

func TestBothAnswerAlike(t *testing.T) {
	url := testpostgres.Start(t).NewURL(t)
	databasestest.Differential(t,
		opener(t, sqlitetype.Name, t.TempDir(), nil),
		opener(t, postgrestype.Name, "", map[string]string{"url": url}))
}

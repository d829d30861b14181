package testpostgres

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestServerKeepsWhatItHoldsOverARestart(t *testing.T) {
	ctx := context.Background()
	s := Start(t)
	url := s.NewURL(t)
	conn, err := pgx.Connect(ctx, url)
	require.NoError(t, err)
	_, err = conn.Exec(ctx, "CREATE TABLE kept (n int)")
	require.NoError(t, err)
	require.NoError(t, conn.Close(ctx))

	s.Stop()
	_, err = pgx.Connect(ctx, url)
	require.Error(t, err)
	s.Restart(t)
	conn, err = pgx.Connect(ctx, url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "INSERT INTO kept VALUES (1)")
	require.NoError(t, err)
}

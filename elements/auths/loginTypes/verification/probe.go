package verification

import (
	"context"
	"time"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/internal/memo"
)

// probeTTL is how long the result of a database probe counts.
const probeTTL = 50 * time.Millisecond

// newProbe returns the probe that a send makes of the database. Most sends don't need
// it, but a code that nobody can use isn't worth a message: while the database is
// unreachable, nothing is sent.
func newProbe() *memo.Memo[databases.Directory, struct{}] {
	return memo.New(probeTTL, storesTimeout, func(ctx context.Context, dir databases.Directory) (struct{}, error) {
		return struct{}{}, dir.Ready(ctx)
	})
}

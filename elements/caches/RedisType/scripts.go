package redistype

import (
	_ "embed"
	"strings"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed scripts/clock.lua
	clockText string
	//go:embed scripts/windows.lua
	windowsText string
	//go:embed scripts/state.lua
	stateText string
	//go:embed scripts/issue.lua
	issueText string
	//go:embed scripts/take.lua
	takeText string

	//go:embed scripts/crowds.lua
	crowdsText string
	//go:embed scripts/watch.lua
	watchText string
	//go:embed scripts/marks.lua
	marksText string

	//go:embed scripts/reserve.lua
	reserveText string
	//go:embed scripts/commit.lua
	commitText string
	//go:embed scripts/rollback.lua
	rollbackText string
	//go:embed scripts/undo.lua
	undoText string
	//go:embed scripts/guess.lua
	guessText string
	//go:embed scripts/take_back.lua
	takeBackText string
	//go:embed scripts/endclaim.lua
	endClaimText string
	//go:embed scripts/token.lua
	tokenText string
	//go:embed scripts/endtoken.lua
	endTokenText string
	//go:embed scripts/free_token.lua
	freeTokenText string
	//go:embed scripts/begin.lua
	beginText string
	//go:embed scripts/finish.lua
	finishText string
	//go:embed scripts/take_shared.lua
	takeSharedText string
	//go:embed scripts/give_shared.lua
	giveSharedText string
	//go:embed scripts/full.lua
	fullText string
	//go:embed scripts/prove.lua
	proveText string
	//go:embed scripts/unmark.lua
	unmarkText string
	//go:embed scripts/suspicious.lua
	suspiciousText string
	//go:embed scripts/count.lua
	countText string
	//go:embed scripts/tell.lua
	tellText string
	//go:embed scripts/issued.lua
	issuedText string
)

// One script for each operation. They are sent by their hash, and whole only to
// a server that doesn't know them yet.
var (
	reserveScript    = script(stateText, windowsText, crowdsText, marksText, reserveText)
	commitScript     = script(stateText, commitText)
	rollbackScript   = script(stateText, crowdsText, watchText, rollbackText)
	undoScript       = script(stateText, crowdsText, watchText, marksText, undoText)
	guessScript      = script(stateText, issueText, crowdsText, watchText, guessText)
	takeBackScript   = script(stateText, takeBackText)
	endClaimScript   = script(stateText, issueText, endClaimText)
	tokenScript      = script(takeText, tokenText)
	endTokenScript   = script(takeText, endTokenText)
	freeTokenScript  = script(takeText, freeTokenText)
	beginScript      = script(beginText)
	finishScript     = script(finishText)
	takeSharedScript = script(windowsText, takeSharedText)
	giveSharedScript = script(giveSharedText)
	fullScript       = script(windowsText, fullText)
	proveScript      = script(marksText, proveText)
	unmarkScript     = script(marksText, unmarkText)
	suspiciousScript = script(crowdsText, suspiciousText)
	countScript      = script(crowdsText, countText)
	tellScript       = script(crowdsText, tellText)
	issuedScript     = script(issueText, issuedText)
)

func script(parts ...string) *redis.Script {
	return redis.NewScript(clockText + strings.Join(parts, ""))
}

package redistype

import (
	"embed"
	"strings"

	"github.com/redis/go-redis/v9"
)

//go:embed scripts
var files embed.FS

// One script for each operation, after the parts of scripts/lib that it uses. They are
// sent by their hash, and whole only to a server that doesn't know them yet.
var (
	reserveScript     = script("reserve", "state", "windows", "groups", "captcha")
	commitScript      = script("commit", "state")
	rollbackScript    = script("rollback", "state", "groups")
	undoReserveScript = script("undo_reserve", "state", "groups", "captcha")

	guessScript     = script("guess", "state", "windows", "groups", "tokens")
	undoGuessScript = script("undo_guess", "state")
	endClaimScript  = script("end_claim", "state", "tokens")

	issueScript     = script("issue", "tokens")
	tokenScript     = script("token", "tokens")
	undoTokenScript = script("undo_token", "tokens")
	endTokenScript  = script("end_token", "tokens")

	beginScript  = script("begin", "groups", "budgets")
	finishScript = script("finish", "groups", "budgets")

	readyScript = script("ready")
)

// The parts of a reservation and of an idempotency record in a Cluster.
var (
	takeWindowScript      = script("take_window", "windows")
	returnWindowScript    = script("return_window")
	windowFullScript      = script("window_full", "windows")
	checkCaptchaScript    = script("check_captcha", "captcha")
	returnCaptchaScript   = script("return_captcha", "captcha")
	groupSuspiciousScript = script("group_suspicious", "groups")
	countGroupScript      = script("count_group", "groups")
	endUnverifiedScript   = script("end_unverified", "groups")
	spendScript           = script("spend", "groups", "budgets")
)

func script(name string, lib ...string) *redis.Script {
	var text strings.Builder
	for _, file := range append([]string{"call"}, lib...) {
		text.WriteString(read("lib/" + file))
	}
	text.WriteString(read(name))
	return redis.NewScript(text.String())
}

func read(name string) string {
	text, err := files.ReadFile("scripts/" + name + ".lua")
	if err != nil {
		panic(err) // it is part of the program
	}
	return string(text)
}

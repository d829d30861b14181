// Package caches is the contract of the stores that hold what lives for minutes:
// codes, cooldowns, limits, one-time tokens and the answers to repeats.
//
// A Store knows no phone number, no code and no token: it is given opaque keys
// and MACs. Each method is one atomic step, in whatever process it runs: one
// script in Redis, one transaction in SQLite, one critical section in memory.
// Time is the store's own. A method that changes something takes the id of the
// request that wants it; the same id again, within ten minutes, is answered as
// the first time and changes nothing more, so that a lost reply can be asked for
// again. Nothing is kept without an expiry.
//
// What a Reserve, a Guess or a Token with Consume has taken is given back when its
// caller is told that it failed: before the error where the store can still be
// asked, else as soon as it can. So whoever comes next, on whatever replica, finds
// it as it was. A call of the same request that is answered meanwhile keeps it.
package caches

import (
	"context"
	"errors"
	"time"
)

// ErrUnavailable is in the chain of every error a Store returns because it can't
// be reached, is too slow (its own bound: under a second, retries included) or full.
var ErrUnavailable = errors.New("the store can't be reached")

// Store is implemented by the instances of caches.MemoryType, caches.SqliteType
// and caches.RedisType. All methods may be called from any goroutine.
type Store interface {
	// Reserve takes an identity's cooldown and send limits and puts a new code
	// beside the live one, as pending. Whatever fails takes nothing. A reservation
	// that was refused is forgotten: its request may reserve again.
	Reserve(ctx context.Context, r Reserve) (Reserved, error)
	// Settle ends a reservation: Accepted makes its code the live one, Refused
	// undoes it and counts a refusal. One that is gone is no error. An unknown
	// outcome is not settled: the code stays pending, and pending codes work.
	Settle(ctx context.Context, s Settle) error
	// Guess compares a guess with the codes that are alive for the holder, and
	// does with a right one what Then says.
	Guess(ctx context.Context, g Guess) (Guessed, error)
	// EndClaim ends the claim that a Guess took: the code is gone (Used), or free
	// again. Used holds whoever claims the code by now.
	EndClaim(ctx context.Context, e EndClaim) error

	// Token reads, takes or claims a token that Guess or EndClaim issued.
	Token(ctx context.Context, t TokenRequest) (TokenResult, error)
	// EndToken ends the claim of a token: used, or free again; or gives it back.
	EndToken(ctx context.Context, e EndToken) error
	// Issue keeps a token under a key, in place of one with the same hash.
	Issue(ctx context.Context, key string, i Issue) error

	// Begin looks a repeatable request up and marks it as under way.
	Begin(ctx context.Context, b Begin) (Begun, error)
	// Finish keeps the answer of a request for ttl; a nil answer forgets it.
	Finish(ctx context.Context, key, owner string, answer []byte, ttl time.Duration) error

	// Ready says whether the store can be reached now.
	Ready(ctx context.Context) error
}

// Window is a limit: at most Max in any span of length Per. The times are kept;
// nothing refills. Max 0 is no limit.
type Window struct {
	Max int
	Per time.Duration
}

// Code is what is kept of a code.
type Code struct {
	// ID is unique among all codes, at most 40 characters.
	ID string
	// MAC is what a right guess shows, at most 64 characters.
	MAC string
	// Purposes are those it works for.
	Purposes []string
	// Decoy: no guess matches it; in all else it is like a code.
	Decoy bool
}

// Shared is a limit over many identities: an address's or the app's.
type Shared struct {
	Key    string
	Window Window
}

// Crowd is many identities whose sends are watched together. Each send is counted
// in its crowds, and there again when the first right guess verifies it; one that
// is undone never was. The times are kept exactly while they are few, and to ten
// seconds when they are many; counts are exact.
type Crowd struct {
	Key string
	// Per is how long a send counts.
	Per time.Duration
	// A crowd is suspicious when it has at least Sends of them, and more than half
	// of those older than Ripe are not verified. Sends 0 never is.
	Sends int
	Ripe  time.Duration
}

// Proof is what is known of the captcha that came with a send.
type Proof struct {
	// Given: one came. A given one must be Right and unused.
	Given bool
	Right bool
	// Mark is the key under which its use is noted, for Keep; empty for one that
	// can't be used at all. It is noted when it lets a send pass, and when it is
	// not Right.
	Mark string
	Keep time.Duration
	// Asked: without one there is no send.
	Asked bool
	// Full asks for one as well when any of these windows is; it takes nothing.
	Full []Shared
}

// Reserve asks for one send. Order of the checks: Interval, then Proof, then
// Sends, Refusals and Guesses, then Shared in order; the first that fails is the
// answer. A suspicious crowd asks for a proof too.
type Reserve struct {
	Request string
	// Key is the identity's, within app and instance; at most 64 characters. All
	// that is kept under one Key shares a Redis hash slot.
	Key string
	// Holder is whose code it becomes: empty for anybody, else a user id. There is
	// one live code a Holder, and at most one pending beside it.
	Holder string
	// Bucket is whose Sends are counted: the identity's, for all holders, when it
	// is empty, else a device's.
	Bucket string
	// Guesser is whose Guesses are looked at, the Bucket of their Guess: empty for
	// strangers, else a device or user.
	Guesser string
	Code    Code
	// TTL is the code's life from now.
	TTL time.Duration
	// Interval is the cooldown of Key, over all holders and buckets.
	Interval time.Duration
	Proof    Proof
	// Crowds are the identity's, at most 8.
	Crowds []Crowd
	Sends  []Window
	// Refusals bounds the refused sends of Key, over all buckets.
	Refusals Window
	// Guesses bounds the wrong guesses of Guesser: past it, no send.
	Guesses Window
	// Shared are taken with the rest where the store can, else in a step before
	// and given back: they may then refuse early, never late.
	Shared []Shared
}

// Verdict is how a step ended.
type Verdict int

// The verdicts of Reserve, Guess, Token and Begin.
const (
	// OK: reserved, right, taken or new.
	OK Verdict = iota + 1
	// Cooldown: within Interval; RetryAfter is exact.
	Cooldown
	// Limited: past a limit, named by Limit.
	Limited
	// Wrong: no code matched, counted only when one was alive; or the proof was not
	// right.
	Wrong
	// Locked: past Attempts or Guesses; nothing was compared.
	Locked
	// Busy: claimed by another request, or under way there; nothing was compared.
	Busy
	// Ask: the code is right, but an earlier claim of it ended without a word.
	// Ask the database whether CodeID was used, then EndClaim with Used, or
	// Guess again with Cleared.
	Ask
	// Gone: there is no such token.
	Gone
	// Used: the token was taken before, by another request; or the proof was.
	Used
	// Done: the request was answered before; Answer is that answer.
	Done
	// Mismatch: the same key came with other arguments.
	Mismatch
	// Unproved: a proof is asked for and none was given.
	Unproved
)

// The limits that Reserved.Limit names.
const (
	LimitSends    = "sends"
	LimitRefusals = "refusals"
	LimitGuesses  = "guesses"
	LimitShared   = "shared"
)

// Reserved is OK, Cooldown, Unproved, Wrong or Used (of the proof), or Limited.
type Reserved struct {
	Verdict    Verdict
	RetryAfter time.Duration
	// Limit is the one that was met; Index counts Sends or Shared.
	Limit string
	Index int
	// CodeID is, with OK, that of the code that is reserved for the request: the
	// first one, when a repeat came with another.
	CodeID string
}

// Settle names a reservation by what it was asked with. Request is that of the
// Reserve.
type Settle struct {
	Request string
	Key     string
	Holder  string
	Bucket  string
	CodeID  string
	// Accepted, else refused.
	Accepted bool
	// Refusals is the window that a refusal is counted in.
	Refusals Window
	// Shared are given back on a refusal.
	Shared []Shared
}

// Then is what a right guess does.
type Then int

const (
	// Keep leaves the code usable.
	Keep Then = iota
	// Consume takes it, and issues Issue.
	Consume
	// Claim reserves it for the request, for ClaimFor.
	Claim
)

// Issue is a token to keep under the identity's Key.
type Issue struct {
	// Hash of the token.
	Hash  string
	Value []byte
	TTL   time.Duration
}

// Guess is one comparison with the live and the pending code of Holder.
//
// Order: Guesses of Bucket (Locked); no code alive (Wrong, not counted); one of
// them claimed by another request (Busy); all past Attempts (Locked); compare.
// Wrong adds to each compared code's attempts and to Guesses. A code is right
// when MAC is equal and Purpose is among its Purposes. Attempts are counted for
// each code and Bucket. Consuming the live code leaves a pending one; consuming
// the pending one retires the live one too. The first right guess of a code
// verifies its send.
type Guess struct {
	Request  string
	Key      string
	Holder   string
	Bucket   string
	Purpose  string
	MAC      string
	Attempts int
	Guesses  Window
	Then     Then
	ClaimFor time.Duration
	Cleared  string
	Issue    *Issue
}

// Guessed is OK, Wrong, Locked, Busy or Ask.
type Guessed struct {
	Verdict    Verdict
	CodeID     string
	RetryAfter time.Duration
}

// EndClaim names the claim by the Request of the Guess.
type EndClaim struct {
	Request string
	Key     string
	Holder  string
	CodeID  string
	Used    bool
	// Issue is kept with Used.
	Issue *Issue
}

// TokenRequest asks for a token.
type TokenRequest struct {
	Request string
	Key     string
	Hash    string
	// Keep reads, Consume takes, Claim reserves for ClaimFor.
	Then     Then
	ClaimFor time.Duration
	// Linger is how long a taken token is remembered, so that a second use is
	// known as one.
	Linger time.Duration
}

// TokenResult is OK, Gone, Used or Busy. Value is given with OK and Used. A
// repeat of the request that took the token is OK.
type TokenResult struct {
	Verdict Verdict
	Value   []byte
}

// EndToken names the claim by the Request of the Token.
type EndToken struct {
	Request string
	Key     string
	Hash    string
	Used    bool
	Linger  time.Duration
	// GiveBack frees a token that the Request has taken, too: what it was taken for
	// has not come about.
	GiveBack bool
}

// Begin marks a request as under way for Lease; after that a repeat takes it over.
// The same Owner again renews the lease.
type Begin struct {
	Key string
	// Owner is unique to this attempt.
	Owner string
	// Fingerprint of the arguments.
	Fingerprint string
	Lease       time.Duration
	TTL         time.Duration
}

// Begun is OK (go on), Busy (another attempt is under way), Done or Mismatch.
type Begun struct {
	Verdict Verdict
	Answer  []byte
}

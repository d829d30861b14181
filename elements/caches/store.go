// Package caches is the contract of the stores that hold short-lived state:
// verification codes, cooldowns, limits, one-time tokens and idempotency records.
//
// A Store knows no phone number, no code and no token: it receives opaque keys
// and MACs. Each method is one atomic step: a script in Redis, a transaction in
// SQLite, a critical section in memory. The store's own clock counts; if it goes
// back, no cooldown and no code lasts longer for it. Everything expires.
//
// A method that changes something takes the ID of the request that wants the
// change. For ten minutes, the same ID returns the first answer and changes
// nothing more, so a caller that lost a reply can ask again.
//
// A Reserve, and a Guess or a Token that consumes or claims, is undone if it returns an
// error: before it returns if the store can still be reached, else as soon as it can. A call of the same
// request that succeeds in the meantime keeps what was taken.
//
// # A cache of one's own
//
// The Example is a whole one. A cache is part of the program, not a plugin:
//
//  1. A type implements Store and element.Instance, whose Call and Get return errors:
//     a cache has no functions and no properties.
//  2. An init function registers the Type with element.RegisterBuiltin: its full name,
//     its configuration's schema, and how an instance opens. Open doesn't wait for a
//     server. Close comes after the last call.
//  3. A directory declares the Type: Acme/CacheType/e.json says "type": "caches.Meta"
//     and "backendBundleEntry": "builtin".
//  4. A program imports the package, elements/standard and runtime, and opens the app.
//  5. The app has an instance, Acme/Cache/e.json with "type": "Acme.CacheType", and
//     names it in app.json: "defaultCache": "Acme.Cache".
//
// cachestest.Run tests a Store against all of this contract.
package caches

import (
	"context"
	"errors"
	"time"
)

// ErrUnavailable is in the chain of every error that a Store returns because it
// can't be reached or written, is full, or takes longer than its own bound of under a second,
// retries included. The caller may try again under the same request ID.
var ErrUnavailable = errors.New("the store is not available")

// Store is a cache. The instances of caches.MemoryType, caches.SqliteType and
// caches.RedisType implement it. Callers depend on the roles that they need.
// All methods are safe for concurrent use.
type Store interface {
	ReservationStore
	CodeStore
	TokenStore
	IdempotencyStore

	// Ready returns an error if the store can't be written now; see element.ReadyChecker.
	Ready(ctx context.Context) error
}

// ReservationStore decides whether a code may be sent.
type ReservationStore interface {
	// Reserve takes an identity's cooldown and send limits, and keeps a new code,
	// pending, beside the live one. If it fails it takes nothing.
	Reserve(ctx context.Context, r Reserve) (ReserveResult, error)
	// Commit makes the code of a reservation the live one, because it was sent. A
	// reservation whose send has an unknown outcome is neither committed nor rolled
	// back: pending codes work. It is no error if the reservation is gone.
	Commit(ctx context.Context, r Reservation) error
	// Rollback undoes a reservation whose send was refused. It gives back what the
	// Reservation names; a captcha stays used. The request may reserve again. It is
	// no error if the reservation is gone.
	Rollback(ctx context.Context, r Reservation, refused Refusal) error
}

// CodeStore compares guesses with codes.
type CodeStore interface {
	// Guess compares a guess with the codes of a holder, and does Then with the
	// one that matches.
	Guess(ctx context.Context, g Guess) (GuessResult, error)
	// EndClaim ends the claim of a Guess: it removes the code if it was used, and
	// frees it otherwise. A used code is removed even if another request
	// claims it by now.
	EndClaim(ctx context.Context, e EndClaim) error
}

// TokenStore keeps one-time tokens.
type TokenStore interface {
	// Issue keeps a token under a key, replacing one with the same hash.
	Issue(ctx context.Context, key string, i Issue) error
	// Token reads, takes or claims a token.
	Token(ctx context.Context, t TokenRequest) (TokenResult, error)
	// EndToken ends the claim of a token, or returns a token that was taken.
	EndToken(ctx context.Context, e EndToken) error
}

// IdempotencyStore keeps the answers to requests that may come again.
type IdempotencyStore interface {
	// Begin looks a request up and marks it as in progress.
	Begin(ctx context.Context, b Begin) (BeginResult, error)
	// Finish keeps the answer to a request, or forgets the request.
	Finish(ctx context.Context, f Finish) error
}

// Window is a sliding limit: at most Max in any span of length Per. Max 0 is no
// limit.
type Window struct {
	Max int
	Per time.Duration
}

// Code is a verification code.
type Code struct {
	// ID is unique among all codes, at most 40 characters.
	ID string
	// MAC is what a right guess has, at most 64 characters.
	MAC string
	// Length is how many characters a guess of it has.
	Length int
	// Purposes are the purposes that the code is good for.
	Purposes []string
	// Decoy marks a code that no guess matches. It counts like any other code.
	Decoy bool
}

// SharedLimit is a limit over many identities: that of an address or of the app. A
// store that can't take it in the same step as the identity's state takes it before and
// gives it back afterwards if need be: it may refuse early, never late.
type SharedLimit struct {
	Key    string
	Window Window
}

// RiskGroup is a group of identities whose sends are watched together. A send is
// counted in each of its groups, and is verified there by the first right guess of
// its code. A send that is rolled back isn't counted. Counts are exact; times are
// exact while a group has few of them, else exact to ten seconds.
type RiskGroup struct {
	Key string
	// Per is how long a send counts.
	Per time.Duration
	// A group is suspicious when it has at least MinSends sends, and more than half
	// of those older than UnverifiedAfter are unverified. With MinSends 0 it never is.
	MinSends        int
	UnverifiedAfter time.Duration
}

// CaptchaCheck is the captcha that came with a send, and when one is required.
type CaptchaCheck struct {
	// Given is set if a captcha came. It must then be Correct and unused.
	Given   bool
	Correct bool
	// UseKey is where the use of the captcha is recorded, for UseTTL: when it lets
	// a send pass, and when it isn't Correct. It is empty for a captcha that can't
	// be identified.
	UseKey string
	UseTTL time.Duration
	// Required refuses a send without a captcha.
	Required bool
	// RequiredWhenFull refuses one as well while any of these limits is reached.
	// The limits aren't taken.
	RequiredWhenFull []SharedLimit
}

// Reserve asks for one send. The checks are, in order: Interval; Captcha; Sends,
// Refusals and Guesses; Shared. The first one that fails is the result. A
// suspicious risk group requires a captcha, too.
//
// What a store keeps are the times of sends, refusals and wrong guesses. Each request
// judges all of them by its own figures, whatever those of the earlier ones were. Times
// are kept for the longest span that a request named.
type Reserve struct {
	// Request is the request's ID.
	Request string
	// Key is the identity's; at most 64 characters. All state under one Key shares a
	// Redis hash slot.
	Key string
	// Holder owns the code. A holder has one live code, and at most one pending code
	// beside it.
	Holder string
	// Budget names whose Sends, Refusals and Guesses these are: strangers' if it is
	// empty.
	Budget string
	Code   Code
	// TTL is the code's life from now.
	TTL time.Duration
	// Interval is the cooldown of Key since its last send, over all holders and
	// budgets.
	Interval time.Duration
	Captcha  CaptchaCheck
	// RiskGroups are the identity's, at most 8.
	RiskGroups []RiskGroup
	// Sends limit the sends of Budget, and Refusals its refused ones.
	Sends    []Window
	Refusals Window
	// Guesses limits the wrong guesses of Budget: past it nothing is sent.
	Guesses Window
	// Shared are limits over many identities.
	Shared []SharedLimit
}

// ReserveOutcome is how a Reserve ended.
type ReserveOutcome string

// The outcomes of Reserve.
const (
	// Reserved: the code may be sent.
	Reserved ReserveOutcome = "reserved"
	// Cooldown: the last send was less than Interval ago; RetryAfter is exact.
	Cooldown ReserveOutcome = "cooldown"
	// LimitReached: Limit names the limit.
	LimitReached ReserveOutcome = "limit_reached"
	// CaptchaRequired: a captcha is required and none was given.
	CaptchaRequired ReserveOutcome = "captcha_required"
	// CaptchaWrong: the captcha wasn't correct.
	CaptchaWrong ReserveOutcome = "captcha_wrong"
	// CaptchaUsed: another request used the captcha.
	CaptchaUsed ReserveOutcome = "captcha_used"
)

// Limit is one of the limits of a Reserve.
type Limit string

// The limits of a Reserve.
const (
	LimitSends    Limit = "sends"
	LimitRefusals Limit = "refusals"
	LimitGuesses  Limit = "guesses"
	LimitShared   Limit = "shared"
)

// ReserveResult is the result of Reserve.
type ReserveResult struct {
	Outcome    ReserveOutcome
	RetryAfter time.Duration
	// Limit is the limit that was reached, and Index its place in Sends or Shared.
	Limit Limit
	Index int
	// CodeID is the ID of the code that is reserved for the request: the first one,
	// if a repeat comes with another.
	CodeID string
}

// Reservation identifies a reservation by the fields of its Reserve.
type Reservation struct {
	Request string
	Key     string
	Holder  string
	Budget  string
	CodeID  string
	// Shared are the limits that a rollback gives back.
	Shared []SharedLimit
}

// Refusal is what a refused send leaves behind.
type Refusal struct {
	// Count is the window that the refusal is counted in, with those of the
	// reservation's budget.
	Count Window
	// KeepCooldown is set if the cooldown stays.
	KeepCooldown bool
}

// Then is what happens to a code or token that matches.
type Then int

const (
	// Keep leaves it usable.
	Keep Then = iota
	// Consume takes it.
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
// The checks are, in order: Length, which is that of an alive code, or FreshLength if
// none is alive (GuessMisfit); Guesses of Budget, then Shared (GuessLocked); no code
// alive (GuessWrong, not counted); one of them claimed by another request (GuessBusy);
// all of this length past Attempts (GuessLocked); the comparison with those of this
// length. A wrong guess adds to the attempts of each compared code, to Guesses and to
// Shared. Attempts are counted for each code and Budget. A code matches if MAC is equal
// and Purpose is among its Purposes. Consuming the live code leaves a pending one;
// consuming the pending one removes the live one too. The first right guess of a code
// verifies its send.
type Guess struct {
	// Request is the request's ID.
	Request string
	Key     string
	Holder  string
	Budget  string
	Purpose string
	MAC     string
	// Length is how many characters were guessed, and FreshLength how many a new code
	// has. A code without a length has FreshLength.
	Length      int
	FreshLength int
	Attempts    int
	Guesses     Window
	// Shared are limits of wrong guesses over many identities.
	Shared   []SharedLimit
	Then     Then
	ClaimFor time.Duration
	// Cleared is the ID of a code that the database knows as unused, see
	// GuessUnresolved.
	Cleared string
	// Issue is the token to keep with Consume.
	Issue *Issue
}

// GuessOutcome is how a Guess ended.
type GuessOutcome string

// The outcomes of Guess.
const (
	GuessRight GuessOutcome = "right"
	// GuessWrong: no code matched.
	GuessWrong GuessOutcome = "wrong"
	// GuessMisfit: no code has this length; nothing was compared.
	GuessMisfit GuessOutcome = "misfit"
	// GuessLocked: past Attempts, Guesses or Shared; nothing was compared.
	GuessLocked GuessOutcome = "locked"
	// GuessBusy: another request claims the code; nothing was compared.
	GuessBusy GuessOutcome = "busy"
	// GuessUnresolved: the guess is right, but an earlier claim of the code expired,
	// and the store doesn't know whether it was used. The caller asks the database
	// about CodeID, then calls EndClaim with Used, or Guess again with Cleared.
	GuessUnresolved GuessOutcome = "unresolved"
)

// GuessResult is the result of Guess.
type GuessResult struct {
	Outcome    GuessOutcome
	CodeID     string
	RetryAfter time.Duration
}

// EndClaim identifies a claim by the Request of its Guess.
type EndClaim struct {
	Request string
	Key     string
	Holder  string
	CodeID  string
	// Used is set if the code was used.
	Used bool
	// Issue is the token to keep with Used.
	Issue *Issue
}

// TokenRequest asks for a token.
type TokenRequest struct {
	// Request is the request's ID.
	Request  string
	Key      string
	Hash     string
	Then     Then
	ClaimFor time.Duration
	// Linger is how long a taken token is remembered, so that a second use is
	// recognized.
	Linger time.Duration
}

// TokenOutcome is how a Token ended.
type TokenOutcome string

// The outcomes of Token.
const (
	// TokenValid: the token is there, and taken or claimed if so requested. A
	// repeat of the request that took it gets this, too.
	TokenValid TokenOutcome = "valid"
	// TokenGone: there is no such token.
	TokenGone TokenOutcome = "gone"
	// TokenUsed: another request took the token.
	TokenUsed TokenOutcome = "used"
	// TokenBusy: another request claims the token.
	TokenBusy TokenOutcome = "busy"
)

// TokenResult is the result of Token. Value is set for TokenValid and TokenUsed.
type TokenResult struct {
	Outcome TokenOutcome
	Value   []byte
}

// TokenEnd is what EndToken does with a token.
type TokenEnd int

const (
	// ReleaseToken frees a token that the request claims.
	ReleaseToken TokenEnd = iota
	// UseToken takes the token.
	UseToken
	// ReturnToken frees a token that the request claims or has taken, because what
	// it was taken for failed.
	ReturnToken
)

// EndToken identifies a claim or use by the Request of its Token.
type EndToken struct {
	Request string
	Key     string
	Hash    string
	End     TokenEnd
	// Linger is that of a TokenRequest, for UseToken.
	Linger time.Duration
}

// Begin marks a request as in progress for Lease; after that, a repeat takes it
// over. The same Owner renews the lease.
type Begin struct {
	Key string
	// Owner is unique to this attempt.
	Owner string
	// Fingerprint of the arguments.
	Fingerprint string
	Lease       time.Duration
	TTL         time.Duration
	Budgets     Budgets
}

// Budgets bound what is remembered of requests. A request that begins takes one of each
// budget, an answer one more for each KiB after the first. Times are exact to ten
// seconds.
type Budgets struct {
	// Sender is the budget of whoever sends the request. Once it is spent, nothing
	// begins (BeginSpent).
	Sender SharedLimit
	// All is the budget of all senders together. Once it is spent, requests begin, and
	// are kept for SpentTTL instead of TTL: many senders can't refuse another one.
	All      SharedLimit
	SpentTTL time.Duration
}

// AnswerUnit is the size of an answer that takes no more of a budget than its request.
const AnswerUnit = 1 << 10

// Cost returns what an answer takes of a budget beside its request.
func (Budgets) Cost(answer []byte) int { return max(len(answer)-1, 0) / AnswerUnit }

// Finish is the end of an attempt. That of an attempt whose request another one took
// over is ignored.
type Finish struct {
	Key, Owner string
	// Answer is kept for TTL. A nil answer forgets the request.
	Answer  []byte
	TTL     time.Duration
	Budgets Budgets
}

// BeginOutcome is how a Begin ended.
type BeginOutcome string

// The outcomes of Begin.
const (
	// BeginStarted: the caller does the work, then calls Finish.
	BeginStarted BeginOutcome = "started"
	// BeginBusy: another attempt is in progress.
	BeginBusy BeginOutcome = "busy"
	// BeginDone: the request was answered before, by Answer.
	BeginDone BeginOutcome = "done"
	// BeginMismatch: the key came with another fingerprint.
	BeginMismatch BeginOutcome = "mismatch"
	// BeginSpent: the sender's budget is spent. Nothing was begun.
	BeginSpent BeginOutcome = "spent"
)

// BeginResult is the result of Begin.
type BeginResult struct {
	Outcome BeginOutcome
	Answer  []byte
	// TTL is for how long the answer is to be kept, with BeginStarted.
	TTL time.Duration
	// RetryAfter is set with BeginSpent.
	RetryAfter time.Duration
}

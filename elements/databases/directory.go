// Package databases is the contract of the stores that hold lasting data: users
// with their phones and corps, sessions, devices and keys.
//
// A Directory belongs to one app; several apps may share one database. Each method
// is one transaction. A method that uses a code or ticket inserts its ID, which is
// unique, in that transaction: a second use by another request is ErrCodeUsed, and
// a repeat of the same request gets the first result.
//
// # A database of one's own
//
// The Example is a whole one. A database is part of the program, not a plugin:
//
//  1. A type implements Directory, SendLog and element.Instance, whose Call and Get
//     return errors: a database has no functions and no properties.
//  2. An init function registers the Type with element.RegisterBuiltin: its full name,
//     its configuration's schema, and how an instance opens. Open doesn't wait for a
//     server. Close comes after the last call.
//  3. A directory declares the Type: Acme/DatabaseType/e.json says "type":
//     "databases.Meta" and "backendBundleEntry": "builtin".
//  4. A program imports the package, elements/standard and runtime, and opens the app.
//  5. The app has an instance, Acme/Database/e.json with "type": "Acme.DatabaseType",
//     and names it in app.json: "defaultDatabase": "Acme.Database".
//
// databasestest.Run tests a Directory against all of this contract, and
// databasestest.Differential compares two.
package databases

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrUnavailable is in the chain of every error that a Directory returns because
	// it can't be reached or written, or takes longer than its own bound of under a second. The
	// caller may try again.
	ErrUnavailable = errors.New("the database is not available")
	// ErrNotMade is in the chain of an error of a change that was certainly not made and
	// won't be. Without it, and for other errors than those below, the change may have
	// been made.
	ErrNotMade = errors.New("the change was not made")
	// ErrNotFound means that there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrPhoneInUse means that the phone is another user's.
	ErrPhoneInUse = errors.New("the phone is another user's")
	// ErrAlreadyBound means that the user has a phone.
	ErrAlreadyBound = errors.New("the user has a phone")
	// ErrNotBound means that the user doesn't have that phone.
	ErrNotBound = errors.New("the user has no phone")
	// ErrCodeUsed means that another request has used the code or ticket.
	ErrCodeUsed = errors.New("the code has been used")
)

// Directory is a database. The instances of databases.SqliteType and
// databases.PostgresType implement it. Callers depend on the roles that they need.
// All methods are safe for concurrent use. Migrations run before the first
// statement.
type Directory interface {
	UserStore
	CorpStore
	SessionStore
	DeviceStore
	SigningKeyStore
	NoticeStore
	TestGuessStore

	// Ready returns an error if the database can't be written now; see
	// element.ReadyChecker.
	Ready(ctx context.Context) error
}

// UserStore keeps users and their phones.
type UserStore interface {
	// UserByPhone returns the user who has a phone, with their corps, by one query.
	// It returns ErrNotFound if nobody has it, after about as much work.
	UserByPhone(ctx context.Context, phone string) (User, error)
	// User returns a user by ID, with their corps, or ErrNotFound.
	User(ctx context.Context, userID string) (User, error)
	// CreateUser creates a user with a phone. It may return ErrPhoneInUse or
	// ErrCodeUsed.
	CreateUser(ctx context.Context, u NewUser, use Use) (User, error)
	// BindPhone sets the phone of a user who has none. It may return
	// ErrAlreadyBound, ErrPhoneInUse or ErrCodeUsed.
	BindPhone(ctx context.Context, userID, phone string, use Use) error
	// UnbindPhone removes a user's phone and that phone's devices. It returns
	// ErrNotBound if the user doesn't have that phone, and may return ErrCodeUsed.
	UnbindPhone(ctx context.Context, userID, phone string, use Use) error
	// MovePhone replaces a user's phone, ends their sessions except keepSession, and
	// removes the devices of the old phone. It may return ErrNotBound, ErrPhoneInUse
	// or ErrCodeUsed.
	MovePhone(ctx context.Context, userID, oldPhone, newPhone, keepSession string, code, ticket Use) error
	// CodeUse returns the Use of a code or ticket, or ErrNotFound.
	CodeUse(ctx context.Context, codeID string) (Use, error)
}

// NoticeStore keeps notices until they are taken to be sent.
type NoticeStore interface {
	// Notices returns up to most notices that have waited so long, oldest first.
	Notices(ctx context.Context, waited time.Duration, most int) ([]Notice, error)
	// TakeNotice removes a notice and reports whether it was there. At most one
	// caller gets true; nobody does if that reply is lost.
	TakeNotice(ctx context.Context, id string) (bool, error)
}

// CorpStore keeps corps.
type CorpStore interface {
	// EnsureCorp returns the corp with a full name. It creates the corp on first
	// use, and updates its title.
	EnsureCorp(ctx context.Context, fullName, title string) (Corp, error)
}

// SessionStore keeps sessions.
type SessionStore interface {
	// CreateSession creates a session. For a CodeID that already has one it returns
	// that session if the Request is the same, else ErrCodeUsed. After
	// EndSessionOfCode, the session is created ended. If the user doesn't have that
	// phone or isn't in that corp at this very moment, it returns ErrNotBound.
	CreateSession(ctx context.Context, s NewSession) (Session, error)
	// ForgetSession removes the session that a request created with a code, if
	// there is one. The code may then create another one.
	ForgetSession(ctx context.Context, codeID, request string) error
	// Session returns a session by ID, ended or not, or ErrNotFound.
	Session(ctx context.Context, sessionID string) (Session, error)
	// Sessions returns a user's sessions that are alive, newest first.
	Sessions(ctx context.Context, userID string) ([]Session, error)
	// EndSession ends one session of a user. It returns ErrNotFound if there is none.
	EndSession(ctx context.Context, userID, sessionID string) error
	// EndSessionOfCode ends the session that a code created, or will create.
	EndSessionOfCode(ctx context.Context, codeID string) error
	// Refresh replaces a session's refresh token. See the type Refresh.
	Refresh(ctx context.Context, r Refresh) (RefreshResult, error)
}

// DeviceStore keeps the devices that have logged in with a phone.
type DeviceStore interface {
	// AddDevice keeps the hash of a device token until it expires, unless the phone isn't
	// the user's any more. None makes way for another: each costs a message.
	AddDevice(ctx context.Context, d Device) error
	// RenewDevice changes when an unexpired device of a phone expires. It returns
	// ErrNotFound if there is none, or it is another phone's.
	RenewDevice(ctx context.Context, d Device) error
	// Device returns an unexpired device by hash, or ErrNotFound.
	Device(ctx context.Context, hash string) (Device, error)
}

// SigningKeyStore keeps the keys of access tokens.
type SigningKeyStore interface {
	// SigningKeys returns the keys that sign or still verify, newest first.
	SigningKeys(ctx context.Context) ([]SigningKey, error)
	// AddSigningKey adds a key and returns the newest one. With onlyFirst it adds
	// the key only if there is none, so that replicas that start at once share one.
	AddSigningKey(ctx context.Context, k SigningKey, onlyFirst bool) (SigningKey, error)
	// RemoveSigningKey removes a key, or returns ErrNotFound.
	RemoveSigningKey(ctx context.Context, id string) error
}

// TestGuessStore counts wrong guesses of test phones. An entry is the hash of a
// test phone's configuration.
type TestGuessStore interface {
	// WrongTestGuess counts a wrong guess and returns the sum.
	WrongTestGuess(ctx context.Context, entry string) (int, error)
	// WrongTestGuesses returns the sum.
	WrongTestGuesses(ctx context.Context, entry string) (int, error)
}

// Use is the use of a code or ticket by a request.
type Use struct {
	// ID of the code or ticket; empty for none.
	ID string
	// Request that uses it. A second use by the same request is a repeat.
	Request string
	// Kind of the change: register, bind, unbind, updatePhone.
	Kind string
	// UserID is the user who changes.
	UserID string
	// Mark is another ID under which the change is recorded, for CodeUse to find;
	// empty for none. A change whose mark is recorded isn't made again.
	Mark string
	// Notice is kept in the transaction of the change; nil for none.
	Notice *Notice
}

// Notice is a message about a change, kept until it is taken to be sent.
type Notice struct {
	ID string
	// App and Element name the login instance, SMS the element that sends.
	App, Element, SMS string
	// Args are the message's arguments, a JSON object. They contain a phone.
	Args []byte
}

// User is a person.
type User struct {
	ID   string
	Nick string
	// Phone in E.164; empty for a user without one.
	Phone string
	// Test marks a user who registered with a test phone.
	Test      bool
	CreatedAt time.Time
	Corps     []Corp
}

// NewUser is a user to create. The caller makes the ID, a UUIDv7.
type NewUser struct {
	ID    string
	Nick  string
	Phone string
	Test  bool
	// CorpID is the corp that the user joins; empty for none.
	CorpID string
}

// Corp is an organisation.
type Corp struct {
	ID       string
	FullName string
	Title    string
}

// Session is a signed-in client.
type Session struct {
	ID         string
	UserID     string
	CorpID     string
	Platform   string
	CodeID     string
	CreatedAt  time.Time
	LastSeenAt time.Time
	// EndedAt is zero while the session is alive.
	EndedAt time.Time
	// TokenNumber is the number of its current refresh token, counted from 1.
	TokenNumber int64
	// ExpiresAt is when it ends without another refresh.
	ExpiresAt time.Time
}

// NewSession is a session to create.
type NewSession struct {
	ID     string
	UserID string
	// Phone is the user's; empty if they have none.
	Phone string
	// CorpID is a corp of the user; empty for none.
	CorpID   string
	Platform string
	CodeID   string
	Request  string
	// RefreshHash is the hash of its first refresh token.
	RefreshHash string
	// Idle is how long it lasts without a refresh, and Most how long it lasts.
	Idle time.Duration
	Most time.Duration
}

// Refresh presents a session's refresh token, which the caller found genuine.
//
// If it is the current token, the next one becomes current. If it is the previous
// token, the current one has not been presented yet and the change is at most Grace
// old, then nothing changes and the result is that of the change. If the session is
// not alive or has another hash, the error is ErrNotFound. Otherwise the token was
// reused, and the session ends.
type Refresh struct {
	SessionID string
	// TokenNumber and Hash are those of the presented token.
	TokenNumber int64
	Hash        string
	// NextHash is the hash of the token with the next number.
	NextHash string
	Grace    time.Duration
	Idle     time.Duration
	Most     time.Duration
}

// RefreshResult is the session after a Refresh.
type RefreshResult struct {
	Session Session
	// Reused is set if a token was presented again and the session has ended.
	Reused bool
}

// Device is a client that has logged in with a phone.
type Device struct {
	Hash      string
	Phone     string
	UserID    string
	ExpiresAt time.Time
}

// SigningKey is a key that signs access tokens, encrypted under a key that is not
// in the database.
type SigningKey struct {
	ID        string
	Encrypted []byte
	CreatedAt time.Time
}

// Package databases is the contract of the stores that hold what lasts: users,
// their phones, corps, sessions, devices and keys.
//
// A Directory belongs to one app; several apps may share one database. Each
// method is one transaction. A method that a code or ticket pays for inserts its
// id, unique, in that transaction: whoever comes second learns so, and a repeat
// of the same request gets the first answer.
package databases

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrUnavailable is in the chain of every error that a Directory returns
	// because it can't be reached or is too slow (its own bound: under a second).
	ErrUnavailable = errors.New("the database can't be reached")
	// ErrNotFound: no such row.
	ErrNotFound = errors.New("not found")
	// ErrPhoneInUse: the phone has another owner.
	ErrPhoneInUse = errors.New("the phone is another user's")
	// ErrAlreadyBound: the user has a phone.
	ErrAlreadyBound = errors.New("the user has a phone")
	// ErrNotBound: the user has no phone.
	ErrNotBound = errors.New("the user has no phone")
	// ErrCodeUsed: another request has used the code (or ticket).
	ErrCodeUsed = errors.New("the code has been used")
)

// Directory is implemented by the instances of databases.SqliteType and
// databases.PostgresType. All methods may be called from any goroutine.
// Migrations run by themselves, before the first statement.
type Directory interface {
	// UserByPhone gives the user whose phone it is, with their corps, in one query.
	UserByPhone(ctx context.Context, phone string) (User, error)
	// User gives a user by id, with their corps.
	User(ctx context.Context, userID string) (User, error)
	// CreateUser makes a user with a phone. ErrPhoneInUse, ErrCodeUsed.
	CreateUser(ctx context.Context, u NewUser, use Use) (User, error)
	// BindPhone gives a user without phone one. ErrAlreadyBound, ErrPhoneInUse, ErrCodeUsed.
	BindPhone(ctx context.Context, userID, phone string, use Use) error
	// UnbindPhone takes a user's phone away, and that phone's devices. Checked in
	// the transaction: the user's phone is still phone. ErrNotBound, ErrCodeUsed.
	UnbindPhone(ctx context.Context, userID, phone string, use Use) error
	// MovePhone replaces a user's phone, ends their sessions but keepSession, and
	// drops the devices of the old phone. ErrNotBound, ErrPhoneInUse, ErrCodeUsed.
	MovePhone(ctx context.Context, userID, oldPhone, newPhone, keepSession string, code, ticket Use) error
	// Notices lists notices that have waited for so long, the oldest first.
	Notices(ctx context.Context, waited time.Duration, most int) ([]Notice, error)
	// TakeNotice takes a notice away and says whether it was there: of all who ask
	// one at most hears so, and where that answer is lost nobody does.
	TakeNotice(ctx context.Context, id string) (bool, error)
	// CodeUse gives the Use of a code id. ErrNotFound.
	CodeUse(ctx context.Context, codeID string) (Use, error)

	// EnsureCorp gives the corp of a full name, making it on first use and keeping
	// its title as given.
	EnsureCorp(ctx context.Context, fullName, title string) (Corp, error)

	// CreateSession makes a session. A second session of one CodeID is
	// ErrCodeUsed, but for a repeat of the same Request, which gives the first; if
	// EndSessionOfCode came first, it is made ended.
	CreateSession(ctx context.Context, s NewSession) (Session, error)
	// ForgetSession takes back the session that Request made of a code without
	// having learned so; there may be none. The code may open another one then.
	ForgetSession(ctx context.Context, codeID, request string) error
	// Session gives a session by id, ended or not. ErrNotFound.
	Session(ctx context.Context, sessionID string) (Session, error)
	// Sessions lists a user's sessions that are alive, newest first.
	Sessions(ctx context.Context, userID string) ([]Session, error)
	// EndSession ends one session of a user. ErrNotFound.
	EndSession(ctx context.Context, userID, sessionID string) error
	// EndSessionOfCode ends the session that a code opened, or will open.
	EndSessionOfCode(ctx context.Context, codeID string) error
	// Refresh moves a session's refresh token on, in one transaction: see Refresh.
	Refresh(ctx context.Context, r Refresh) (Refreshed, error)

	// AddDevice keeps the hash of a device token, bound to a phone. The oldest
	// beyond ten a phone go.
	AddDevice(ctx context.Context, d Device) error
	// Device gives an unexpired device by hash. ErrNotFound.
	Device(ctx context.Context, hash string) (Device, error)

	// SigningKeys lists the keys that sign, newest first, with those that still verify.
	SigningKeys(ctx context.Context) ([]SigningKey, error)
	// AddSigningKey adds one. With onlyFirst it adds only when there is none, so
	// that many replicas starting at once end up with one; it returns the newest.
	AddSigningKey(ctx context.Context, k SigningKey, onlyFirst bool) (SigningKey, error)

	// WrongTestGuess counts a wrong guess of a test phone's entry and gives the
	// sum; WrongTestGuesses reads it. entry is a hash that changes with the entry.
	WrongTestGuess(ctx context.Context, entry string) (int, error)
	WrongTestGuesses(ctx context.Context, entry string) (int, error)

	// Ready says whether the database can be reached now.
	Ready(ctx context.Context) error
}

// Use is the use of a code or ticket by a request.
type Use struct {
	// ID of the code or ticket; empty for none.
	ID string
	// Request that uses it: the same one again is no second use.
	Request string
	// Kind of the change: register, bind, unbind, updatePhone.
	Kind string
	// UserID whom it changed.
	UserID string
	// Mark is an id under which the change itself is noted beside, for CodeUse to
	// find; empty for none. A change whose mark is there is not made again.
	Mark string
	// Notice is kept with the change, in its transaction; nil for none.
	Notice *Notice
}

// Notice is a message that tells of a change, until it is taken to be sent.
type Notice struct {
	ID string
	// App and Element name the login instance that tells, SMS the element that sends.
	App, Element, SMS string
	// Args are those of the message, a JSON object. They hold a phone.
	Args []byte
}

// User is a person.
type User struct {
	ID   string
	Nick string
	// Phone in E.164; empty: none is bound.
	Phone string
	// Test: made through a test phone.
	Test      bool
	CreatedAt time.Time
	Corps     []Corp
}

// NewUser is a user to make. The id is made by the caller (UUIDv7).
type NewUser struct {
	ID     string
	Nick   string
	Phone  string
	Test   bool
	CorpID string // empty: joins none
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
	// EndedAt is zero while it is alive.
	EndedAt time.Time
	// Generation counts its refresh tokens from 1.
	Generation int64
	// ExpiresAt is when it ends without another refresh (30 days idle, 90 at most).
	ExpiresAt time.Time
}

// NewSession is a session to make.
type NewSession struct {
	ID       string
	UserID   string
	CorpID   string
	Platform string
	CodeID   string
	Request  string
	// RefreshHash is the hash of its first refresh token.
	RefreshHash string
	Idle        time.Duration
	Most        time.Duration
}

// Refresh shows generation N of a session's refresh token, which the caller has
// found genuine. If N is the current one: the next becomes current. If it is the
// one before, the current one has not been shown yet and the change is at most
// Grace old: nothing changes, and the current one is the answer again. If the
// session is not alive, or its hash is another: ErrNotFound. Else the session
// ends: Refreshed.Reused.
type Refresh struct {
	SessionID  string
	Generation int64
	Hash       string
	// NextHash is the hash of generation N+1.
	NextHash string
	Grace    time.Duration
	Idle     time.Duration
	Most     time.Duration
}

// Refreshed is the session afterwards.
type Refreshed struct {
	Session Session
	Reused  bool
}

// Device is a client that has logged in with a phone.
type Device struct {
	Hash      string
	Phone     string
	UserID    string
	ExpiresAt time.Time
}

// SigningKey is a key that signs access tokens, encrypted under a key that is
// not in the database.
type SigningKey struct {
	ID        string
	Encrypted []byte
	CreatedAt time.Time
}

// Package corps is the contract of organisations: what the login needs to know
// of one, so that new users can join it. Who belongs to a corp is in the
// database.
package corps

// Corp is implemented by the instances of corps.NormalType. All methods may be
// called from any goroutine and cost nothing.
type Corp interface {
	// FullName is the instance's full name, which is the corp's name in the database.
	FullName() string
	// Title is shown to people.
	Title() string
	// AllowJoin: new users join it.
	AllowJoin() bool
}

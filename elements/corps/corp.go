// Package corps is the contract of organisations: what the login needs to know of
// one, so that new users can join it. The database knows who belongs to a corp.
package corps

// Corp is an organisation. The instances of corps.NormalType implement it. All
// methods are safe for concurrent use and cost nothing.
type Corp interface {
	// FullName returns the instance's full name, which is the corp's name in the
	// database.
	FullName() string
	// Title returns the name that people see.
	Title() string
	// AllowJoin reports whether new users join the corp.
	AllowJoin() bool
}

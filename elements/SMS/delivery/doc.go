// Package delivery is what all SMS vendors have in common: the function
// sendMessage, its arguments and its answer, the three outcomes of a send and
// their errors, the order of template variables, the endpoint rules, the
// connection pool, and the redaction of what vendors say.
//
// A vendor's Type is then about as long as the vendor is odd: a configuration
// struct, an open function that gives a Sender, a Vendor that makes one request
// and says how it ended, and a table of the vendor's error codes.
//
// It knows no vendor, and nothing of codes or logins.
package delivery

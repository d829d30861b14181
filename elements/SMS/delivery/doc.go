// Package delivery implements what all SMS vendors have in common: the function
// sendMessage with its arguments and its answer, the three outcomes of a send and
// their errors, the order of template variables, the rules for endpoints, the
// connection pool, delivery receipts, the check of credentials, and the redaction
// of whatever a vendor says.
//
// A vendor's package adds what is the vendor's own, a file for each: its
// configuration, its request, its response, its table of refusals, its receipts.
//
// The package knows no vendor, no login and no login code.
package delivery

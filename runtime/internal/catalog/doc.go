// Package catalog makes an immutable set of elements from app directories: ranks,
// inheritance, exposed functions, configurations and the last good state of each. It
// knows no processes and no particular family.
//
// A Loader runs these stages for each look at the files, every one a package that
// knows only those before it:
//
//	manifest   what e.json and app.json say
//	scan       which directories hold elements, and what their files contain
//	resolve    which directory a full name stands for
//	code       built-in Types, executables and their descriptions
//	configure  the configuration of one instance
//	catalog    elements from all of these, and a Snapshot
//
// A candidate that is good replaces the last good one. One that isn't shows as a
// Problem while the last good one goes on serving.
//
// # Lookup
//
// A full name is looked up in the app, its parents and the library, and the first
// found replaces the others as a whole. Elements of a parent look up in the same
// order, so an app can replace what its parents use. Only elements of the same app
// find private elements (Snapshot.LookupFrom).
//
// # Exposed functions
//
// The description of a Type lists the functions that callers outside may call. The
// functionList of each element on the way down to the instance may only leave out
// entries and raise loginRequired, which an entry does unless it says 0. A Meta with
// an empty functionList exposes nothing of any element below it.
//
// # Variables
//
// {{NAME}} is looked up in Config.Variables, the process environment (declared names
// only), the app's .env, then for a parent's elements that parent's .env, and the
// declared defaults: those of the element, its Types, the app and its own app. The
// first value found counts, even an empty one, which is an error.
package catalog

// Package catalog reads app directories into an immutable set of elements: names,
// ranks, inheritance, variables, configuration and schema. It knows no processes
// and no particular family; what a Type offers it takes from the registry of
// built-in Types or from the description beside an executable.
//
// A Loader scans three kinds of roots: the app, the apps it extends and the
// official library. Each directory with an e.json becomes a candidate for its
// full name. A candidate that is good replaces the last good one; one that is not
// shows as a Problem while the last good one goes on serving. The result of each
// look is a Snapshot.
//
// # Who finds what
//
// A full name is sought in the app, its parents and the library, and the first
// found replaces the others whole. Elements of a parent seek in the same order,
// so an app can replace what its parents use; only private elements are found by
// those of their own app alone (Snapshot.LookupFrom).
//
// # What is exposed
//
// A Type's description says which functions callers outside may call; functionList
// of each element on the way down to the instance may only leave out entries and
// raise loginRequired (which an entry does unless it says 0). A Meta with an empty
// functionList exposes nothing of any element below it.
//
// # Variables
//
// {{NAME}} is sought in Config.Variables, the process environment (declared names
// only), the app's .env, then for a parent's elements that parent's .env, and the
// declared defaults: the element's, its Types', the app's, its own app's. The first
// that is there counts, even when it is empty, which is an error.
package catalog

package runtime

// The official library is part of every app. This import is all that the runtime
// knows of it: its elements and built-in Types register themselves.
import _ "github.com/lintel-run/lintel/elements"

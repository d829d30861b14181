package blackbox_test

import "time"

// revoked bounds how long an ended session may still be believed: a second, and
// what a busy machine takes to ask.
const revoked = 3 * time.Second

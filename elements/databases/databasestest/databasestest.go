// Package databasestest tests a databases.Directory against its contract.
package databasestest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
)

// Open returns a Directory of an app, and closes it when the test ends. All that it
// returns share one database, which is empty at first.
type Open func(t *testing.T, appID string) databases.Directory

// Many is how many calls a race makes at once.
const Many = 50

// Run tests the Directory that open returns.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, Open){
		"users":                               testUsers,
		"marks":                               testMarks,
		"a phone has one owner":               testOneOwner,
		"a code is used once":                 testCodeOnce,
		"bind and unbind":                     testBind,
		"move":                                testMove,
		"a refusal leaves nothing":            testRefusalLeavesNothing,
		"corps":                               testCorps,
		"sessions":                            testSessions,
		"a session of somebody else":          testStranger,
		"a phone moves during logins":         testMoveAtOnce,
		"a code opens one session":            testOneSession,
		"a code that was ended":               testEndedCode,
		"a session that is forgotten":         testForgottenSession,
		"refresh":                             testRefresh,
		"many refresh at once":                testRefreshAtOnce,
		"a session expires":                   testExpiry,
		"devices":                             testDevices,
		"signing keys":                        testKeys,
		"wrong test guesses":                  testGuesses,
		"sends and receipts":                  testSends,
		"receipts at once":                    testReceiptsAtOnce,
		"apps don't see each other":           testApps,
		"many replicas start at once":         testStart,
		"a canceled call":                     testCancelled,
		"two users want each other's phone":   testSwap,
		"a code and a session in any order":   testEndedCodeAtOnce,
		"the id and phone of a repeated user": testRepeatWithoutCode,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

func id() string {
	v, err := uuid.NewV7()
	if err != nil {
		panic(err)
	}
	return v.String()
}

var phones struct {
	sync.Mutex
	last int
}

// phone returns one that no other test has.
func phone() string {
	phones.Lock()
	defer phones.Unlock()
	phones.last++
	digits := []byte("+8613800000000")
	for i, n := len(digits)-1, phones.last; n > 0; i, n = i-1, n/10 {
		digits[i] = byte('0' + n%10)
	}
	return string(digits)
}

func use(kind string) databases.Use {
	return databases.Use{ID: id(), Request: id(), Kind: kind}
}

func newUser() databases.NewUser {
	return databases.NewUser{ID: id(), Nick: "Li", Phone: phone()}
}

func makeUser(t *testing.T, d databases.Directory) databases.User {
	t.Helper()
	n, code := newUser(), use("register")
	for tries := 1; ; tries++ { // a busy machine may need a repeat
		u, err := d.CreateUser(t.Context(), n, code)
		if tries < 5 && errors.Is(err, databases.ErrUnavailable) {
			continue
		}
		require.NoError(t, err)
		return u
	}
}

func newSession(u databases.User) databases.NewSession {
	return databases.NewSession{
		ID: id(), UserID: u.ID, Phone: u.Phone, Platform: "api", CodeID: id(), Request: id(),
		RefreshHash: "hash1", Idle: time.Hour, Most: 2 * time.Hour,
	}
}

func makeSession(t *testing.T, d databases.Directory, u databases.User) databases.Session {
	t.Helper()
	s, err := d.CreateSession(t.Context(), newSession(u))
	require.NoError(t, err)
	return s
}

// atOnce calls step Many times at once, and counts the results that are one of kinds, or
// nil.
func atOnce(t *testing.T, kinds []error, step func(ctx context.Context, i int) error) map[error]int {
	t.Helper()
	outcomes := make([]error, Many)
	start := make(chan struct{})
	var done sync.WaitGroup
	for i := range Many {
		done.Go(func() {
			<-start
			// A busy store is unavailable; the caller tries again.
			for range 20 {
				outcomes[i] = step(t.Context(), i)
				if !errors.Is(outcomes[i], databases.ErrUnavailable) {
					return
				}
			}
		})
	}
	close(start)
	done.Wait()
	counts := make(map[error]int)
	for _, err := range outcomes {
		if err == nil {
			counts[nil]++
			continue
		}
		known := false
		for _, kind := range kinds {
			if errors.Is(err, kind) {
				counts[kind]++
				known = true
				break
			}
		}
		require.Truef(t, known, "unexpected: %v", err)
	}
	return counts
}

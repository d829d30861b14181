package databasestest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/databases"
)

func sendLog(t *testing.T, d databases.Directory) databases.SendLog {
	t.Helper()
	log, ok := d.(databases.SendLog)
	require.True(t, ok, "a Directory is a SendLog")
	return log
}

// newSend returns a send of an instance, so many minutes ago.
func newSend(instance, messageID, state string, minutes int) databases.Send {
	at := time.Now().Add(-time.Duration(minutes) * time.Minute).Truncate(time.Millisecond).UTC()
	return databases.Send{ID: id(), At: at, Phone: "138****8000", Instance: instance, Vendor: "Http", MessageID: messageID,
		RequestID: "r", VendorRequestID: "v", State: state, Took: 120 * time.Millisecond}
}

func testSends(t *testing.T, open Open) {
	app := id()
	d, other := open(t, app), open(t, id())
	log, ctx := sendLog(t, d), t.Context()
	require.NoError(t, log.AddSends(ctx, nil))
	require.NoError(t, log.AddReceipts(ctx, nil))

	old := newSend("SMS.a", "m1", databases.SendAccepted, 90)
	refused := newSend("SMS.a", "", databases.SendRefused, 60)
	refused.Reason, refused.Code = "balance", "E1"
	unknown := newSend("SMS.b", "", databases.SendUnknown, 30)
	latest := newSend("SMS.b", "m1", databases.SendAccepted, 1) // another vendor's message with the same ID
	all := []databases.Send{old, refused, unknown, latest}
	require.NoError(t, log.AddSends(ctx, all))
	again := old
	again.State = databases.SendUnknown
	require.NoError(t, log.AddSends(ctx, []databases.Send{again, old}), "a repeat")

	list := func(f databases.SendFilter) []databases.Send {
		t.Helper()
		found, err := log.Sends(ctx, f)
		require.NoError(t, err)
		return found
	}
	require.Equal(t, []databases.Send{latest, unknown, refused, old}, list(databases.SendFilter{}))
	require.Equal(t, []databases.Send{latest, unknown}, list(databases.SendFilter{Instance: "SMS.b"}))
	require.Equal(t, []databases.Send{latest, old}, list(databases.SendFilter{State: databases.SendAccepted}))
	require.Equal(t, []databases.Send{latest, unknown}, list(databases.SendFilter{Since: time.Now().Add(-45 * time.Minute)}))
	require.Equal(t, []databases.Send{latest}, list(databases.SendFilter{Limit: 1}))
	found, err := sendLog(t, other).Sends(ctx, databases.SendFilter{})
	require.NoError(t, err)
	require.Empty(t, found, "another app's")

	at := time.Now().Add(-20 * time.Second).Truncate(time.Millisecond).UTC()
	receipt := func(instance, messageID, state, code string) databases.Receipt {
		return databases.Receipt{Instance: instance, MessageID: messageID, State: state, Code: code, At: at}
	}
	stateOf := func(s databases.Send) databases.Send {
		for _, found := range list(databases.SendFilter{}) {
			if found.ID == s.ID {
				return found
			}
		}
		return databases.Send{}
	}
	require.NoError(t, log.AddReceipts(ctx, []databases.Receipt{receipt("SMS.a", "m1", databases.SendFailed, "F1"), receipt("SMS.a", "", databases.SendFailed, "x")}))
	got := stateOf(old)
	require.Equal(t, []any{databases.SendFailed, "F1", at}, []any{got.State, got.Code, got.ReceiptAt})
	require.Equal(t, latest, stateOf(latest), "another vendor's message with the same ID")
	require.Equal(t, refused, stateOf(refused), "a message without an id has no receipt")
	for _, state := range []string{databases.SendDelivered, databases.SendFailed, databases.SendDelivered} {
		require.NoError(t, log.AddReceipts(ctx, []databases.Receipt{receipt("SMS.a", "m1", state, "D "+state)}))
		got = stateOf(old)
		require.Equal(t, []any{databases.SendDelivered, "D delivered"}, []any{got.State, got.Code})
	}
	require.Equal(t, []databases.Send{got}, list(databases.SendFilter{State: databases.SendDelivered}))

	// A receipt may come before its send is kept.
	require.NoError(t, log.AddReceipts(ctx, []databases.Receipt{receipt("SMS.a", "early", databases.SendDelivered, "")}))
	early := newSend("SMS.a", "early", databases.SendUnknown, 0)
	require.NoError(t, log.AddSends(ctx, []databases.Send{early}))
	require.Equal(t, databases.SendDelivered, stateOf(early).State)
}

func testReceiptsAtOnce(t *testing.T, open Open) {
	d := open(t, id())
	log := sendLog(t, d)
	sends := []databases.Send{newSend("SMS.a", "one", databases.SendAccepted, 0), newSend("SMS.a", "two", databases.SendAccepted, 0)}
	require.NoError(t, log.AddSends(t.Context(), sends))
	counts := atOnce(t, nil, func(ctx context.Context, i int) error {
		state := databases.SendFailed
		if i == Many/2 {
			state = databases.SendDelivered
		}
		both := []databases.Receipt{{Instance: "SMS.a", MessageID: "one", State: state, At: time.Now()}, {Instance: "SMS.a", MessageID: "two", State: state, At: time.Now()}}
		if i%2 == 0 {
			both[0], both[1] = both[1], both[0]
		}
		return log.AddReceipts(ctx, both)
	})
	require.Equal(t, Many, counts[nil])
	found, err := log.Sends(t.Context(), databases.SendFilter{State: databases.SendDelivered})
	require.NoError(t, err)
	require.Len(t, found, 2)
}

package tencent

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

func TestReceipts(t *testing.T) {
	got, err := (&vendor{}).ReadReceipts(t.Context(), &delivery.Callback{Body: []byte(`[{"user_receive_time":"2026-11-21 11:00:05","nationcode":"86","mobile":"13800138000","report_status":"SUCCESS","errmsg":"DELIVRD","sid":"s1"},{"report_status":"FAIL","errmsg":"MK:0001","sid":"s2"}]`)})
	require.NoError(t, err)
	require.True(t, time.Date(2026, 11, 21, 3, 0, 5, 0, time.UTC).Equal(got.Receipts[0].Time))
	require.Equal(t, []delivery.State{"delivered", "failed"}, []delivery.State{got.Receipts[0].State, got.Receipts[1].State})
	_, err = (&vendor{}).ReadReceipts(t.Context(), &delivery.Callback{Body: []byte(`{}`)})
	require.Error(t, err)
}

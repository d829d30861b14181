package outbox_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	outbox "github.com/lintel-run/lintel/elements/SMS/Outbox"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

func TestOnlyInDevelopment(t *testing.T) {
	_, wrong := sdktest.TryOpen(t, outbox.Type(), `{}`)
	require.Len(t, wrong, 1)
	require.Contains(t, wrong[0].GetMessage(), "--dev")
}

func TestMessagesAreKeptNewestFirstAndAcrossGenerations(t *testing.T) {
	ctx := context.Background()
	first := sdktest.Open(t, outbox.Type(), `{"verifyTemplateCode":"T1"}`, sdktest.Dev())
	list, err := first.Call(ctx, "messages", nil)
	require.NoError(t, err)
	require.Equal(t, []any{}, list)
	send := func(e *sdktest.Instance, code string) {
		_, err := e.Call(ctx, "sendMessage", sdktest.Args{"phoneList": []string{"+8613800138000"},
			"params": map[string]any{"code": code, "minutes": 5, "product": "App"}})
		require.NoError(t, err)
	}
	send(first, "000001")
	next, wrong := first.Next(`{"verifyTemplateCode":"T2"}`)
	require.Empty(t, wrong)
	first.Release()
	send(next, "000002")

	var got []outbox.Message
	require.NoError(t, next.CallInto(ctx, "messages", nil, &got))
	require.Len(t, got, 2)
	require.Equal(t, "000002", got[0].Params["code"])
	require.Equal(t, []string{"T2", "T1"}, []string{got[0].Template, got[1].Template})
	require.Equal(t, "App: 000001, valid for 5 minutes", got[1].Text)
	require.Equal(t, "+8613800138000", got[1].Phone)
	require.NotContains(t, next.Log(), "13800138000")

	for i := range 250 {
		send(next, fmt.Sprint(i))
	}
	require.NoError(t, next.CallInto(ctx, "messages", nil, &got))
	require.Len(t, got, 200)
	require.Equal(t, "249", got[0].Params["code"])
}

func TestInstancesDoNotShareMessages(t *testing.T) {
	typ := outbox.Type()
	a := sdktest.Open(t, typ, `{}`, sdktest.Dev(), sdktest.Named("SMS.a"))
	b := sdktest.Open(t, typ, `{}`, sdktest.Dev(), sdktest.Named("SMS.b"))
	_, err := a.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{"+8613800138000"}, "params": map[string]any{"code": "1"}})
	require.NoError(t, err)
	list, err := b.Call(context.Background(), "messages", nil)
	require.NoError(t, err)
	require.Empty(t, list)
}

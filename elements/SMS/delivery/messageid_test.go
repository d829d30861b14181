package delivery_test

import (
	"context"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/sdk"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

// echo gives each message the ID of the test and reads receipts with it.
type echo struct{ id, phone string }

func (e echo) Deliver(context.Context, *delivery.Message) delivery.Outcome {
	return delivery.Accepted(e.id)
}

func (e echo) ReadReceipts(context.Context, *delivery.Callback) (*delivery.CallbackResult, error) {
	return &delivery.CallbackResult{Receipts: []delivery.Receipt{{MessageID: e.id, Phone: e.phone, State: delivery.StateDelivered}}}, nil
}

func TestAnIDWithThePhoneMatchesItsReceiptAndHidesThePhone(t *testing.T) {
	const uuid = "e325ea68-02c1-47ad-8844-c7b93cafaeba"
	for _, row := range []struct{ to, id, receiptPhone, want string }{
		{"+8613800138000", uuid, "13800138000", uuid},
		{"+8613800138000", uuid, "", uuid},
		{"+8613800138000", "900619746936498440^0", "", "900619746936498440^0"},
		{"+8613800138000", uuid + "_13800138000", "13800138000", uuid + "_138****8000"},
		{"+8613800138000", uuid + "_13800138000", "", uuid + "_138****8000"},
		{"+8613800138000", uuid + "_+8613800138000", "+8613800138000", uuid + "_138****8000"},
		{"+8613800138000", uuid + "-8613800138000", "", uuid + "-138****8000"},
		{"+8613800138000", "2026112713800138000", "8613800138000", "20261127138****8000"},
		{"+8613800138000", "13800138000-7", "008613800138000", "138****8000-7"},
		{"+33612345678", uuid + ".33612345678", "33612345678", uuid + ".*******78~"},
		{"+33612345678", uuid + ".33612345678", "", uuid + ".*******78~"},
		{"+4915112345678", uuid + "_4915112345678", "", uuid + "_151****5678~"},
		{"+6561234567", "x:6561234567", "", "x:******67~"},
		{"+4915112345678", "m-1764216000123", "", "m-"}, // no phone, and masked like one
		{"+4915112345678", "288193860302", "", "288193860302"},
		{"+4915112345678", uuid + "_11840135", "", uuid + "_11840135"},
		{"+33612345678", uuid + ".+33612345678", "+33612345678", uuid + ".*******78"},
		{"+33612345678", uuid + ".+33612345678", "", uuid + ".*******78"},
		{"+33612345678", "+33612345678-" + uuid, "", "*******78-" + uuid},
		{"+14155552671", uuid + "_14155552671", "14155552671", uuid + "_141****2671"},
		{"+14155552671", uuid + "_14155552671", "+14155552671", uuid + "_141****2671"},
		{"+14155552671", uuid + "_14155552671", "", uuid + "_141****2671"},
		{"+14155552671", uuid + "_+14155552671", "", uuid + "_141****2671"},
		{"+14155552671", uuid + "_4155552671-7", "14155552671", uuid + "_********71-7"},
		{"+14155552671", "+14155552671", "", "141****2671"},
	} {
		typ := delivery.NewType("SMS.Test", "Test", "", func(_ context.Context, c config, _ sdk.Env) (*delivery.Sender, error) {
			return delivery.NewSender("Test", echo{row.id, row.receiptPhone}, delivery.Options{Settings: c.Settings, TemplateSettings: c.TemplateSettings}), nil
		}, delivery.WithReceipts())
		sms := sdktest.Open(t, typ, `{"verifyTemplateCode":"T"}`)
		var sent delivery.SendResult
		require.NoError(t, sms.CallInto(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{row.to}, "params": map[string]any{"code": "493027"}}, &sent))
		if strings.HasSuffix(row.want, "~") || row.want == "m-" {
			// A digest follows.
			require.Regexp(t, "^"+regexp.QuoteMeta(row.want)+`[0-9*]*~?[0-9a-f]{16}$`, sent.Results[0].MessageID)
			row.want = sent.Results[0].MessageID
		}
		require.Equal(t, row.want, sent.Results[0].MessageID)
		require.Contains(t, sms.Log(), row.want)
		var pushed delivery.CallbackResult
		require.NoError(t, sms.CallInto(context.Background(), "parseReceipt", sdktest.Args{"method": "POST", "url": "https://shop.example/", "body": base64.StdEncoding.EncodeToString(nil)}, &pushed))
		require.Equal(t, row.want, pushed.Receipts[0].MessageID)
		if row.want != row.id {
			require.NotContains(t, sms.Log(), strings.TrimPrefix(row.to, "+")[2:])
		}
	}
}

// IDs that end in a number of their own stay apart, though the number is masked.
func TestMaskedIDsStayApart(t *testing.T) {
	seen := map[string]bool{}
	for _, id := range []string{"m-1764216000123", "m-1764216001123", "m-1764226000123", "n-1764216000123"} {
		typ := delivery.NewType("SMS.Test", "Test", "", func(_ context.Context, c config, _ sdk.Env) (*delivery.Sender, error) {
			return delivery.NewSender("Test", echo{id, ""}, delivery.Options{Settings: c.Settings, TemplateSettings: c.TemplateSettings}), nil
		}, delivery.WithReceipts())
		sms := sdktest.Open(t, typ, `{"verifyTemplateCode":"T"}`)
		var pushed delivery.CallbackResult
		require.NoError(t, sms.CallInto(context.Background(), "parseReceipt", sdktest.Args{"method": "POST", "url": "https://shop.example/", "body": ""}, &pushed))
		require.NotContains(t, pushed.Receipts[0].MessageID, "1764216000")
		seen[pushed.Receipts[0].MessageID] = true
	}
	require.Len(t, seen, 4)
}

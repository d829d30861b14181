package twilio

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/plugins/errcode"
)

func TestOnlySignedReceiptsAreTaken(t *testing.T) {
	const address = "https://app.example/receipts/SMS/t/token?x=1"
	at, err := url.Parse(address)
	require.NoError(t, err)
	v := &vendor{Config: Config{AuthToken: "the-token"}}
	for status, want := range map[string]delivery.State{
		"delivered": "delivered", "undelivered": "failed", "failed": "failed", "sent": "pending", "queued": "pending",
	} {
		form := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {status}, "ErrorCode": {"30003"}}
		push := &delivery.Callback{Method: "POST", URL: at, Header: http.Header{}, Body: []byte(form.Encode())}
		for _, wrong := range []string{"", "x", signature("another", address, form), signature("the-token", address+"2", form), signature("the-token", address, url.Values{})} {
			push.Header.Set("X-Twilio-Signature", wrong)
			_, err := v.ReadReceipts(t.Context(), push)
			require.ErrorIs(t, err, errcode.Forbidden)
		}
		push.Header.Set("X-Twilio-Signature", signature("the-token", address, form))
		got, err := v.ReadReceipts(t.Context(), push)
		require.NoError(t, err)
		require.Equal(t, []delivery.Receipt{{MessageID: "SM1", State: want, Code: "30003"}}, got.Receipts)
	}
}

// The values of a repeated name are signed in order, each after the name, as in the
// validators that Twilio publishes.
func TestARepeatedNameIsSignedWithEachOfItsValues(t *testing.T) {
	form := url.Values{"B": {"2", "1", "2"}, "A": {""}}
	mac := hmac.New(sha1.New, []byte("k"))
	mac.Write([]byte("https://x.example/" + "A" + "B1" + "B2"))
	require.Equal(t, base64.StdEncoding.EncodeToString(mac.Sum(nil)), signature("k", "https://x.example/", form))
}

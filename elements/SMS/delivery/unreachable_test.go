package delivery_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/internal/freeport"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

func TestAnUnreachableVendorIsToldApart(t *testing.T) {
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer untrusted.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	// It takes connections and says nothing.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	hangsUp, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer hangsUp.Close()
	go func() {
		for {
			conn, err := hangsUp.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	for want, row := range map[smscode.Cause][]string{
		smscode.CauseDNS:         {"https://nobody.invalid"},
		smscode.CauseRefused:     {"http://" + freeport.Address(t)},
		smscode.CauseTimeout:     {"https://" + silent.Addr().String()},
		smscode.CauseTLS:         {"https://" + plain.Listener.Addr().String(), "https://" + hangsUp.Addr().String()},
		smscode.CauseCertificate: {untrusted.URL},
	} {
		for _, url := range row {
			t.Run(string(want), func(t *testing.T) {
				client := delivery.NewClient(delivery.Network{})
				defer client.Close()
				sms := open(t, func(context.Context, *delivery.Message) delivery.Outcome {
					patience := time.Minute
					if want == smscode.CauseTimeout {
						patience = time.Second
					}
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					defer cancel()
					req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
					require.NoError(t, err)
					return client.Do(req, accept)
				}, `{"verifyTemplateCode":"T"}`)
				_, err := sms.Call(context.Background(), "sendMessage", sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"code": "1"}})
				e := coded(t, err)
				require.Equal(t, smscode.Refused, e.Code)
				require.Equal(t, map[string]any{"reason": "unavailable", "cause": string(want), "outcome": errcode.OutcomeNotExecuted}, e.Details)
				require.Contains(t, e.Message, "can't be reached: "+string(want))
				require.Contains(t, sms.Log(), `"cause":"`+string(want)+`"`)
			})
		}
	}
}

// A vendor that closes idle connections after two seconds never meets a request.
func TestIdleConnectionsEndBeforeTheVendorEndsThem(t *testing.T) {
	connections := make(chan string, 10)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { connections <- r.RemoteAddr }))
	defer s.Close()
	client := delivery.NewClient(delivery.Network{})
	defer client.Close()
	send := func() string {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL, nil)
		require.NoError(t, err)
		require.Equal(t, delivery.StatusAccepted, client.Do(req, accept).Status())
		return <-connections
	}
	first := send()
	time.Sleep(2 * time.Second)
	require.NotEqual(t, first, send())
}

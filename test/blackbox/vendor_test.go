package blackbox_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// Other tests depend on the stand-in.
func TestTheVendorsStandInDoesWhatItIsTold(t *testing.T) {
	v := blackbox.NewVendor(t)
	post := func() (int, string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, v.URL, strings.NewReader(`{"to":"+8613800138000","code":"123456","id":"r"}`))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+v.Key)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body), err
	}
	tests := []struct {
		turn   blackbox.Turn
		status int
		words  string
		fails  string
		read   bool
	}{
		{blackbox.Accept, 200, `"code":"0"`, "", true},
		{blackbox.Refuse, 200, "E42", "", true},
		{blackbox.RefuseAuth, 401, "", "", true},
		{blackbox.Status500, 500, "", "", true},
		{blackbox.Nonsense, 200, "<h1>", "", true},
		{blackbox.Empty, 200, "", "", true},
		{blackbox.Hang, 0, "", "deadline exceeded", true},
		{blackbox.CutAfterRead, 0, "", "reset", true},
		{blackbox.CutBefore, 0, "", "reset", false},
	}
	for _, test := range tests {
		v.Next(test.turn)
		before := len(v.Sent())
		status, body, err := post()
		if test.fails != "" {
			require.ErrorContains(t, err, test.fails)
			if test.turn == blackbox.Hang {
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
		} else {
			require.NoError(t, err)
			require.Equal(t, test.status, status)
			require.Contains(t, body, test.words)
		}
		read := 0
		if test.read {
			read = 1
		}
		require.Len(t, v.Sent(), before+read, "turn %d", test.turn)
	}
	require.Equal(t, 1, v.Cut())
	require.Len(t, v.To("+8613800138000"), len(tests)-1)
}

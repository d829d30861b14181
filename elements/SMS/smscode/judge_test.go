package smscode

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
)

func TestOnlyOneAcceptedResultForThePhoneIsAccepted(t *testing.T) {
	const phone = "+8613800138000"
	for _, answer := range []string{
		`{"results":[{"phone":"+8613800138000","status":"accepted"}]}`,
		`{"vendor":"V","results":[{"phone":"+8613800138000","messageId":"1","status":"accepted","element":"SMS.x"}],"requestId":"r"}`,
	} {
		require.NoError(t, Judge([]byte(answer), phone), answer)
	}
	for _, answer := range []string{
		"", "null", "[]", "1", `"accepted"`, `{}`, `{"ok":true}`, `{"results":[]}`, `{"results":null}`, `{"results":{}}`, `{"results":[{}]}`,
		`{"results":[{"phone":"+8613800138000","status":"OK"}]}`,
		`{"results":[{"phone":"+8613800138000","status":"Accepted"}]}`,
		`{"results":[{"phone":"+8613800138000","status":"refused"}]}`,
		`{"results":[{"phone":"+8613800138000"}]}`,
		`{"results":[{"status":"accepted"}]}`,
		`{"results":[{"phone":"+8613800138001","status":"accepted"}]}`,
		`{"results":[{"phone":"138****8000","status":"accepted"}]}`,
		`{"results":[{"phone":"+8613800138000","status":"accepted"},{"phone":"+8613800138000","status":"accepted"}]}`,
		`{"results":[{"phone":"+8613800138000","status":"accepted"}]`,
	} {
		err := Judge([]byte(answer), phone)
		require.ErrorIs(t, err, Failed, answer)
		e, _ := errcode.As(err)
		require.Equal(t, "result", Detail(e, DoubtDetail))
		require.False(t, Unsent(err))
	}
}

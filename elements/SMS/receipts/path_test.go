package receipts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPathIsItsElementsAlone(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	path := Path(key, "SMS.aliyunSms")
	rest, ok := strings.CutPrefix(path, "/receipts/SMS/aliyunSms/")
	require.True(t, ok, path)
	require.Len(t, rest, 32)
	name, ok := Element(key, strings.TrimPrefix(path, Prefix))
	require.True(t, ok)
	require.Equal(t, "SMS.aliyunSms", name)
	for _, wrong := range []string{
		"", "/", rest, "SMS/aliyunSms/", "SMS/aliyunSms/" + rest + "x", "SMS/aliyunSms/" + rest[:31], "SMS/other/" + rest,
		"SMS.aliyunSms/" + rest, "SMS/aliyunSms/x/" + rest, "/" + rest,
	} {
		_, ok := Element(key, wrong)
		require.False(t, ok, wrong)
	}
	_, ok = Element([]byte("another key"), strings.TrimPrefix(path, Prefix))
	require.False(t, ok)
}

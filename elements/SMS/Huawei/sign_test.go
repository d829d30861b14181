package huawei

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The vendor's vectors don't sign the host, as every request to the service must.
// authorization, which reproduces those vectors, is compared here with sign for a
// path that must be escaped.
func TestSignedPathIsEscapedAndEndsWithASlash(t *testing.T) {
	at := time.Date(2006, 1, 2, 15, 4, 5, 0, time.FixedZone("", 8*3600))
	signature := func(url string) string {
		req, err := http.NewRequest(http.MethodPost, url, nil)
		require.NoError(t, err)
		sign(req, "b", "k", "s", at)
		require.Equal(t, "20060102T070405Z", req.Header.Get(dateHeader), "the time is UTC")
		return req.Header.Get("Authorization")
	}
	require.Equal(t, signature("https://h.example/a%20b"), signature("https://h.example/a%20b/"))
	require.NotEqual(t, signature("https://h.example/a%20b"), signature("https://h.example/a/b"))
	require.NotEqual(t, signature("https://h.example/a"), signature("https://other.example/a"))
}

func TestAQueryIsSortedByNameThenValue(t *testing.T) {
	at, err := url.Parse("https://h.example/?a-b=1&a=2&a=%2B&b=x%20y&a=")
	require.NoError(t, err)
	require.Equal(t, "a=&a=%2B&a=2&a-b=1&b=x%20y", canonicalQuery(at.Query()))
}

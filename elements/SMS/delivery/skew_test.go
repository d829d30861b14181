package delivery

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClockSkewIsTheLeastThatExplainsADate(t *testing.T) {
	started := time.Date(2026, 11, 27, 8, 0, 0, 999_000_000, time.UTC)
	const slow = 10 * time.Second
	for name, row := range map[string]struct {
		date, age string
		took      time.Duration
		want      time.Duration
	}{
		"right":               {date: "Fri, 27 Nov 2026 08:00:00 GMT", took: time.Millisecond},
		"any time of a call":  {date: "Fri, 27 Nov 2026 08:00:07 GMT", took: slow},
		"30 s behind":         {date: "Fri, 27 Nov 2026 08:00:31 GMT", took: time.Millisecond},
		"31 s behind":         {date: "Fri, 27 Nov 2026 08:00:32 GMT", took: time.Millisecond, want: 31 * time.Second},
		"20 m behind, slow":   {date: "Fri, 27 Nov 2026 08:20:11 GMT", took: slow, want: 20 * time.Minute},
		"3 h ahead, slow":     {date: "Fri, 27 Nov 2026 05:00:01 GMT", took: slow, want: -3 * time.Hour},
		"no date":             {},
		"not a date":          {date: "yesterday"},
		"from a cache":        {date: "Fri, 27 Nov 2026 05:00:01 GMT", age: "10800"},
		"another zone's date": {date: "Fri, 27 Nov 2026 05:00:01 CST"},
	} {
		header := http.Header{}
		for key, value := range map[string]string{"Date": row.date, "Age": row.age} {
			if value != "" {
				header.Set(key, value)
			}
		}
		require.Equal(t, row.want, clockSkew(header, started, started.Add(row.took)), name)
	}
}

package delivery

import (
	"fmt"
	"net/http"
	"time"
)

// maxSkew is the difference of clocks below which no vendor refuses a request.
const maxSkew = 30 * time.Second

// clockSkew returns how far the clock of a server is ahead of this machine's, by the
// Date of its answer to a request of that time. It returns 0 if the difference is at
// most maxSkew, and for an answer from a cache.
func clockSkew(header http.Header, started, ended time.Time) time.Duration {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil || header.Get("Age") != "" {
		return 0
	}
	skew := time.Duration(0)
	switch {
	case date.Before(started):
		skew = date.Sub(started)
	case date.After(ended):
		skew = date.Sub(ended)
	}
	if skew.Abs() <= maxSkew {
		return 0
	}
	return skew.Round(time.Second)
}

// clockDetail describes a clock that is off, "" for one that isn't.
func clockDetail(skew time.Duration) string {
	switch {
	case skew > 0:
		return fmt.Sprintf("this machine's clock is %s behind the vendor's", skew)
	case skew < 0:
		return fmt.Sprintf("this machine's clock is %s ahead of the vendor's", -skew)
	}
	return ""
}

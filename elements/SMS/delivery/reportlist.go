package delivery

import (
	"encoding/json"
	"time"
)

// ReadList reads a push that is a JSON list; read gives one entry, in the vendor's
// own words, as a Report.
func ReadList[R any](p *Push, read func(R) Report) ([]Report, error) {
	var entries []R
	if json.Unmarshal(p.Body, &entries) != nil {
		return nil, ErrPush("the body is no list of reports")
	}
	reports := make([]Report, len(entries))
	for i, entry := range entries {
		reports[i] = read(entry)
	}
	return reports, nil
}

// EndState is the state of a message that is on its way no longer.
func EndState(arrived bool) State {
	if arrived {
		return StateDelivered
	}
	return StateFailed
}

// China is the zone of vendors whose times name none; it needs no database of
// zones, and there is no summer time in it.
var China = time.FixedZone("UTC+8", 8*60*60)

// ReportTime reads when something happened, in the zone that the vendor means where
// the text names none. What can't be read is not told: the zero time.
func ReportTime(text string, zone *time.Location) time.Time {
	for _, layout := range []string{time.RFC3339, time.DateTime} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at
		}
	}
	return time.Time{}
}

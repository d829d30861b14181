package delivery

import (
	"encoding/json"
	"time"
)

// State is the state of a message that a vendor accepted, as its receipt tells it.
type State string

// The states.
const (
	StatePending   State = "pending" // on its way
	StateDelivered State = "delivered"
	StateFailed    State = "failed"
)

// Receipt is the delivery receipt of one message.
type Receipt struct {
	// MessageID is the one in the message's Outcome.
	MessageID string `json:"messageId"`
	// Phone is the phone as the vendor writes it, empty if the receipt doesn't tell. It
	// is masked in MessageID and goes nowhere else.
	Phone string `json:"-"`
	State State  `json:"state"`
	// Code is the vendor's, such as DELIVERED or 30003.
	Code string `json:"code,omitempty"`
	// Time is when the message was delivered or failed, zero if it is not known.
	Time time.Time `json:"time,omitzero"`
}

// ReadReceiptList reads a callback whose body is a JSON list. receipt turns one of
// the vendor's entries into a Receipt. An entry that can't be read has no message ID;
// if none can, the callback is unreadable.
func ReadReceiptList[T any](c *Callback, receipt func(T) Receipt) ([]Receipt, error) {
	var entries []json.RawMessage
	if json.Unmarshal(c.Body, &entries) != nil || entries == nil {
		return nil, UnreadableCallback("the body is no list of reports")
	}
	receipts, unread := make([]Receipt, len(entries)), 0
	for i, raw := range entries {
		var entry T
		if json.Unmarshal(raw, &entry) != nil {
			unread++
			continue
		}
		receipts[i] = receipt(entry)
	}
	if unread > 0 && unread == len(entries) {
		return nil, UnreadableCallback("the list has no reports")
	}
	return receipts, nil
}

// FinalState returns the state of a message that is no longer on its way.
func FinalState(delivered bool) State {
	if delivered {
		return StateDelivered
	}
	return StateFailed
}

// China is the time zone of the mainland, for vendors whose times name none. It has
// no summer time and needs no database of zones.
var China = time.FixedZone("UTC+8", 8*60*60)

// ParseTime parses the time of a receipt; zone applies if the text names none. It
// returns the zero time for text that it can't parse.
func ParseTime(text string, zone *time.Location) time.Time {
	for _, layout := range []string{time.RFC3339, time.DateTime} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at
		}
	}
	return time.Time{}
}

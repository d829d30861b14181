package databases

import (
	"context"
	"time"
)

// SendLog keeps messages: how each send ended, and what its vendor reported later. Rows
// are kept for 30 days. A Directory of this library is a SendLog as well. All methods
// are safe for concurrent use.
type SendLog interface {
	// AddSends keeps sends, in one transaction. A send whose ID is there stays as it is.
	AddSends(ctx context.Context, sends []Send) error
	// AddReceipts keeps receipts, in one transaction, also of sends that aren't there
	// yet. A message that was delivered stays so, whatever is reported later.
	AddReceipts(ctx context.Context, receipts []Receipt) error
	// Sends returns sends, newest first.
	Sends(ctx context.Context, f SendFilter) ([]Send, error)
}

// The states of a Send. The last two are those of its Receipt.
const (
	SendAccepted  = "accepted"
	SendRefused   = "refused"
	SendUnknown   = "unknown"
	SendDelivered = "delivered"
	SendFailed    = "failed"
)

// Send is one message to one phone.
type Send struct {
	ID string
	At time.Time
	// Phone is masked.
	Phone string
	// Instance is the full name of the SMS element.
	Instance string
	Vendor   string
	// MessageID is the vendor's ID of the message, if it gave one.
	MessageID string
	// RequestID is the ID of the call in logs, VendorRequestID the vendor's.
	RequestID, VendorRequestID string
	// State is one of the five. AddSends takes the first three.
	State string
	// Reason is why the send was refused.
	Reason string
	// Code is the vendor's, or that of its receipt once there is one.
	Code string
	// Took is how long the vendor took to answer.
	Took time.Duration
	// ReceiptAt is the time of the receipt; zero without one.
	ReceiptAt time.Time
}

// Receipt is a vendor's report about one message.
type Receipt struct {
	Instance, MessageID string
	// State is SendDelivered or SendFailed.
	State string
	Code  string
	// At is the vendor's time of the event.
	At time.Time
}

// SendFilter selects sends. An empty field selects all.
type SendFilter struct {
	Instance, State string
	Since           time.Time
	// Limit is the most sends to return; 0 is 100.
	Limit int
}

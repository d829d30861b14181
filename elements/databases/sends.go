package databases

import (
	"context"
	"time"
)

// SendLog is what a database keeps of messages: how each send ended, and what its
// vendor reported of it later. Rows are kept for 30 days. The databases of this
// library are SendLogs too; whoever needs one asserts it. All methods may be
// called from any goroutine.
type SendLog interface {
	// AddSends keeps how sends ended, in one transaction. One that is there by its
	// ID stays as it is.
	AddSends(ctx context.Context, sends []Send) error
	// AddReceipts keeps what vendors reported, in one transaction, whether the send
	// is known yet or not. A message that was delivered stays so, whatever comes
	// later or again.
	AddReceipts(ctx context.Context, receipts []Receipt) error
	// Sends lists sends, newest first.
	Sends(ctx context.Context, f SendFilter) ([]Send, error)
}

// The states of a Send: how it ended, and what a Receipt made of it.
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
	// MessageID is the vendor's name of the message, where it gave one.
	MessageID string
	// RequestID names the call in logs, VendorRequestID is the vendor's.
	RequestID, VendorRequestID string
	// State is one of the five; AddSends takes the first three.
	State string
	// Reason of a refusal, Code of the vendor: its receipt's, once there is one.
	Reason, Code string
	// Took is how long the vendor took to answer.
	Took time.Duration
	// ReceiptAt is when the vendor says it was delivered or failed; zero without a
	// receipt.
	ReceiptAt time.Time
}

// Receipt is what a vendor reported of one message.
type Receipt struct {
	Instance, MessageID string
	// State is SendDelivered or SendFailed.
	State string
	Code  string
	// At is when the vendor says it happened.
	At time.Time
}

// SendFilter picks sends. Empty fields pick all.
type SendFilter struct {
	Instance, State string
	Since           time.Time
	// Limit is how many are listed at most; 0: 100.
	Limit int
}

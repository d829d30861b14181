package tencent

import (
	"context"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// report is one entry of a callback. SID is the SerialNo in the response to the send.
type report struct {
	SID    string `json:"sid"`
	Status string `json:"report_status"`
	Code   string `json:"errmsg"`
	Time   string `json:"user_receive_time"`
}

// ReadReceipts reads a status callback, an unsigned list of reports.
func (v *vendor) ReadReceipts(_ context.Context, c *delivery.Callback) (*delivery.CallbackResult, error) {
	receipts, err := delivery.ReadReceiptList(c, func(r report) delivery.Receipt {
		return delivery.Receipt{
			MessageID: r.SID, State: delivery.FinalState(r.Status == "SUCCESS"), Code: r.Code,
			Time: delivery.ParseTime(r.Time, delivery.China),
		}
	})
	return &delivery.CallbackResult{Receipts: receipts, Reply: `{"result":0,"errmsg":"OK"}`, ContentType: "application/json"}, err
}

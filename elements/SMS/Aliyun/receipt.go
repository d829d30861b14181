package aliyun

import (
	"context"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// report is one entry of a callback.
type report struct {
	BizID      string `json:"biz_id"`
	Phone      string `json:"phone_number"`
	Success    bool   `json:"success"`
	ErrCode    string `json:"err_code"`
	ReportTime string `json:"report_time"`
}

// ReadReceipts reads the message SmsReport, an unsigned list of reports. The vendor
// pushes it again until the answer has code 0.
func (v *vendor) ReadReceipts(_ context.Context, c *delivery.Callback) (*delivery.CallbackResult, error) {
	receipts, err := delivery.ReadReceiptList(c, func(r report) delivery.Receipt {
		return delivery.Receipt{
			MessageID: r.BizID, Phone: r.Phone, State: delivery.FinalState(r.Success), Code: r.ErrCode,
			Time: delivery.ParseTime(r.ReportTime, delivery.China),
		}
	})
	return &delivery.CallbackResult{Receipts: receipts, Reply: `{"code":0,"msg":"ok"}`, ContentType: "application/json"}, err
}

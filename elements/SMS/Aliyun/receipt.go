package aliyun

import (
	"context"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// report is one entry of a push.
type report struct {
	BizID      string `json:"biz_id"`
	Success    bool   `json:"success"`
	ErrCode    string `json:"err_code"`
	ReportTime string `json:"report_time"`
}

// ReadPush reads a push of the message SmsReport: a list of reports, which the
// vendor sends again until it hears code 0. It signs none.
func (v *vendor) ReadPush(_ context.Context, p *delivery.Push) (*delivery.Pushed, error) {
	reports, err := delivery.ReadList(p, func(r report) delivery.Report {
		return delivery.Report{
			MessageID: r.BizID, State: delivery.EndState(r.Success), Code: r.ErrCode,
			Time: delivery.ReportTime(r.ReportTime, delivery.China),
		}
	})
	return &delivery.Pushed{Reports: reports, Reply: `{"code":0,"msg":"ok"}`, ContentType: "application/json"}, err
}

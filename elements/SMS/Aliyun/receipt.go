package aliyun

import (
	"context"
	"encoding/json"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// china is the zone of the vendor's times, which name none.
var china = time.FixedZone("UTC+8", 8*60*60)

// ReadPush reads a push of the message SmsReport: a list of reports, which the
// vendor sends again until it hears code 0. It signs none.
func (v *vendor) ReadPush(_ context.Context, p *delivery.Push) (*delivery.Pushed, error) {
	var reports []struct {
		BizID      string `json:"biz_id"`
		Success    bool   `json:"success"`
		ErrCode    string `json:"err_code"`
		ReportTime string `json:"report_time"`
	}
	if json.Unmarshal(p.Body, &reports) != nil {
		return nil, delivery.ErrPush("the body is no list of reports")
	}
	pushed := &delivery.Pushed{Reply: `{"code":0,"msg":"ok"}`, ContentType: "application/json"}
	for _, r := range reports {
		report := delivery.Report{MessageID: r.BizID, State: delivery.StateFailed, Code: r.ErrCode}
		if r.Success {
			report.State = delivery.StateDelivered
		}
		if at, err := time.ParseInLocation(time.DateTime, r.ReportTime, china); err == nil {
			report.Time = at
		}
		pushed.Reports = append(pushed.Reports, report)
	}
	return pushed, nil
}

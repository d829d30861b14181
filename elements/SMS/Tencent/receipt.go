package tencent

import (
	"context"
	"encoding/json"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// china is the zone of the vendor's times, which name none.
var china = time.FixedZone("UTC+8", 8*60*60)

// ReadPush reads a status callback: a list of reports, unsigned. A report's sid is
// the SerialNo that the send was answered with.
func (v *vendor) ReadPush(_ context.Context, p *delivery.Push) (*delivery.Pushed, error) {
	var reports []struct {
		SID    string `json:"sid"`
		Status string `json:"report_status"`
		Code   string `json:"errmsg"`
		Time   string `json:"user_receive_time"`
	}
	if json.Unmarshal(p.Body, &reports) != nil {
		return nil, delivery.ErrPush("the body is no list of reports")
	}
	pushed := &delivery.Pushed{Reply: `{"result":0,"errmsg":"OK"}`, ContentType: "application/json"}
	for _, r := range reports {
		report := delivery.Report{MessageID: r.SID, State: delivery.StateFailed, Code: r.Code}
		if r.Status == "SUCCESS" {
			report.State = delivery.StateDelivered
		}
		if at, err := time.ParseInLocation(time.DateTime, r.Time, china); err == nil {
			report.Time = at
		}
		pushed.Reports = append(pushed.Reports, report)
	}
	return pushed, nil
}

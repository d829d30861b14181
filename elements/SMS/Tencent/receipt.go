package tencent

import (
	"context"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// report is one entry of a push. SID is the SerialNo that the send was answered
// with.
type report struct {
	SID    string `json:"sid"`
	Status string `json:"report_status"`
	Code   string `json:"errmsg"`
	Time   string `json:"user_receive_time"`
}

// ReadPush reads a status callback: a list of reports, unsigned.
func (v *vendor) ReadPush(_ context.Context, p *delivery.Push) (*delivery.Pushed, error) {
	reports, err := delivery.ReadList(p, func(r report) delivery.Report {
		return delivery.Report{
			MessageID: r.SID, State: delivery.EndState(r.Status == "SUCCESS"), Code: r.Code,
			Time: delivery.ReportTime(r.Time, delivery.China),
		}
	})
	return &delivery.Pushed{Reports: reports, Reply: `{"result":0,"errmsg":"OK"}`, ContentType: "application/json"}, err
}

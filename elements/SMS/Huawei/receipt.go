package huawei

import (
	"context"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// ReadPush reads a status report, a form, which the vendor doesn't sign unless it
// is asked to. Long messages are reported part by part.
func (v *vendor) ReadPush(_ context.Context, p *delivery.Push) (*delivery.Pushed, error) {
	form, err := p.Form()
	if err != nil {
		return nil, err
	}
	report := delivery.Report{MessageID: form.Get("smsMsgId"), Code: form.Get("status")}
	switch report.Code {
	case "DELIVRD":
		report.State = delivery.StateDelivered
	case "", "ACCEPTD", "ENROUTE":
		report.State = delivery.StatePending
	default:
		report.State = delivery.StateFailed
	}
	if at, err := time.Parse(time.RFC3339, form.Get("updateTime")); err == nil {
		report.Time = at
	}
	return &delivery.Pushed{Reports: []delivery.Report{report}}, nil
}

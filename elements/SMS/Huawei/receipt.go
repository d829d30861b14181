package huawei

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"mime"
	"regexp"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// report is one status report, as JSON names its fields and as a form does.
type report struct {
	ID      string `json:"smsMsgId"`
	Status  string `json:"status"`
	Updated string `json:"updateTime"`
}

// ReadPush reads status reports: those that a send asked for by statusCallback, a
// form with one (support.huaweicloud.com/api-msgsms/sms_05_0003.html), and those of an
// application's address, JSON with up to 50 (…/sms_05_0063.html). Long messages are
// reported part by part. The vendor signs where the application is set to; with the
// keys for that in the configuration, nothing else is taken.
func (v *vendor) ReadPush(_ context.Context, p *delivery.Push) (*delivery.Pushed, error) {
	if v.receiptKey != "" && !v.signed(p) {
		return nil, delivery.ErrForged()
	}
	reports, err := reportsOf(p)
	if err != nil {
		return nil, err
	}
	pushed := &delivery.Pushed{}
	for _, r := range reports {
		pushed.Reports = append(pushed.Reports, delivery.Report{
			MessageID: r.ID, State: stateOf(r.Status), Code: r.Status, Time: delivery.ReportTime(r.Updated, time.UTC),
		})
	}
	return pushed, nil
}

func reportsOf(p *delivery.Push) ([]report, error) {
	if kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type")); err == nil && kind == "application/json" {
		var batch struct {
			List []report `json:"statusReportList"`
		}
		if json.Unmarshal(p.Body, &batch) != nil || batch.List == nil {
			return nil, delivery.ErrPush("the body has no statusReportList")
		}
		return batch.List, nil
	}
	form, err := p.Form()
	if err != nil {
		return nil, err
	}
	return []report{{form.Get("smsMsgId"), form.Get("status"), form.Get("updateTime")}}, nil
}

// stateOf reads a status: DELIVRD, one of those on the way, or an error's code.
func stateOf(status string) delivery.State {
	switch status {
	case "DELIVRD":
		return delivery.StateDelivered
	case "", "ACCEPTD", "ENROUTE":
		return delivery.StatePending
	}
	return delivery.StateFailed
}

var authorization = regexp.MustCompile(`^` + algorithm + `\s+Access=([^,]+),\s?SignedHeaders=([^,]+),\s?Signature=([0-9a-f]{64})$`)

// signed checks the signature of a push (…/sms_05_0064.html): the rule is that of
// requests, over the headers that it names itself. A body that is not in it is not
// signed. The date's age is let be: receipts come late, and one that comes again
// changes nothing.
func (v *vendor) signed(p *delivery.Push) bool {
	parts := authorization.FindStringSubmatch(p.Header.Get("Authorization"))
	date := p.Header.Get(dateHeader)
	if parts == nil || parts[1] != v.receiptKey || date == "" {
		return false
	}
	hash := digest(string(p.Body))
	if told := p.Header.Get("X-Sdk-Content-Sha256"); told != "" && told != hash {
		return false
	}
	canonical := canonicalRequest(p.Method, p.URL, p.Header, strings.Split(strings.ToLower(parts[2]), ";"), hash)
	return hmac.Equal([]byte(parts[3]), []byte(signature(v.receiptSecret, date, canonical)))
}

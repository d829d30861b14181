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

// report is one status report. A form and JSON name its fields alike.
type report struct {
	ID      string `json:"smsMsgId"`
	Status  string `json:"status"`
	Updated string `json:"updateTime"`
}

// ReadReceipts reads status reports: those that a send asked for by statusCallback, a
// form with one (support.huaweicloud.com/api-msgsms/sms_05_0003.html), and those of an
// application's address, JSON with up to 50 (…/sms_05_0063.html). A long message has a
// report for each part. If the configuration has the keys for signed reports, others
// are refused.
func (v *vendor) ReadReceipts(_ context.Context, c *delivery.Callback) (*delivery.CallbackResult, error) {
	if v.ReceiptKey != "" && !v.signed(c) {
		return nil, delivery.ForgedCallback()
	}
	reports, err := reportsOf(c)
	if err != nil {
		return nil, err
	}
	result := &delivery.CallbackResult{}
	for _, r := range reports {
		result.Receipts = append(result.Receipts, delivery.Receipt{
			MessageID: r.ID, State: stateOf(r.Status), Code: r.Status, Time: delivery.ParseTime(r.Updated, time.UTC),
		})
	}
	return result, nil
}

func reportsOf(c *delivery.Callback) ([]report, error) {
	if kind, _, err := mime.ParseMediaType(c.Header.Get("Content-Type")); err == nil && kind == "application/json" {
		var batch struct {
			List []report `json:"statusReportList"`
		}
		if json.Unmarshal(c.Body, &batch) != nil || batch.List == nil {
			return nil, delivery.UnreadableCallback("the body has no statusReportList")
		}
		return batch.List, nil
	}
	form, err := c.Form()
	if err != nil {
		return nil, err
	}
	return []report{{form.Get("smsMsgId"), form.Get("status"), form.Get("updateTime")}}, nil
}

// stateOf returns the state of a status: DELIVRD, one on the way, or an error code.
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

// signed reports whether a callback has the right signature (…/sms_05_0064.html): that
// of a request, over its body and the headers that it names. The date may be of any
// age: receipts come late, and a repeated one changes nothing.
func (v *vendor) signed(c *delivery.Callback) bool {
	parts := authorization.FindStringSubmatch(c.Header.Get("Authorization"))
	date := c.Header.Get(dateHeader)
	if parts == nil || parts[1] != v.ReceiptKey || date == "" {
		return false
	}
	hash := delivery.HexSHA256(string(c.Body))
	if told := c.Header.Get("X-Sdk-Content-Sha256"); told != "" && told != hash {
		return false
	}
	names := strings.Split(strings.ToLower(parts[2]), ";")
	for values := range sentValues(c, names) {
		canonical := canonicalRequest(c.Method, c.URL, names, values, hash)
		if hmac.Equal([]byte(parts[3]), []byte(signature(v.ReceiptSecret, date, canonical))) {
			return true
		}
	}
	return false
}

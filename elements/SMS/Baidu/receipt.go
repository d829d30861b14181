package baidu

import (
	"context"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the vendor's signature
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// ReadPush reads a status callback (cloud.baidu.com/doc/SMS/s/Fkijy9cdv): one
// report, as JSON. Its signature is checked where the instance has the token. The
// vendor takes any answer of status 200 and pushes again after others, for hours and
// with the timestamp of the first time, so that the timestamp's age says nothing.
func (v *vendor) ReadPush(_ context.Context, p *delivery.Push) (*delivery.Pushed, error) {
	if v.receiptToken != "" {
		given, ours := strings.ToLower(p.Header.Get("signature")), pushSignature(v.receiptToken, p.Header.Get("timestamp"), p.Body)
		if !hmac.Equal([]byte(given), []byte(ours)) {
			return nil, delivery.ErrForged()
		}
	}
	var said struct {
		Code        json.Number `json:"code"` // text by the vendor's page
		MessageID   string      `json:"messageId"`
		CarrierCode string      `json:"carrierCode"`
		DeliverTime string      `json:"deliverTime"`
	}
	if json.Unmarshal(p.Body, &said) != nil {
		return nil, delivery.ErrPush("the body is no report")
	}
	report := delivery.Report{
		MessageID: said.MessageID, State: delivery.StatePending, Code: said.CarrierCode,
		Time: delivery.ReportTime(said.DeliverTime, time.UTC),
	}
	switch said.Code {
	case "0":
		report.State = delivery.StateDelivered
	case "2":
		report.State = delivery.StateFailed
	}
	return &delivery.Pushed{Reports: []delivery.Report{report}}, nil
}

// pushSignature is the vendor's rule: MD5 of token, timestamp and body, in a row.
func pushSignature(token, timestamp string, body []byte) string {
	sum := md5.Sum(append([]byte(token+timestamp), body...)) //nolint:gosec // the vendor's signature
	return hex.EncodeToString(sum[:])
}

package sendlog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/SMS/vendortext"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// sendResult is the answer of sendMessage.
type sendResult struct {
	Vendor    string `json:"vendor"`
	RequestID string `json:"requestId"`
	Results   []struct {
		Phone     string `json:"phone"`
		MessageID string `json:"messageId"`
		Status    string `json:"status"`
		// Element is set by a route: the send is that element's and logged as its own.
		Element string `json:"element"`
	} `json:"results"`
}

// sendsOf returns the sends of an ended call, one for each phone that it was for, each
// with the reason of its state. A message to one phone is judged as a login judges it.
// Of several phones, one without a result has an unknown one; a result for another
// phone says nothing.
func sendsOf(ended element.EndedCall) []databases.Send {
	common := databases.Send{
		At: time.Now().Add(-ended.Took), Instance: ended.Element, Vendor: ended.Type[strings.LastIndexByte(ended.Type, '.')+1:],
		RequestID: ended.RequestID, Took: ended.Took,
	}
	private := privateValues(ended.Args)
	if ended.Err != nil {
		return failedSends(ended, common, private)
	}
	missing := phonesOf(ended.Args)
	var result sendResult
	if json.Unmarshal(ended.Result, &result) != nil {
		return sendPerPhone(unknown(common), missing)
	}
	if result.Vendor != "" {
		common.Vendor = clean(result.Vendor, private)
	}
	if result.RequestID != ended.RequestID {
		common.VendorRequestID = clean(result.RequestID, private)
	}
	doubted := len(missing) == 1 && smscode.Judge(ended.Result, missing[0]) != nil
	sends := make([]databases.Send, 0, len(missing))
	for _, r := range result.Results {
		at := slices.IndexFunc(missing, func(e164 string) bool { return phone.Same(r.Phone, e164) })
		if at < 0 {
			continue
		}
		send := common
		send.ID, send.Phone = newID(), phone.Mask(missing[at])
		missing = slices.Delete(missing, at, at+1)
		if r.Element != "" {
			continue
		}
		send.MessageID = clean(r.MessageID, private)
		send.State = r.Status
		switch {
		case doubted || r.Status != databases.SendAccepted && r.Status != databases.SendRefused:
			send = unknown(send)
		case r.Status == databases.SendRefused:
			send.Reason = string(smscode.Other) // an answer has no reasons
		}
		sends = append(sends, send)
	}
	return append(sends, sendPerPhone(unknown(common), missing)...)
}

// unknown returns a send whose answer doesn't tell how it ended.
func unknown(send databases.Send) databases.Send {
	send.State, send.Reason = databases.SendUnknown, string(smscode.DoubtResult)
	return send
}

// failedSends returns the sends of a call that ended with an error.
func failedSends(ended element.EndedCall, common databases.Send, private []string) []databases.Send {
	e, ok := errcode.As(ended.Err)
	if !ok {
		e = errcode.New(errcode.Internal, "")
	}
	if e.Details[smscode.Through] != nil {
		return nil // logged as a call of the element behind the route
	}
	detail := func(key string) string { return clean(smscode.Detail(e, key), private) }
	common.VendorRequestID = detail(smscode.VendorRequestID)
	common.State, common.Code = databases.SendUnknown, string(e.Code)
	common.Reason = string(smscode.DoubtLost)
	if e.Code == errcode.DeadlineExceeded {
		common.Reason = string(smscode.DoubtTimeout)
	}
	if smscode.Unsent(e) {
		common.State, common.Reason = databases.SendRefused, string(smscode.Unavailable)
	}
	switch e.Code {
	case smscode.Refused:
		common.Reason, common.Code = cmp.Or(detail(smscode.RefusalReason), string(smscode.Other)), detail(smscode.VendorCode)
	case smscode.Failed:
		common.Reason, common.Code = cmp.Or(detail(smscode.DoubtDetail), string(smscode.DoubtUnreadable)), detail(smscode.VendorCode)
	case smscode.Params, errcode.Params:
		common.Reason = "params"
	default:
	}
	return sendPerPhone(common, phonesOf(ended.Args))
}

func sendPerPhone(common databases.Send, phones []string) []databases.Send {
	sends := make([]databases.Send, len(phones))
	for i, e164 := range phones {
		sends[i] = common
		sends[i].ID, sends[i].Phone = newID(), phone.Mask(e164)
	}
	return sends
}

// phonesOf returns the phones of a call, those that can be parsed in E.164.
func phonesOf(args element.Args) []string {
	var list []string
	text, err := json.Marshal(args["phoneList"])
	if err != nil || json.Unmarshal(text, &list) != nil {
		return nil
	}
	for i, text := range list {
		if number, err := phone.Parse(text); err == nil {
			list[i] = number.E164()
		}
	}
	return list
}

// privateValues returns what must not be logged even if a vendor echoes it: the phones
// and the values of the message.
func privateValues(args element.Args) []string {
	var private []string
	for _, phone := range phonesOf(args) {
		digits := strings.TrimPrefix(phone, "+")
		private = append(private, digits[max(0, len(digits)-8):])
	}
	var params map[string]any
	if text, err := json.Marshal(args["params"]); err != nil || json.Unmarshal(text, &params) != nil {
		return private
	}
	for _, value := range params {
		private = append(private, fmt.Sprint(value))
	}
	return private
}

// clean returns text from a vendor, or "" if it contains something private.
func clean(text string, private []string) string {
	text, _ = vendortext.Clean(text, private)
	return text
}

func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.NewString()
	}
	return id.String()
}

package sendlog

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/lintel-run/lintel/elements/SMS/vendorword"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// The codes of SMS elements.
const (
	smsParams  errcode.Code = "SMS_PARAMS"
	smsRefused errcode.Code = "SMS_REFUSED"
	smsFailed  errcode.Code = "SMS_FAILED"
)

// answer is that of sendMessage.
type answer struct {
	Vendor    string `json:"vendor"`
	RequestID string `json:"requestId"`
	Results   []struct {
		Phone     string `json:"phone"`
		MessageID string `json:"messageId"`
		Status    string `json:"status"`
		// Element is set by an element that hands messages on: the send is that
		// element's, and written down as such.
		Element string `json:"element"`
	} `json:"results"`
}

// sendsOf reads an ended call: one send for each phone.
func sendsOf(ended element.EndedCall) []databases.Send {
	common := databases.Send{
		At: time.Now().Add(-ended.Took), Instance: ended.Element, Vendor: vendorOf(ended.Type),
		RequestID: ended.RequestID, Took: ended.Took,
	}
	private := privateOf(ended.Args)
	if ended.Err != nil {
		return failed(ended, common, private)
	}
	var got answer
	if json.Unmarshal(ended.Result, &got) != nil {
		common.State = databases.SendUnknown
		return each(common, phonesOf(ended.Args))
	}
	if got.Vendor != "" {
		common.Vendor = clean(got.Vendor, private)
	}
	if got.RequestID != ended.RequestID {
		common.VendorRequestID = clean(got.RequestID, private)
	}
	sends := make([]databases.Send, 0, len(got.Results))
	for _, result := range got.Results {
		if result.Element != "" {
			continue
		}
		send := common
		send.ID, send.Phone = newID(), phone.Mask(result.Phone)
		send.MessageID = clean(result.MessageID, private)
		switch send.State = result.Status; send.State {
		case databases.SendAccepted, databases.SendRefused:
		default:
			send.State = databases.SendUnknown
		}
		sends = append(sends, send)
	}
	return sends
}

// failed reads a call that ended with an error.
func failed(ended element.EndedCall, common databases.Send, private []string) []databases.Send {
	e, ok := errcode.As(ended.Err)
	if !ok {
		e = errcode.New(errcode.Internal, "")
	}
	if e.Details["through"] != nil {
		return nil // written down where it was handed to
	}
	text := func(key string) string {
		word, _ := e.Details[key].(string)
		return clean(word, private)
	}
	common.VendorRequestID = text("vendorRequestId")
	common.State, common.Code = databases.SendUnknown, text("vendorCode")
	switch e.Code {
	case smsRefused:
		common.State, common.Reason = databases.SendRefused, text("reason")
	case smsFailed:
	case smsParams, errcode.Params:
		common.State, common.Reason, common.Code = databases.SendRefused, "params", string(e.Code)
	case errcode.ElementNotFound, errcode.FunctionNotFound, errcode.Forbidden:
		common.State, common.Reason, common.Code = databases.SendRefused, "unavailable", string(e.Code)
	default:
		common.Code = string(e.Code)
		if e.Details["outcome"] == errcode.OutcomeNotExecuted {
			common.State, common.Reason = databases.SendRefused, "unavailable"
		}
	}
	return each(common, phonesOf(ended.Args))
}

func each(common databases.Send, phones []string) []databases.Send {
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

// privateOf lists what must not be written down whatever a vendor calls it: the
// phones, and the values in the message.
func privateOf(args element.Args) []string {
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

// clean gives a vendor's word, or none where it holds something private.
func clean(word string, private []string) string {
	word, _ = vendorword.Clean(word, private)
	return word
}

// vendorOf is the last segment of a Type's name.
func vendorOf(typ string) string { return typ[strings.LastIndexByte(typ, '.')+1:] }

func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.NewString()
	}
	return id.String()
}

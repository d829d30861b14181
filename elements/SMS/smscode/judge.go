package smscode

import (
	"encoding/json"

	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// accepted is the status of a message that the vendor accepted.
const accepted = "accepted"

// Judge returns nil if an answer of sendMessage says that the vendor accepted the one
// message that was asked for: it has one result, for that phone. Otherwise whether the
// message was sent is not known, and the error is Failed.
func Judge(answer json.RawMessage, e164 string) error {
	var read struct {
		Results []struct {
			Phone  string `json:"phone"`
			Status string `json:"status"`
		} `json:"results"`
	}
	if json.Unmarshal(answer, &read) == nil && len(read.Results) == 1 {
		if only := read.Results[0]; only.Status == accepted && phone.Same(only.Phone, e164) {
			return nil
		}
	}
	return errcode.New(Failed, "whether the message was sent is not known: its SMS element did not answer that it accepted this phone's message").
		With("outcome", errcode.OutcomeUnknown).With(DoubtDetail, string(DoubtResult))
}

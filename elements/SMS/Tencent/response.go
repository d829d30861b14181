package tencent

import (
	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// response is the vendor's JSON. Both kinds of failure come with status 200.
type response struct {
	Response struct {
		Error *struct{ Code string }
		// SendStatusSet has an entry for each phone.
		SendStatusSet []struct{ SerialNo, Code string }
		// DescribeTemplateStatusSet has an entry for each template asked for.
		DescribeTemplateStatusSet []struct{ StatusCode *int }
		RequestID                 string `json:"RequestId"`
	}
}

// readSend accepts the phone's own Code Ok.
func readSend(r *delivery.Response, body response) delivery.Outcome {
	var o delivery.Outcome
	said := body.Response
	phones := said.SendStatusSet
	switch {
	case said.Error != nil && said.Error.Code != "":
		o = refusals.Outcome(said.Error.Code, r.Status)
	case len(phones) != 1 || phones[0].Code == "":
		o = delivery.Unknown("the answer has no code")
	case phones[0].Code != "Ok":
		o = refusals.Outcome(phones[0].Code, r.Status)
	case !r.OK():
		o = delivery.Unknown("the answer contradicts itself")
	default:
		o = delivery.Accepted(phones[0].SerialNo)
	}
	o.RequestID = said.RequestID
	return o
}

// readCheck accepts an approved template, or any answer if there is no template. A
// user that may send but not read templates also has the right keys.
func readCheck(r *delivery.Response, body response, template string) delivery.Outcome {
	said := body.Response
	switch {
	case !r.OK():
		return delivery.Unreadable()
	case said.Error != nil:
		switch said.Error.Code {
		case "AuthFailure.UnauthorizedOperation", "UnauthorizedOperation.RequestPermissionDeny", "UnauthorizedOperation":
			return delivery.Accepted("").WithDetail("but its user may not read templates")
		}
		return refusals.Outcome(said.Error.Code, r.Status)
	case said.RequestID == "" && said.DescribeTemplateStatusSet == nil:
		return delivery.Unknown("the answer is empty")
	case template == "":
		return delivery.Accepted("")
	}
	for _, found := range said.DescribeTemplateStatusSet {
		if found.StatusCode != nil && *found.StatusCode == 0 {
			return delivery.Accepted("")
		}
	}
	return delivery.Refused(smscode.Template, "not approved")
}

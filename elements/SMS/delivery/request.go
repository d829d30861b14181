package delivery

import (
	"encoding/json"
	"strings"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// SendRequest is the arguments of sendMessage. What a call leaves out comes from
// the instance's configuration.
type SendRequest struct {
	PhoneList          []string                   `json:"phoneList" arg:"JitList,required" title:"Phones, E.164"`
	Params             map[string]json.RawMessage `json:"params" arg:"JitDict,required" title:"Values by name; their order means nothing"`
	VerifyTemplateCode string                     `json:"verifyTemplateCode,omitempty" title:"Template, in place of the instance's"`
	VerifySign         string                     `json:"verifySign,omitempty" title:"Sign, in place of the instance's"`
	VerifyParams       []string                   `json:"verifyParams,omitempty" title:"The template's variables in order, in place of the instance's"`
	Text               string                     `json:"text,omitempty" arg:"Ltext" title:"Text for vendors without templates, in place of the instance's"`
}

// SendResult is the answer of sendMessage.
type SendResult struct {
	// Vendor is the last segment of the Type's name, such as Aliyun.
	Vendor  string        `json:"vendor"`
	Results []PhoneResult `json:"results"`
	// RequestID is the vendor's ID of the request, or the call's if the vendor has
	// none.
	RequestID string `json:"requestId"`
}

// PhoneResult is the result of the message to one phone.
type PhoneResult struct {
	Phone     string `json:"phone"`
	MessageID string `json:"messageId"`
	Status    Status `json:"status"`
}

// maxPhones bounds a call's list.
const maxPhones = 100

// Numbers returns the phones of a call, or an error with smscode.Params.
func (r SendRequest) Numbers() ([]phone.Number, error) {
	if n := len(r.PhoneList); n == 0 || n > maxPhones {
		return nil, paramError("phoneList", "phoneList has 1 to %d phones", maxPhones)
	}
	numbers := make([]phone.Number, 0, len(r.PhoneList))
	for _, text := range r.PhoneList {
		number, err := phone.Parse(text)
		if err != nil {
			return nil, paramError("phoneList", "a phone is not in E.164, such as +8613800138000")
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}

// values returns the parameters of a call as text.
func (r SendRequest) values() (map[string]string, error) {
	values := make(map[string]string, len(r.Params))
	for name, raw := range r.Params {
		text, ok := ScalarText(raw)
		if !ok {
			return nil, paramError(name, "parameter %q is neither text nor a number", name)
		}
		values[name] = text
	}
	return values, nil
}

// ScalarText returns a JSON string, number or truth value as text. It reports false
// for any other value.
func ScalarText(raw json.RawMessage) (string, bool) {
	var text string
	switch trimmed := strings.TrimSpace(string(raw)); {
	case trimmed == "" || strings.ContainsAny(trimmed[:1], `{[n`):
		return "", false
	case trimmed[0] == '"':
		err := json.Unmarshal(raw, &text)
		return text, err == nil
	default:
		return trimmed, true
	}
}

func paramError(param, format string, args ...any) error {
	return errcode.New(smscode.Params, format, args...).With(smscode.Param, param)
}

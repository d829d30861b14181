package delivery

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// Request is the arguments of sendMessage. What a call leaves out comes from the
// instance's configuration.
type Request struct {
	PhoneList          []string                   `json:"phoneList" arg:"JitList,required" title:"Phones, E.164"`
	Params             map[string]json.RawMessage `json:"params" arg:"JitDict,required" title:"Values by name; their order means nothing"`
	VerifyTemplateCode string                     `json:"verifyTemplateCode" title:"Template, in place of the instance's"`
	VerifySign         string                     `json:"verifySign" title:"Sign, in place of the instance's"`
	VerifyParams       []string                   `json:"verifyParams" title:"The template's variables in order, in place of the instance's"`
	Text               string                     `json:"text" arg:"Ltext" title:"Text for vendors without templates, in place of the instance's"`
}

// Receipt is the answer of sendMessage.
type Receipt struct {
	// Vendor is the last segment of the Type's name: "Aliyun".
	Vendor  string   `json:"vendor"`
	Results []Result `json:"results"`
	// RequestID is the vendor's where it gives one, else the call's.
	RequestID string `json:"requestId"`
}

// Result is how the message to one phone ended.
type Result struct {
	Phone     string `json:"phone"`
	MessageID string `json:"messageId"`
	Status    Status `json:"status"`
}

// Message is one message to one phone, ready for a vendor.
type Message struct {
	Phone phone.Number
	// Template and Sign are the call's or the configuration's.
	Template, Sign string
	// Params are the template's variables, in order.
	Params []Param
	// Given are all values that the call brought, by name.
	Given map[string]string
	// Text is the text for vendors without templates; empty for others.
	Text string
	// TextGiven: the text is the call's own, not the configuration's.
	TextGiven bool
	// RequestID is unique to this message.
	RequestID string
}

// Param is one variable of a template.
type Param struct{ Name, Value string }

// Values gives the variables' values in order, for vendors that number them.
func (m *Message) Values() []string {
	values := make([]string, len(m.Params))
	for i, p := range m.Params {
		values[i] = p.Value
	}
	return values
}

// Named gives the variables by name.
func (m *Message) Named() map[string]string {
	named := make(map[string]string, len(m.Params))
	for _, p := range m.Params {
		named[p.Name] = p.Value
	}
	return named
}

// maxPhones bounds a call's list.
const maxPhones = 100

// Numbers returns the phones of a call, or an error with CodeParams.
func (r Request) Numbers() ([]phone.Number, error) {
	if n := len(r.PhoneList); n == 0 || n > maxPhones {
		return nil, errcode.New(CodeParams, "phoneList has 1 to %d phones", maxPhones).With("param", "phoneList")
	}
	numbers := make([]phone.Number, 0, len(r.PhoneList))
	for _, text := range r.PhoneList {
		number, err := phone.Parse(text)
		if err != nil {
			return nil, errcode.New(CodeParams, "a phone is not in E.164, such as +8613800138000").With("param", "phoneList")
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}

// textOf gives a parameter as text: a string as it is, a number or truth value
// as JSON writes it.
func textOf(name string, raw json.RawMessage) (string, error) {
	switch written := strings.TrimSpace(string(raw)); {
	case strings.HasPrefix(written, `"`):
		var text string
		if json.Unmarshal(raw, &text) == nil {
			return text, nil
		}
	case written == "true", written == "false":
		return written, nil
	default:
		var number json.Number
		if json.Unmarshal(raw, &number) == nil && number != "" {
			return written, nil
		}
	}
	return "", errcode.New(CodeParams, "parameter %q is neither text nor a number", name).With("param", name)
}

// paramsOf picks the template's variables out of what the call brought.
func paramsOf(names []string, given map[string]string) ([]Param, error) {
	params := make([]Param, 0, len(names))
	for _, name := range names {
		value, ok := given[name]
		if !ok {
			return nil, errcode.New(CodeParams, "parameter %q is missing", name).With("param", name)
		}
		params = append(params, Param{name, value})
	}
	return params, nil
}

// given are the names that a call brings values for.
func given(names []string, values map[string]string) []string {
	kept := make([]string, 0, len(names))
	for _, name := range names {
		if _, ok := values[name]; ok {
			kept = append(kept, name)
		}
	}
	return kept
}

var textPlaceholder = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// renderText puts a call's values into the text of vendors without templates; it
// names the first value that is missing.
func renderText(text string, given map[string]string) (out, missing string) {
	out = textPlaceholder.ReplaceAllStringFunc(text, func(place string) string {
		name := place[2 : len(place)-1]
		value, ok := given[name]
		if !ok && missing == "" {
			missing = name
		}
		return value
	})
	return out, missing
}

// messageID makes the id of the n-th message of a call.
func messageID(requestID string, n int) string {
	if n == 0 {
		return requestID
	}
	return fmt.Sprintf("%s-%d", requestID, n+1)
}

// Token names the message to vendors that send one name once: letters and digits,
// at most maxLength of them, the same for the same message. It gives nothing of
// the message away.
func (m *Message) Token(maxLength int) string {
	sum := m.sum()
	token := hex.EncodeToString(sum[:])
	return token[:min(maxLength, len(token))]
}

// Number is Token for vendors that name messages by numbers: 15 digits, the first of
// which is not 0.
func (m *Message) Number() string {
	const least = 100_000_000_000_000
	sum := m.sum()
	return strconv.FormatUint(least+binary.BigEndian.Uint64(sum[:])%(9*least), 10)
}

func (m *Message) sum() [sha256.Size]byte {
	return sha256.Sum256([]byte(m.RequestID + "\x00" + m.Phone.E164() + "\x00" + m.Template))
}

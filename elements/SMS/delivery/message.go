package delivery

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"

	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Message is one message to one phone, ready for a vendor.
type Message struct {
	Phone phone.Number
	// Template and Sign are the call's or the configuration's.
	Template, Sign string
	// Params are the template's variables, in order.
	Params []Param
	// Given are all values of the call, by name.
	Given map[string]string
	// Text is the text for vendors without templates, empty for others.
	Text string
	// TextGiven reports whether Text is the call's own, not the configuration's.
	TextGiven bool
	// OtherTemplate reports that template or text are the call's own, so that they may
	// need other values than those of the configuration.
	OtherTemplate bool
	// RequestID is unique to this message.
	RequestID string
}

// Param is one variable of a template.
type Param struct{ Name, Value string }

// Values returns the variables' values in order, for vendors that number them.
func (m *Message) Values() []string {
	values := make([]string, len(m.Params))
	for i, p := range m.Params {
		values[i] = p.Value
	}
	return values
}

// Named returns the variables by name.
func (m *Message) Named() map[string]string {
	named := make(map[string]string, len(m.Params))
	for _, p := range m.Params {
		named[p.Name] = p.Value
	}
	return named
}

// messages checks a call's arguments and returns a message for each phone.
func (s *Sender) messages(ctx context.Context, r SendRequest) ([]*Message, error) {
	numbers, err := r.Numbers()
	if err != nil {
		return nil, err
	}
	common := Message{
		Template:  cmp.Or(r.VerifyTemplateCode, s.o.VerifyTemplateCode),
		Sign:      cmp.Or(r.VerifySign, s.o.VerifySign),
		RequestID: cmp.Or(sdk.RequestID(ctx), rand.Text()),
	}
	switch {
	case r.Text != "" && r.VerifyTemplateCode == "" && s.o.Text == "" && s.o.RequireTemplate:
		// The instance's template belongs to another message than this text.
		return nil, paramError("verifyTemplateCode", "this vendor sends templates, not text")
	case s.o.RequireTemplate && common.Template == "":
		return nil, paramError("verifyTemplateCode", "there is no verifyTemplateCode")
	case s.o.RequireSign && common.Sign == "":
		return nil, paramError("verifySign", "there is no verifySign")
	}
	if common.Given, err = r.values(); err != nil {
		return nil, err
	}
	common.OtherTemplate = r.Text != "" || r.VerifyTemplateCode != "" && r.VerifyTemplateCode != s.o.VerifyTemplateCode
	if common.Params, err = s.params(r, common); err != nil {
		return nil, err
	}
	if s.o.Text != "" {
		text, missing := renderText(cmp.Or(r.Text, s.o.Text), common.Given)
		switch {
		case missing == "" || s.o.TextGaps:
		case s.o.RequireTemplate && common.OtherTemplate:
			text = "" // the template says what the message is
		default:
			return nil, paramError(missing, "parameter %q of the text is missing", missing)
		}
		common.Text, common.TextGiven = text, r.Text != ""
	}
	messages := make([]*Message, 0, len(numbers))
	for i, number := range numbers {
		m := common
		m.Phone = number
		if i > 0 {
			m.RequestID = fmt.Sprintf("%s-%d", common.RequestID, i+1)
		}
		messages = append(messages, &m)
	}
	return messages, nil
}

// params returns the template's variables. The instance's list belongs to its own
// template: of another message's variables only those that the call has are sent.
func (s *Sender) params(r SendRequest, m Message) ([]Param, error) {
	names, optional := r.VerifyParams, false
	if names == nil {
		names, optional = s.o.VerifyParams, m.OtherTemplate
	}
	params := make([]Param, 0, len(names))
	for _, name := range names {
		switch value, ok := m.Given[name]; {
		case ok:
			params = append(params, Param{name, value})
		case !optional:
			return nil, paramError(name, "parameter %q is missing", name)
		}
	}
	return params, nil
}

var textPlaceholder = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// renderText puts a call's values into the text for vendors without templates. It
// returns the name of the first value that is missing.
func renderText(text string, given map[string]string) (out, missing string) {
	out = textPlaceholder.ReplaceAllStringFunc(text, func(placeholder string) string {
		name := placeholder[2 : len(placeholder)-1]
		value, ok := given[name]
		if !ok && missing == "" {
			missing = name
		}
		return value
	})
	return out, missing
}

// Token returns an ID for vendors that send each ID once: at most maxLen letters
// and digits, the same for the same message. It reveals nothing of the message.
func (m *Message) Token(maxLen int) string {
	sum := m.sum()
	token := hex.EncodeToString(sum[:])
	return token[:min(maxLen, len(token))]
}

// Number returns an ID for vendors whose IDs are numbers: 15 digits, the first of
// which is not 0.
func (m *Message) Number() string {
	const least = 100_000_000_000_000
	sum := m.sum()
	return strconv.FormatUint(least+binary.BigEndian.Uint64(sum[:])%(9*least), 10)
}

func (m *Message) sum() [sha256.Size]byte {
	return sha256.Sum256([]byte(m.RequestID + "\x00" + m.Phone.E164() + "\x00" + m.Template))
}

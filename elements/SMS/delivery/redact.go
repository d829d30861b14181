package delivery

import "github.com/lintel-run/lintel/elements/SMS/vendorword"

// redacted cleans what the vendor said of everything that must not be seen: a
// vendor may echo the phone, the code or a key in any field.
func (s *Sender) redacted(o Outcome, m *Message, proofs []string) Outcome {
	sensitive := []string{m.Phone.E164(), m.Phone.Digits(), m.Phone.National()}
	for _, value := range m.Given {
		sensitive = append(sensitive, value)
	}
	if m.Text != "" {
		sensitive = append(sensitive, m.Text)
	}
	sensitive = append(sensitive, s.o.Secrets...)
	sensitive = append(sensitive, proofs...)
	o.Code = cleaned(o.Code, sensitive)
	o.RequestID = cleaned(o.RequestID, sensitive)
	o.MessageID = cleaned(o.MessageID, sensitive)
	return o
}

// cleaned gives a word fit to be written down, or "[redacted]" when it holds
// something sensitive.
func cleaned(word string, sensitive []string) string {
	if clean, ok := vendorword.Clean(word, sensitive); ok {
		return clean
	}
	return "[redacted]"
}

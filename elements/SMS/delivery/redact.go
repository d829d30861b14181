package delivery

import "strings"

// maxVendorWord bounds what of a vendor's words is kept.
const maxVendorWord = 128

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

// cleaned gives a word of printable ASCII and bounded length, or "[redacted]"
// when it holds something sensitive. Values of three characters and less, a
// number of minutes for one, would be found everywhere and are let be.
func cleaned(word string, sensitive []string) string {
	for _, s := range sensitive {
		if len(s) > 3 && strings.Contains(word, s) {
			return "[redacted]"
		}
	}
	word = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, word)
	if len(word) > maxVendorWord {
		word = word[:maxVendorWord]
	}
	return word
}

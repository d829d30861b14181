package redistype

import "time"

// parsed is a script's answer. What is missing or of another kind is zero.
type parsed []any

func (p parsed) number(i int) int64 {
	if i < len(p) {
		n, _ := p[i].(int64)
		return n
	}
	return 0
}

func (p parsed) wait(i int) time.Duration { return time.Duration(p.number(i)) * time.Millisecond }

func (p parsed) text(i int) string {
	if i < len(p) {
		s, _ := p[i].(string)
		return s
	}
	return ""
}

func (p parsed) bytes(i int) []byte {
	if i < len(p) {
		if s, ok := p[i].(string); ok {
			return []byte(s)
		}
	}
	return nil
}

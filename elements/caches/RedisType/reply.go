package redistype

import "time"

// reply is what a script returns. What is missing or of another type is zero.
type reply []any

func (r reply) number(i int) int64 {
	if i < len(r) {
		n, _ := r[i].(int64)
		return n
	}
	return 0
}

func (r reply) wait(i int) time.Duration { return time.Duration(r.number(i)) * time.Millisecond }

func (r reply) text(i int) string {
	if i < len(r) {
		s, _ := r[i].(string)
		return s
	}
	return ""
}

// bytes returns nil for what is missing.
func (r reply) bytes(i int) []byte {
	if i < len(r) {
		if s, ok := r[i].(string); ok {
			return []byte(s)
		}
	}
	return nil
}

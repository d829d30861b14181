package verification

import (
	"crypto/rand"
	"strings"
)

// The lengths that a code may have.
const (
	minCodeLength = 6
	maxCodeLength = 10
)

// randomDigits returns n decimal digits, uniformly distributed. It drops the bytes
// that would favor some digits.
func randomDigits(n int) string {
	const fair = 250 // the largest multiple of ten in a byte
	digits := make([]byte, 0, n)
	var random [32]byte
	for len(digits) < n {
		_, _ = rand.Read(random[:])
		for _, b := range random {
			if b < fair && len(digits) < n {
				digits = append(digits, '0'+b%10)
			}
		}
	}
	return string(digits)
}

// isDigits reports whether s is exactly n ASCII digits.
func isDigits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}

package phone

// mainland is the country calling code of mainland China.
const mainland = "86"

// Mainland reports whether n belongs to mainland China.
func (n Number) Mainland() bool { return n.countryCode == mainland }

// MainlandMobile reports whether n is a mobile number of mainland China.
func (n Number) MainlandMobile() bool { return n.Mainland() && IsMainlandMobile(n.national) }

// IsMainlandMobile reports whether s is a mobile number of mainland China without
// its country code: 1, a digit from 3 to 9, and nine more digits.
func IsMainlandMobile(s string) bool {
	return len(s) == 11 && s[0] == '1' && s[1] >= '3' && isDigits(s)
}

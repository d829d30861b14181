package phone

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseSplitsTheCountryCode(t *testing.T) {
	for text, want := range map[string]Number{
		"+8613800138000": {"86", "13800138000"},
		"13800138000":    {"86", "13800138000"},
		"+12015550123":   {"1", "2015550123"},
		"+79161234567":   {"7", "9161234567"},
		"+447400123456":  {"44", "7400123456"},
		"+85251234567":   {"852", "51234567"},
	} {
		got, err := Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
		require.Equal(t, "+"+got.Digits(), got.E164())
		require.Equal(t, want.CountryCode() == "86", got.Mainland())
	}
}

func TestParseRefusesWhatIsNotE164(t *testing.T) {
	for _, text := range []string{
		"", "+", "+86", "+123456", "+1234567890123456", "+0123456789", "8613800138000", "12800138000", "1380013800x",
		"+86 13800138000", "+8613800138000\n", "１３８００１３８０００",
	} {
		_, err := Parse(text)
		require.ErrorIs(t, err, ErrInvalid, "%q", text)
	}
}

func TestSameNumber(t *testing.T) {
	const number = "+8613800138000"
	for text, want := range map[string]bool{
		number: true, "13800138000": true, "+8613800138001": false, "+18613800138000": false, "8613800138000": false,
		"+86138001380": false, "": false, "138****8000": false, "x": false,
	} {
		require.Equal(t, want, Same(text, number), text)
		require.Equal(t, want, Same(number, text), text)
	}
	require.False(t, Same("x", "x"), "no number")
}

func TestMask(t *testing.T) {
	for e164, want := range map[string]string{
		"+8613800138000": "138****8000",
		"+447400123456":  "********56",
		"+14155550123":   "********23",
		"+4915112345678": "151****5678",
		"+6581234567":    "******67",
		"+3725123456":    "*****56",
		"+8612":          "**",
		"+86":            "",
		"":               "",
		"nonsense":       "****",
	} {
		require.Equal(t, want, Mask(e164), e164)
	}
}

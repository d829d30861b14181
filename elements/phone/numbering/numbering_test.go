package numbering

import (
	"regexp"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lintel-run/lintel/elements/phone"
)

func rules(t testing.TB, region string, regions ...string) *Rules {
	t.Helper()
	r, unknown := NewRules(regions, region)
	require.Empty(t, unknown)
	return r
}

func TestEverySpellingIsOneIdentity(t *testing.T) {
	r := rules(t, "CN", "CN", "GB", "US")
	for want, spellings := range map[string][]string{
		"+8613800138000": {
			"13800138000", "138 0013 8000", "138-0013-8000", " 13800138000 ", "+8613800138000",
			"+86 138 0013 8000", "(+86) 138-0013-8000", "8613800138000", "008613800138000",
			"１３８００１３８０００", "＋８６１３８００１３８０００", "+86 013800138000", "013800138000",
			"\u202d13800138000\u202c", "\u200e+86 138 0013 8000\u200f", "138\u200b0013\u20608000", "\ufeff13800138000", "138\u00ad00138000",
			"\u206813800138000\u2069", strings.Repeat("\u200b", 200) + "13800138000", "١٣٨٠٠١٣٨٠٠٠", "۱۳۸۰۰۱۳۸۰۰۰", "१३८००१३८०००",
			"+٨٦ ١٣٨٠٠١٣٨٠٠٠", "𝟏𝟑𝟖𝟎𝟎𝟏𝟑𝟖𝟎𝟎𝟎", "tel:+8613800138000", "tel:13800138000", "TEL:+86-138-0013-8000", " Tel: +86 138 0013 8000",
			"\u202atel\u200b:+8613800138000\u202c", "tel:+٨٦١٣٨٠٠١٣٨٠٠٠",
		},
		"+447400123456": {"+447400123456", "+44 7400 123456", "+44 (0)7400 123456", "00447400123456"},
		"+12015550123":  {"+12015550123", "+1 201-555-0123", "+1 (201) 555.0123"},
	} {
		for _, spelling := range spellings {
			got, err := r.Normalize(spelling)
			require.NoError(t, err, spelling)
			require.Equal(t, want, got, spelling)
		}
	}
}

func TestWhatIsNoMobileNumberIsRefused(t *testing.T) {
	r := rules(t, "CN", "CN", "GB", "US")
	for _, text := range []string{
		"", " ", "+", "1", "110", "12345678901", "10000000000", "1380013800", "138001380000",
		"13800138000\n", "\n13800138000", "13800138000\r", "138\t00138000", "13800138000\x00", "1380013800O",
		"+86+13800138000", "1+3800138000", "13800138000x1", "13800138000;ext=1", "tel:", "tel:tel:13800138000", "tell:13800138000",
		"tel:+8613800138000;ext=1", "tel:13800138000;phone-context=+86", "sms:13800138000", "+86tel:13800138000", "1380013800²",
		"一三八〇〇一三八〇〇〇", "1380013800\u0301", "138\u202800138000", strings.Repeat("\u200b", 255),
		"+86 10 6552 9988", "010 6552 9988", "+44 20 7946 0018", "1-800-FLOWERS", "٠١٢٣٤٥٦٧٨٩",
		"<script>", "' or 1=1", strings.Repeat("1", 5000), strings.Repeat(" ", 79) + "13800138000",
	} {
		_, err := r.Normalize(text)
		require.ErrorIs(t, err, ErrInvalid, "%q", text)
	}
}

func TestRegionIsCheckedAfterTheNumber(t *testing.T) {
	r := rules(t, "CN", "CN")
	_, err := r.Normalize("+447400123456")
	require.ErrorIs(t, err, ErrRegion)
	_, err = r.Normalize("+442079460018")
	require.ErrorIs(t, err, ErrInvalid, "a fixed line is no mobile number, wherever it is")

	_, err = rules(t, "GB", "GB").Normalize("+8613800138000")
	require.ErrorIs(t, err, ErrRegion)
}

func TestNumberWithoutCountryCodeIsOfTheDefaultRegion(t *testing.T) {
	got, err := rules(t, "GB", "CN", "GB").Normalize("07400 123456")
	require.NoError(t, err)
	require.Equal(t, "+447400123456", got)
	_, err = rules(t, "GB", "CN", "GB").Normalize("13800138000")
	require.ErrorIs(t, err, ErrInvalid)
}

func TestUnknownRegionIsNamed(t *testing.T) {
	_, unknown := NewRules([]string{"CN", "XX"}, "CN")
	require.Equal(t, "XX", unknown)
	_, unknown = NewRules([]string{"CN"}, "ZZ")
	require.Equal(t, "ZZ", unknown)
}

func TestParseChineseAgreesWithTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		national := "1" + rapid.StringMatching(`[3-9]\d{9}`).Draw(t, "national")
		for _, text := range []string{national, "+86" + national} {
			e164, region, ok := parseChinese(strings.TrimPrefix(text, "+"), text[0] == '+', "CN")
			if !ok || e164 != "+86"+national || region != "CN" {
				t.Fatalf("%s: parseChinese returns %q", text, e164)
			}
			number, err := phonenumbers.Parse(text, "CN")
			if err != nil || !phonenumbers.IsValidNumber(number) {
				continue
			}
			if want := phonenumbers.Format(number, phonenumbers.E164); want != e164 {
				t.Fatalf("%s: the library returns %q", text, want)
			}
		}
	})
}

// A number that parseChinese refuses may only be known to the library by a longer
// spelling.
func TestParseChineseMissesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`1[0-9]{10}`).Draw(t, "digits")
		if _, _, ok := parseChinese(digits, false, "CN"); ok {
			return
		}
		if e164, _, ok := parse(digits, false, "CN"); ok && e164 == "+86"+digits {
			t.Fatalf("%s: the library takes it", digits)
		}
	})
}

var normal = regexp.MustCompile(`^\+[1-9]\d{6,14}\z`)

func FuzzNormalizePhone(f *testing.F) {
	for _, seed := range []string{"13800138000", "+86 138-0013-8000", "+44 (0)7400 123456", "13800138000\n", "+1 201 555 0123", "+39 312 345 6789", "+54 9 11 2345 6789", "+521 55 1234 5678"} {
		f.Add(seed)
	}
	all := make([]string, 0, 256)
	for region := range phonenumbers.GetSupportedRegions() {
		all = append(all, region)
	}
	every := []*Rules{rules(f, "CN", all...), rules(f, "US", all...), rules(f, "GB", all...)}
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range every {
			e164, err := r.Normalize(text)
			if err != nil {
				continue
			}
			if !normal.MatchString(e164) {
				t.Fatalf("%q is parsed as %q", text, e164)
			}
			for _, other := range every {
				if again, err := other.Normalize(e164); err != nil || again != e164 {
					t.Fatalf("%q is parsed as %q, and that as %q, %v", text, e164, again, err)
				}
			}
			spaced := strings.Join(strings.Split(e164, ""), " ")
			if again, err := r.Normalize(spaced); err != nil || again != e164 {
				t.Fatalf("%q: its spelling %q is parsed as %q, %v", text, spaced, again, err)
			}
			if masked := phone.Mask(e164); strings.Contains(e164, masked) {
				t.Fatalf("%q is masked as %q", e164, masked)
			}
		}
	})
}

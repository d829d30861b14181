package deliverytest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/phone"
)

// Numbers sends to numbers of many countries, many of which have the same digits with
// and without a country code. Each has a form of its own in the request, or is refused
// with the reason region and without a request.
func (v Vendor) Numbers(t *testing.T) {
	var request string
	s := newStandIn(t, func(w http.ResponseWriter, r *http.Request, body []byte) {
		request = r.RequestURI + "\n" + fmt.Sprint(r.Header) + "\n" + string(body)
		v.Accepted.write(w)
	})
	sms := v.open(t, s.URL, nil)
	forms := make(map[string]string)
	for _, number := range lookalikes(t) {
		request = ""
		_, err := v.send(sms, number.E164())
		if err != nil {
			require.False(t, number == mustParse(t, v.Phone), "the vendor's own number is refused")
			e := Coded(t, err)
			require.Equal(t, string(smscode.Region), e.Details["reason"], number.E164())
			require.Empty(t, request, number.E164())
			continue
		}
		form := wireForm(request, number)
		require.NotEmpty(t, form, "%s is not in %s", number.E164(), request)
		if number.CountryCode() != "86" {
			require.False(t, phone.IsMainlandMobile(form), "%s goes as a mainland number", number.E164())
		}
		require.Empty(t, forms[form], "%s goes as %s", number.E164(), form)
		forms[form] = number.E164()
	}
	require.NotEmpty(t, forms)
}

func mustParse(t *testing.T, e164 string) phone.Number {
	t.Helper()
	n, err := phone.Parse(e164)
	require.NoError(t, err, e164)
	return n
}

// lookalikes returns numbers whose digits are confusable: each of some texts of digits
// as a number of its own, and below some countries' codes.
func lookalikes(t *testing.T) []phone.Number {
	rng := rand.New(rand.NewPCG(37, 37)) //nolint:gosec // a fixed sequence
	texts := []string{"18624017194", "13800138000", "12025550123", "8624017194", "1088888888"}
	for range 20 {
		texts = append(texts, fmt.Sprintf("1%d%09d", rng.IntN(10), rng.IntN(1_000_000_000)), fmt.Sprintf("%d%08d", 2+rng.IntN(8), rng.IntN(100_000_000)))
	}
	var numbers []phone.Number
	for _, text := range texts {
		for _, code := range []string{"", "1", "7", "33", "44", "81", "86", "8686", "852", "886", "91", "998"} {
			if digits := code + text; len(digits) <= 15 {
				numbers = append(numbers, mustParse(t, "+"+digits))
			}
		}
	}
	slices.SortFunc(numbers, func(a, b phone.Number) int { return strings.Compare(a.E164(), b.E164()) })
	return slices.Compact(numbers)
}

var digitsWithPlus = regexp.MustCompile(`\+?[0-9]+`)

// wireForm returns the longest text of digits in a request that ends in the national
// number.
func wireForm(request string, number phone.Number) string {
	texts := []string{request}
	if plain, err := url.QueryUnescape(request); err == nil {
		texts = append(texts, plain)
	}
	form := ""
	for _, text := range texts {
		for _, found := range digitsWithPlus.FindAllString(text, -1) {
			if strings.HasSuffix(number.E164(), found) && strings.HasSuffix(found, number.National()) && len(found) > len(form) {
				form = found
			}
		}
	}
	return form
}

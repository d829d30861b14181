package web

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// budget bounds the size of all that a browser loads for a step.
const budget = 8 << 10

func packed(t *testing.T, text []byte) int {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	require.NoError(t, err)
	_, err = z.Write(text)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return out.Len()
}

func TestEachStepOfLoginFitsTheBudget(t *testing.T) {
	p := newSite(t, &fakeSite{}, Options{})
	files := packed(t, assets["page.js"].text)
	heaviest := 0
	for _, s := range []step{"", stepCode, stepRegister, stepCorp} {
		for _, lang := range []string{"en", "zh-CN"} {
			r := httptest.NewRequest(http.MethodGet, "/login?lang="+lang, nil)
			w := httptest.NewRecorder()
			v, err := p.pages.open(fakeRequest{p.fakeSite, w, r})
			require.NoError(t, err)
			v.flow = flow{Step: s, Phone: "13800138000", Resend: 1 << 50, Corps: []corp{{"1", "First"}, {"2", "Second"}}, Message: flashMessage{Key: "codeRejected"}}
			require.NoError(t, v.showLogin())
			total := files + packed(t, w.Body.Bytes())
			heaviest = max(heaviest, total)
			require.LessOrEqual(t, total, budget, "%s %s", s, lang)
			require.Greater(t, total, 2000)
			require.NotContains(t, w.Body.String(), "<script>")
			require.NotContains(t, w.Body.String(), "style=")
		}
	}
	t.Logf("heaviest step %d, css %d, js %d", heaviest, packed(t, assets["page.css"].text), packed(t, assets["page.js"].text))
}

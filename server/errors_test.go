package server

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/errortable"
)

// retryWords are how docs/errors.md spells the rules.
var retryWords = map[errortable.RetryAfter][]string{
	errortable.Never:       {""},
	errortable.Known:       {"yes", "where known"},
	errortable.Always:      {"yes", "1"},
	errortable.Minute:      {"rounded up to a minute"},
	errortable.NotExecuted: {"with `not_executed`"},
}

func TestTheDocumentedErrorsAreThoseOfTheTables(t *testing.T) {
	text, err := os.ReadFile("../docs/errors.md")
	require.NoError(t, err)
	all := newApp(t).Errors()
	for code, entry := range runtimeErrors {
		all[code] = entry
	}
	documented := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 8 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		documented++
		code := strings.Trim(cells[1], "`")
		entry, known := all[errcode.Code(code)]
		require.True(t, known, code)
		require.Equal(t, []string{strconv.Itoa(entry.Number), strconv.Itoa(entry.Status)}, cells[2:4], code)
		require.Contains(t, retryWords[entry.RetryAfter], cells[6], code)
		require.Equal(t, len(entry.Details) == 0, cells[5] == "", code)
		for detail := range entry.Details {
			require.Contains(t, cells[5], "`"+detail+"`", code)
		}
	}
	require.Equal(t, len(all), documented)
}

func TestTheDescriptionListsTheErrorsOfTheTables(t *testing.T) {
	app := newApp(t, echo("a.b"))
	s := serve(t, Options{}, app)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	var doc struct {
		Components struct {
			Schemas struct {
				Failure struct {
					Properties struct {
						Errcode struct{ Enum []int }
						Code    struct{ Enum []errcode.Code }
						Data    struct{ Properties map[string]any }
					}
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &doc))
	failure := doc.Components.Schemas.Failure.Properties
	for _, code := range failure.Code.Enum {
		entry, known := s.errors.lookup(code)
		require.True(t, known, code)
		require.Contains(t, failure.Errcode.Enum, entry.Number)
		for detail := range entry.Details {
			require.Contains(t, failure.Data.Properties, detail)
		}
	}
	require.Len(t, failure.Code.Enum, len(runtimeErrors)+len(app.Errors()))
}

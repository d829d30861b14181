package blackbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every answer that a test gets is compared with the description of its server. This
// tests the comparison.
func TestAnAnswerThatTheDescriptionDoesNotHaveIsFound(t *testing.T) {
	document := map[string]any{
		"paths": map[string]any{"/api/a/b/f": map[string]any{"post": map[string]any{"responses": map[string]any{"200": map[string]any{
			"content": map[string]any{"application/json": map[string]any{"schema": map[string]any{
				"type": "object", "required": []string{"data"}, "additionalProperties": false,
				"properties": map[string]any{"data": map[string]any{"const": 1}},
			}}},
		}}}}},
		"components": map[string]any{"schemas": map[string]any{"Failure": map[string]any{
			"type": "object", "properties": map[string]any{"code": map[string]any{"enum": []string{"FORBIDDEN"}}},
		}}},
	}
	described := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		require.NoError(t, json.NewEncoder(w).Encode(document))
	}))
	defer described.Close()
	s := &Server{t: t, URL: described.URL}
	for _, c := range []struct {
		path, body string
		status     int
		fits       bool
	}{
		{"/api/a/b/f", `{"data":1}`, http.StatusOK, true},
		{"/api/a/b/f", `{"data":2}`, http.StatusOK, false},
		{"/api/a/b/f", `{"data":1,"more":1}`, http.StatusOK, false},
		{"/api/a/b/g", `{"data":1}`, http.StatusOK, false},
		{"/api/a/b/f", `{"code":"FORBIDDEN"}`, http.StatusForbidden, true},
		{"/api/a/b/f", `{"code":"ANOTHER"}`, http.StatusForbidden, false},
		{"/api/a/b/f", `no JSON`, http.StatusOK, false},
	} {
		err := s.check(&Answer{Status: c.status, Body: c.body, requested: c.path, method: http.MethodPost})
		require.Equal(t, c.fits, err == nil, "%s %s: %v", c.path, c.body, err)
	}
}

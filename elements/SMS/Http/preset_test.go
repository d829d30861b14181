package httptype_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	httptype "github.com/lintel-run/lintel/elements/SMS/Http"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

// A preset consists of an instance's two files, to be copied as e.json and sms.json.
func TestPresetsAreWholeInstances(t *testing.T) {
	files, err := filepath.Glob("presets/*.sms.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	variable := regexp.MustCompile(`\{\{([A-Z_]+)\}\}`)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var element struct {
			Title, Type string
			Variables   []struct {
				Name   string
				Secret bool
			}
		}
		definition, err := os.ReadFile(strings.Replace(file, ".sms.json", ".e.json", 1))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(definition, &element))
		require.Equal(t, "SMS.Http", element.Type)
		require.NotEmpty(t, element.Title)
		declared := map[string]bool{}
		for _, v := range element.Variables {
			declared[v.Name] = true
			require.Equal(t, regexp.MustCompile("TOKEN|KEY|PASSWORD").MatchString(v.Name), v.Secret, v.Name)
		}
		for _, used := range variable.FindAllStringSubmatch(string(raw), -1) {
			require.True(t, declared[used[1]], "%s uses %s undeclared", file, used[1])
		}
		config := variable.ReplaceAllStringFunc(string(raw), func(name string) string {
			if strings.Contains(name, "URL") {
				return "https://sms.example.com/send"
			}
			if strings.Contains(name, "HOST") {
				return "sms.example.com"
			}
			return "MDEyMzQ1Njc4OWFiY2RlZg=="
		})
		sdktest.Open(t, httptype.Type(), config)
	}
}

func TestPresetConnector(t *testing.T) {
	url, seen := vendor(t, saying(200, ""))
	sms := sdktest.Open(t, httptype.Type(), preset(t, "connector.sms.json", url, "{{CONNECTOR_URL}}", "https://x.example/sms", "{{CONNECTOR_TOKEN}}", "the-token"))
	_, err := sms.Call(context.Background(), "sendMessage", args)
	require.NoError(t, err)
	r := seen()
	require.Equal(t, "Bearer the-token", r.Header.Get("Authorization"))
	require.NotEmpty(t, r.Header.Get("Idempotency-Key"))
	require.JSONEq(t, `{"to":"+8613800138000","type":"Generic","payload":{"code":"493027"}}`, string(r.body))
}

// Only "00" means accepted. After "10", an error of the gateway, the outcome is unknown.
func TestPresetVcomReadsTheAnswer(t *testing.T) {
	for answer, want := range map[string]string{"01": "auth", "02": "balance", "09": "number", "10": "", "": "", "<html>00</html>": "", "000": ""} {
		url, _ := vendor(t, saying(200, answer))
		sms := sdktest.Open(t, httptype.Type(), preset(t, "vcom.sms.json", url, "{{VCOM_LOGIN}}", "me", "{{VCOM_PASSWORD}}", "secret"))
		e := failure(t, sms)
		reason, _ := e.Details["reason"].(string)
		require.Equal(t, want, reason, answer)
	}
}

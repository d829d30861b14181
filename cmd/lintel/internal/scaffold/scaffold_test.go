package scaffold_test

import (
	"encoding/json"
	"flag"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/cmd/lintel/internal/scaffold"
)

func readJSON(t *testing.T, path ...string) map[string]any {
	text, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	var value map[string]any
	require.NoError(t, json.Unmarshal(text, &value))
	return value
}

func TestAppHasALoginAndAnOutbox(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	_, err := scaffold.App(dir, "acme.shop", `A "quoted" shop`)
	require.NoError(t, err)
	app := readJSON(t, dir, "app.json")
	require.Equal(t, "acme.shop", app["appId"])
	require.Equal(t, `A "quoted" shop`, app["title"])
	require.Equal(t, "SMS.Outbox", readJSON(t, dir, "SMS/devOutbox/e.json")["type"])
	require.Equal(t, "{{PHONE_SMS}}", readJSON(t, dir, "auths/loginTypes/phoneLogin/config.json")["smsFullName"])

	_, err = scaffold.App(dir, "acme.shop", "")
	require.ErrorContains(t, err, "is there already")
}

func TestNamesAreChecked(t *testing.T) {
	for _, id := range []string{"", "shop", "a.b.c", "a.1", "../x.y"} {
		_, err := scaffold.App(t.TempDir(), id, "")
		require.ErrorContains(t, err, "no appId", id)
		require.ErrorAs(t, err, new(*scaffold.NameError))
	}
	for _, name := range []string{"", "..", "SMS..a", "SMS.a/b", "SMS.1", "backend.x", "SMS.test.x", "dist"} {
		_, err := scaffold.Instance{FullName: name, Type: "T"}.Write(t.TempDir())
		require.ErrorContains(t, err, "no full name", name)
		_, err = scaffold.GoType(t.TempDir(), name, "SMS.Meta", "")
		require.ErrorContains(t, err, "no full name", name)
	}
}

func TestAnInstanceHasTheRequiredKeysAndItsSecretsAsVariables(t *testing.T) {
	dir := t.TempDir()
	_, err := scaffold.Instance{
		FullName: "SMS.acme", Type: "SMS.Acme", ConfigFile: "sms.json",
		Schema: json.RawMessage(`{"required":["accessKey","sign","level","via","timeout"],"properties":{
			"accessKey":{"type":"string","writeOnly":true}, "sign":{"type":"string"}, "level":{"enum":["low","high"]},
			"via":{"type":"string","x-element":"SMS.Meta"}, "timeout":{"type":"integer","default":5000}, "optional":{"type":"string"}}}`),
		Elements: func(string) []string { return []string{"SMS.other"} },
	}.Write(dir)
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"$schema":   "../../.lintel/schemas/SMS.Acme.json",
		"accessKey": "{{ACME_ACCESS_KEY}}", "sign": "{{ACME_SIGN}}", "level": "low", "via": "SMS.other", "timeout": 5000.0,
	}, readJSON(t, dir, "SMS/acme/sms.json"))
	require.Equal(t, []any{
		map[string]any{"name": "ACME_ACCESS_KEY", "title": "accessKey", "secret": true},
		map[string]any{"name": "ACME_SIGN", "title": "sign"},
	}, readJSON(t, dir, "SMS/acme/e.json")["variables"])
}

func TestATypeIsFormattedGo(t *testing.T) {
	for _, meta := range []string{"SMS.Meta", "auths.loginTypes.Meta"} {
		dir := t.TempDir()
		_, err := scaffold.GoType(dir, "SMS.Acme", meta, "")
		require.NoError(t, err)
		require.Equal(t, "./acme", readJSON(t, dir, "SMS/Acme/e.json")["backendBundleEntry"])
		source, err := os.ReadFile(filepath.Join(dir, "SMS/Acme/main.go"))
		require.NoError(t, err)
		pretty, err := format.Source(source)
		require.NoError(t, err)
		require.Equal(t, string(pretty), string(source))
	}
}

var update = flag.Bool("update", false, "write the example into the documentation")

// The SMS Type that "lintel new type SMS.Acme" writes, the one in the documentation
// and the compiled example are the same.
func TestTheExampleIsTheSameEverywhere(t *testing.T) {
	const root = "../../../../"
	dir := t.TempDir()
	_, err := scaffold.GoType(dir, "SMS.Acme", "SMS.Meta", "")
	require.NoError(t, err)
	source, err := os.ReadFile(filepath.Join(dir, "SMS/Acme/main.go"))
	require.NoError(t, err)

	block := regexp.MustCompile("(?s)```go\n((?://[^\n]*\n)?package main\n.*?)```")
	for _, name := range []string{"README.md", "docs/writing-a-type.md"} {
		text, err := os.ReadFile(root + name)
		require.NoError(t, err)
		if *update {
			text = block.ReplaceAllLiteral(text, []byte("```go\n"+string(source)+"```"))
			require.NoError(t, os.WriteFile(root+name, text, 0o644))
		}
		found := block.FindSubmatch(text)
		require.Len(t, found, 2, name)
		require.Equal(t, string(source), string(found[1]), "%s; run this test with -update", name)
	}

	example, err := os.ReadFile(root + "plugins/sdk/example_sms_test.go")
	require.NoError(t, err)
	_, declarations, _ := strings.Cut(string(source), "\n)\n\n")
	require.NotEmpty(t, declarations)
	require.Contains(t, string(example), declarations)
}

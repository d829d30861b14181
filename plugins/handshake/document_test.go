package handshake_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/handshake"
)

// document is all that an author who doesn't write Go has.
func document(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../docs/writing-a-type.md")
	require.NoError(t, err)
	return string(raw)
}

func TestTheDocumentQuotesTheRealHandshake(t *testing.T) {
	text := document(t)
	for _, row := range []string{
		fmt.Sprintf("| `%s` | `%s`.", handshake.CookieKey, handshake.CookieValue),
		fmt.Sprintf("this page is version `%d`", handshake.ProtocolVersion),
		fmt.Sprintf("\n1|%d|unix|", handshake.ProtocolVersion),
		fmt.Sprintf("Under the name `%s`", handshake.PluginName),
		fmt.Sprintf("(%d bytes)", handshake.MaxMessageSize),
		fmt.Sprintf("Its metadata holds `%s`", handshake.MetaCall),
		fmt.Sprintf("carries `%s`, the process's token, and `%s`", handshake.MetaToken, handshake.MetaCall),
	} {
		require.Contains(t, text, row)
	}
	for _, variable := range []string{handshake.EnvHostAddr, handshake.EnvHostToken, handshake.EnvLifelineFD, handshake.EnvLogLevel} {
		require.Contains(t, text, "| `"+variable+"` | ")
	}
}

func TestTheDocumentNamesTheRealServices(t *testing.T) {
	text := document(t)
	require.Contains(t, text, "`"+elementv1.Element_ServiceDesc.ServiceName+"`")
	for _, m := range elementv1.Host_ServiceDesc.Methods {
		if m.MethodName == "Finish" { // deprecated, and not served
			continue
		}
		require.Contains(t, text, "`Host."+m.MethodName+"`")
	}
	for _, field := range []string{"retry_after_ms", "details_json", "args_json", "request_id", "config_json"} {
		require.Contains(t, text, field)
	}
}

// The Type of the document is built, and says what the document says of it.
func TestTheDocumentsTypeWorks(t *testing.T) {
	if testing.Short() {
		t.Skip("builds an executable")
	}
	text := document(t)
	blocks := regexp.MustCompile("(?s)```go\n((?://[^\n]*\n)?package main.*?)```").FindStringSubmatch(text)
	require.Len(t, blocks, 2)
	dir := t.TempDir()
	source, executable := filepath.Join(dir, "main.go"), filepath.Join(dir, "acme")
	require.NoError(t, os.WriteFile(source, []byte(blocks[1]), 0o600))
	build := exec.Command("go", "build", "-o", executable, source)
	build.Dir = "../.."
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))

	raw, err := exec.Command(executable, "describe").Output()
	require.NoError(t, err)
	var described elementv1.DescribeResponse
	require.NoError(t, protojson.Unmarshal(raw, &described))
	require.Equal(t, "SMS.Acme", described.GetTypes()[0].GetName())
	require.Equal(t, "sms.json", described.GetTypes()[0].GetConfigFile())
	require.Equal(t, "sendMessage", described.GetTypes()[0].GetFunctions()[0].GetName())

	manifest := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(text)
	require.Len(t, manifest, 2)
	var e map[string]string
	require.NoError(t, json.Unmarshal([]byte(manifest[1]), &e))
	require.Equal(t, map[string]string{"title": "Acme SMS", "type": "SMS.Meta", "backendBundleEntry": "./acme"}, e)
	require.Contains(t, text, "./acme describe > acme.types.json")
}

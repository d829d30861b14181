package blackbox_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// The schema that a new configuration names fits it, and finds a misspelt key.
func TestScaffoldsNameASchemaForEditors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := func(args ...string) blackbox.Outcome {
		t.Helper()
		out := blackbox.Lintel(t, dir, nil, args...)
		require.Equal(t, 0, out.Code, out.Stdout+out.Stderr)
		return out
	}
	run("new", "app", "shop")
	var elements []struct{ FullName, Rank string }
	require.NoError(t, json.Unmarshal([]byte(run("elements", "shop", "--json").Stdout), &elements))
	for _, e := range elements {
		if e.Rank == "type" {
			run("new", "instance", "each."+strings.ReplaceAll(e.FullName, ".", "_"), e.FullName, "--app", "shop")
		}
	}
	run("new", "instance", "SMS.curled", "SMS.Http", "--app", "shop", "--good", `{"code":0}`,
		"--from-curl", `curl -d 'key=abcdef0123456789&mobile=13800138000&text=Your code is 123456' https://sms.example.com/send`)
	configurations := 0
	require.NoError(t, filepath.Walk(filepath.Join(dir, "shop"), func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() && strings.HasPrefix(info.Name(), ".") {
			return filepath.SkipDir
		}
		if info.IsDir() || info.Name() == "e.json" || info.Name() == "app.json" || !strings.HasSuffix(path, ".json") {
			return nil
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var config map[string]any
		require.NoError(t, json.Unmarshal(text, &config))
		link, _ := config["$schema"].(string)
		require.NotEmpty(t, link, path)
		schema, err := jsonschema.NewCompiler().Compile(filepath.Join(filepath.Dir(path), link))
		require.NoError(t, err, path)
		require.NoError(t, schema.Validate(config), path)
		config["misspelt"] = "x"
		require.Error(t, schema.Validate(config), path)
		configurations++
		return nil
	}))
	require.Greater(t, configurations, 10)
}

// The commands that are printed work when they are pasted.
func TestNewPrintsTheNextSteps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	place := "it's a shop"
	paste := func(command string) {
		t.Helper()
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, command+"\n"+string(out))
	}
	command := regexp.MustCompile(`(?m)^  (.*)$`)
	commands := func(out blackbox.Outcome) (all []string) {
		t.Helper()
		require.Equal(t, 0, out.Code, out.Stderr)
		for _, found := range command.FindAllStringSubmatch(out.Stdout, -1) {
			all = append(all, found[1])
		}
		return all
	}
	out := blackbox.Lintel(t, dir, nil, "new", "app", place, "--id", "acme.shop")
	steps := commands(out)
	require.Len(t, steps, 2)
	require.Contains(t, out.Stdout, "http://127.0.0.1:8080/login")
	require.Regexp(t, `lintel serve 'it'\\''s a shop' --dev$`, steps[0])
	paste(strings.Replace(steps[0], " serve ", " validate ", 1))
	paste(steps[1])

	steps = commands(blackbox.Lintel(t, dir, nil, "new", "instance", "auths.loginTypes.two", "auths.loginTypes.PhoneType", "--app", place))
	paste(steps[0])
	require.Regexp(t, ` serve .* --dev$`, steps[1])
	out = blackbox.Lintel(t, dir, nil, "validate", place, "--dev")
	require.Equal(t, "0 errors, 0 warnings\n", out.Stdout, "no warning that every new login has")

	out = blackbox.Lintel(t, dir, nil, "new", "type", "SMS.Acme", "--app", place)
	require.Contains(t, out.Stdout, "go build -o acme .")
	require.Contains(t, out.Stdout, "./acme describe > acme.types.json")
	require.Contains(t, strings.Join(commands(out), "\n"), " validate 'it'\\''s a shop' --dev")

	out = blackbox.Lintel(t, dir, nil, "new", "app", "other", "--json")
	require.True(t, json.Valid([]byte(out.Stdout)), out.Stdout)
}

// Files and names that are nearly right are named for what they are.
func TestValidateAndCallNameTheNearest(t *testing.T) {
	t.Parallel()
	app := blackbox.Example(t)
	out := blackbox.Lintel(t, app.Dir, nil, "call", "auths.loginTypes.myPhoneLogin", "getLoginConfg", "--dev")
	require.Equal(t, 1, out.Code)
	require.Contains(t, out.Stderr, "did you mean getLoginConfig?")
	out = blackbox.Lintel(t, app.Dir, nil, "call", "SMS.devOutbox", "sendMesage", "--dev")
	require.Contains(t, out.Stderr, "did you mean sendMessage?")

	app.Write("lintel.yml", "listen: 127.0.0.1:0\n")
	app.Write("SMS/two/e.yml", "title: two\n")
	app.Write("SMS/devOutbox/e.json", `{"title": "Outbox", "type": "SMS.Outbox", "backendBundleEntry": ".", "Tag": "x"}`)
	out = blackbox.Lintel(t, app.Dir, nil, "validate", "--dev")
	require.Equal(t, 0, out.Code, out.Stdout)
	require.Contains(t, out.Stdout, "lintel.yml: warning: nothing reads lintel.yml: settings are in lintel.yaml")
	require.Contains(t, out.Stdout, "SMS/two/e.yml: warning: nothing reads e.yml: write JSON, in a file called e.json")
	require.Contains(t, out.Stdout, `unknown key "Tag" changes nothing; did you mean "tag"?`)
	require.Contains(t, out.Stdout, "0 errors, 3 warnings")
}

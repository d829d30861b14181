package browser_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/test/blackbox"
)

// TestPeopleAtTheExampleOfVue builds examples/vue-element and runs its scenarios in
// front of a running app, on one origin.
func TestPeopleAtTheExampleOfVue(t *testing.T) {
	browser := chromium(t)
	example := filepath.Join(blackbox.Root(), "examples", "vue-element")
	vite := filepath.Join(example, "node_modules", ".bin", "vite")
	if _, err := os.Stat(vite); err != nil {
		t.Skip("the example's packages are not installed; run test/fetch")
	}
	dist := t.TempDir()
	build := exec.Command(vite, "build", "--logLevel", "warn", "--emptyOutDir", "--outDir", dist)
	build.Dir = example
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	app, vendor := many(t, "https://front.example")
	target, err := url.Parse(app.URL)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(dist)))
	mux.Handle("/api/", proxy)
	mux.Handle("/openapi.json", proxy)
	front := httptest.NewServer(mux)
	t.Cleanup(front.Close)

	cmd := exec.Command("node", "vue.mjs")
	cmd.Env = environment(map[string]string{"front": front.URL, "many": app.URL, "world": newWorld(t, app, vendor)}, browser)
	require.Positive(t, runScenarios(t, cmd))
}

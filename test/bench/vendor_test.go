package bench

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// vendor is a stand-in that accepts every message after a delay, on persistent
// connections, and remembers each phone's newest code.
type vendor struct {
	url     string
	delay   atomic.Int64
	codes   sync.Map
	taken   atomic.Int64
	waiting atomic.Int64
	// gate, when set, holds every message until it is closed.
	gate atomic.Pointer[chan struct{}]
}

func newVendor(b *testing.B) *vendor {
	v := &vendor{}
	server := httptest.NewServer(http.HandlerFunc(v.serve))
	b.Cleanup(server.Close)
	v.url = server.URL + "/send"
	return v
}

func (v *vendor) serve(w http.ResponseWriter, r *http.Request) {
	var message struct{ To, Code string }
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	v.taken.Add(1)
	v.waiting.Add(1)
	defer v.waiting.Add(-1)
	v.codes.Store(message.To, message.Code)
	if d := time.Duration(v.delay.Load()); d > 0 {
		time.Sleep(d)
	}
	if gate := v.gate.Load(); gate != nil {
		<-*gate
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"code":"0","id":"m-1"}`)
}

func (v *vendor) code(e164 string) string {
	code, _ := v.codes.Load(e164)
	text, _ := code.(string)
	return text
}

// config returns the configuration of an SMS.Http instance for this vendor.
func (v *vendor) config() map[string]any {
	return map[string]any{
		"method": "POST", "url": v.url,
		"bodyType":  "json",
		"body":      map[string]any{"to": "${phone}", "code": "${params.code}"},
		"accepted":  map[string]any{"status": []int{200}, "where": map[string]any{"/code": "0"}},
		"messageId": "/id",
		"timeout":   30000,
	}
}

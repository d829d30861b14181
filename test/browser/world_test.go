package browser_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"

	_ "modernc.org/sqlite" // the example's database

	"github.com/lintel-run/lintel/elements/auths/loginTypes/captcha"
	_ "github.com/lintel-run/lintel/elements/standard"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/test/blackbox"
)

// newWorld serves what people do outside their browser: reading a picture, hearing a
// recording, joining an organisation, receiving a message from the vendor. It returns
// its address.
func newWorld(t *testing.T, s *blackbox.Server, vendor *blackbox.Vendor) string {
	mux := http.NewServeMux()
	mux.HandleFunc("/messages.json", func(w http.ResponseWriter, _ *http.Request) {
		if err := json.NewEncoder(w).Encode(sent(vendor)); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("/read", func(w http.ResponseWriter, r *http.Request) {
		answer, err := read(r, s.App.Dir, r.FormValue("login"), r.FormValue("token"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, answer)
	})
	mux.HandleFunc("/join", func(w http.ResponseWriter, _ *http.Request) {
		if err := joinAll(filepath.Join(s.App.Dir, "appData", "lintel.db")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// sent returns what the vendor was asked to send, newest first.
func sent(vendor *blackbox.Vendor) []blackbox.Message {
	messages := []blackbox.Message{}
	for _, m := range vendor.Sent() {
		messages = append(messages, blackbox.Message{
			Time: m.Time, Phone: m.Phone, Params: map[string]string{"code": m.Code},
		})
	}
	slices.Reverse(messages)
	return messages
}

// read finds the answer of a captcha by trying all answers, with the app's secret.
func read(r *http.Request, dir, login, token string) (string, error) {
	app, err := runtime.Open(r.Context(), dir, runtime.WithDev(), runtime.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return "", err
	}
	defer app.Close()
	maker, err := captcha.New(app.Key)
	if err != nil {
		return "", err
	}
	defer maker.Close()
	for n := range 1_000_000 {
		if answer := fmt.Sprintf("%06d", n); maker.Check(login, token, answer).Correct {
			return answer, nil
		}
	}
	return "", fmt.Errorf("no six digits are its answer")
}

// joinAll makes every user a member of every corp, which no function does yet.
func joinAll(file string) error {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(`INSERT OR IGNORE INTO lintel_members (app_id, user_id, corp_id, joined_at)
		SELECT u.app_id, u.id, c.id, 0 FROM lintel_users u JOIN lintel_corps c ON c.app_id = u.app_id`)
	return err
}

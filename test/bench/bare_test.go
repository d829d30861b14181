package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	redistype "github.com/lintel-run/lintel/elements/caches/RedisType"
	postgrestype "github.com/lintel-run/lintel/elements/databases/PostgresType"

	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/runtime/element"
)

// bareVariable names the environment variable with the bare server's configuration, in
// JSON.
const bareVariable = "LINTEL_BENCH_BARE"

func TestMain(m *testing.M) {
	if text := os.Getenv(bareVariable); text != "" {
		if err := bareMain(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// bareServers are the servers that the bare server uses.
type bareServers struct{ Redis, Postgres, Vendor string }

// bare is the baseline: net/http handlers that make Lintel's requests to Redis,
// PostgreSQL and the vendor in the same order, and do nothing else. They have no
// plugins, log, request limits or tokens.
type bare struct {
	cache     caches.Store
	directory databases.Directory
	vendor    string
	client    *http.Client
}

// bareApp is the bare server's app, in the same servers as Lintel's.
const bareApp = "bench.bare"

// openDirectory opens an app's directory in a PostgreSQL database.
func openDirectory(ctx context.Context, url, app string) (databases.Directory, func(), error) {
	config, err := json.Marshal(map[string]string{"url": url})
	if err != nil {
		return nil, nil, err
	}
	instance, err := element.BuiltinOf(postgrestype.Name).Open(ctx, element.Env{AppID: app}, config)
	if err != nil {
		return nil, nil, err
	}
	directory, ok := instance.(databases.Directory)
	if !ok {
		return nil, nil, errors.New("no directory")
	}
	stop := func() {
		if c, ok := instance.(io.Closer); ok {
			_ = c.Close()
		}
	}
	return directory, stop, nil
}

// bareMain serves until standard input ends.
func bareMain(text string) error {
	var servers bareServers
	if err := json.Unmarshal([]byte(text), &servers); err != nil {
		return err
	}
	cache, err := redistype.New(element.Env{AppID: bareApp}, redistype.Config{URL: servers.Redis})
	if err != nil {
		return err
	}
	directory, _, err := openDirectory(context.Background(), servers.Postgres, bareApp)
	if err != nil {
		return err
	}
	s := &bare{cache: cache, directory: directory, vendor: servers.Vendor, client: &http.Client{
		Transport: &http.Transport{MaxIdleConns: 2048, MaxIdleConnsPerHost: 2048},
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /send", s.handle(s.send))
	mux.HandleFunc("POST /login", s.handle(s.login))
	mux.HandleFunc("POST /session", s.handle(s.session))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return http.Serve(listener, mux)
}

type bareArgs struct{ Phone, Code, Token string }

func (s *bare) handle(do func(context.Context, bareArgs) (map[string]any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var args bareArgs
		if err := json.NewDecoder(r.Body).Decode(&args); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		data, err := do(r.Context(), args)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(data)
	}
}

// The limits are the same as in the app that Lintel serves.
var (
	bareGuesses  = caches.Window{Max: 10, Per: time.Hour}
	bareRefusals = caches.Window{Max: 10, Per: time.Hour}
	bareSends    = []caches.Window{{Max: 1000, Per: time.Hour}, {Max: 1000, Per: 24 * time.Hour}}
	bareShared   = []caches.SharedLimit{{Key: "address", Window: caches.Window{Max: 1_000_000, Per: time.Hour}}}
)

func (s *bare) send(ctx context.Context, a bareArgs) (map[string]any, error) {
	r := caches.Reserve{
		Request: uuid.NewString(), Key: a.Phone,
		Code: caches.Code{ID: uuid.NewString(), MAC: "482915", Purposes: []string{"login", "register"}},
		TTL:  10 * time.Minute, Interval: time.Second,
		Sends: bareSends, Refusals: bareRefusals, Guesses: bareGuesses, Shared: bareShared,
	}
	answer, err := s.cache.Reserve(ctx, r)
	if err != nil {
		return nil, err
	}
	if answer.Outcome != caches.Reserved {
		return nil, fmt.Errorf("not reserved: %s", answer.Outcome)
	}
	resp, err := s.client.Post(s.vendor, "application/json", strings.NewReader(`{"to":"`+a.Phone+`","code":"482915"}`))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return nil, err
	}
	err = s.cache.Commit(ctx, caches.Reservation{Request: r.Request, Key: r.Key, CodeID: r.Code.ID, Shared: bareShared})
	return map[string]any{"code": 200, "message": "success", "resendAfter": 1, "expiresIn": 600}, err
}

func (s *bare) login(ctx context.Context, a bareArgs) (map[string]any, error) {
	user, err := s.directory.UserByPhone(ctx, a.Phone)
	if err != nil {
		return nil, err
	}
	token := uuid.NewString()
	value := []byte(`{"userId":"` + user.ID + `"}`)
	answer, err := s.cache.Guess(ctx, caches.Guess{
		Request: token, Key: a.Phone, Purpose: "login", MAC: a.Code, Attempts: 5, Guesses: bareGuesses,
		Then: caches.Consume, Issue: &caches.Issue{Hash: token, Value: value, TTL: time.Minute},
	})
	if err != nil {
		return nil, err
	}
	if answer.Outcome != caches.GuessRight {
		return nil, fmt.Errorf("the code was not taken: %s", answer.Outcome)
	}
	return map[string]any{"loginCode": token, "corpList": user.Corps, "userId": user.ID}, nil
}

func (s *bare) session(ctx context.Context, a bareArgs) (map[string]any, error) {
	request := uuid.NewString()
	kept, err := s.cache.Token(ctx, caches.TokenRequest{Request: request, Key: a.Phone, Hash: a.Token})
	if err != nil {
		return nil, err
	}
	var proof struct{ UserID string }
	if err := json.Unmarshal(kept.Value, &proof); err != nil {
		return nil, err
	}
	user, err := s.directory.User(ctx, proof.UserID)
	if err != nil {
		return nil, err
	}
	taken, err := s.cache.Token(ctx, caches.TokenRequest{
		Request: request, Key: a.Phone, Hash: a.Token, Then: caches.Consume, Linger: 15 * time.Minute,
	})
	if err != nil {
		return nil, err
	}
	if taken.Outcome != caches.TokenValid {
		return nil, fmt.Errorf("the token was not taken: %s", taken.Outcome)
	}
	corp := ""
	if len(user.Corps) > 0 {
		corp = user.Corps[0].ID
	}
	session, err := s.directory.CreateSession(ctx, databases.NewSession{
		ID: uuid.NewString(), UserID: user.ID, Phone: user.Phone, CorpID: corp, Platform: "api", CodeID: a.Token, Request: request,
		RefreshHash: uuid.NewString(), Idle: time.Hour, Most: time.Hour,
	})
	if err != nil {
		return nil, err
	}
	device := uuid.NewString()
	err = s.directory.AddDevice(ctx, databases.Device{
		Hash: device, Phone: a.Phone, UserID: user.ID, ExpiresAt: time.Now().Add(time.Hour),
	})
	return map[string]any{"success": true, "accessToken": session.ID, "deviceToken": device, "userId": user.ID}, err
}

// target is a server under load.
type target struct {
	address string
	pid     int
	// send makes one send, login one login with the code that was sent.
	send, login func(c *client, phone string) error
}

// startBare runs the bare server in a process of its own.
func startBare(b *testing.B, servers bareServers, v *vendor) *target {
	b.Helper()
	text, err := json.Marshal(servers)
	if err != nil {
		b.Fatal(err)
	}
	executable, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(executable, "-test.run", "^$")
	cmd.Env = append(os.Environ(), bareVariable+"="+string(text))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatalf("the bare server did not start: %v", err)
	}
	return &target{
		address: strings.TrimSpace(line), pid: cmd.Process.Pid,
		send: func(c *client, phone string) error {
			_, err := c.post("/send", `{"phone":"+86`+phone+`"}`)
			return err
		},
		login: func(c *client, phone string) error {
			answer, err := c.post("/login", `{"phone":"+86`+phone+`","code":"`+v.code("+86"+phone)+`"}`)
			if err != nil {
				return err
			}
			_, err = c.post("/session", `{"phone":"+86`+phone+`","token":"`+member(answer, "loginCode")+`"}`)
			return err
		},
	}
}

// member returns a string of a JSON text without parsing all of it.
func member(text []byte, name string) string {
	_, rest, _ := strings.Cut(string(text), `"`+name+`":"`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

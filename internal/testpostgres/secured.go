package testpostgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lintel-run/lintel/internal/testca"
)

// SecuredServer asks for TLS and a password.
type SecuredServer struct {
	*Server
	// CA is the file with the certificate of its CA.
	CA string
}

// SecuredPassword is the password of the user postgres.
const SecuredPassword = "geheim"

// Secured starts a server of the test's own that asks for TLS and a password.
func Secured(t testing.TB) *SecuredServer {
	t.Helper()
	ca := testca.New(t)
	s, err := start(func(s *Server) error {
		s.settings = []string{"-c", "ssl=on"}
		return errors.Join(s.write("server.crt", ca.CertFile), s.write("server.key", ca.KeyFile))
	})
	if errors.Is(err, errMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("testpostgres: %v", err)
	}
	t.Cleanup(s.Stop)
	secured := &SecuredServer{s, ca.File}
	if err := secured.ask(); err != nil {
		t.Fatalf("testpostgres: %v", err)
	}
	return secured
}

// URL returns the URL of the database postgres.
func (s *SecuredServer) URL(user, password, sslmode string) string {
	who := url.User(user)
	if password != "" {
		who = url.UserPassword(user, password)
	}
	return fmt.Sprintf("postgres://%s@%s/postgres?sslmode=%s", who, s.Addr(), sslmode)
}

// ask makes the server ask for TLS and a password from now on.
func (s *SecuredServer) ask() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, URL(s.Addr(), "postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	hba := filepath.Join(s.data, "pg_hba.conf")
	if err := os.WriteFile(hba, []byte("hostssl all all 127.0.0.1/32 scram-sha-256\n"), 0o600); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "ALTER ROLE postgres PASSWORD '"+SecuredPassword+"'"); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_reload_conf()"); err != nil {
		return err
	}
	for {
		plain, err := pgx.Connect(ctx, URL(s.Addr(), "postgres"))
		if err != nil {
			return ctx.Err() // it asks
		}
		_ = plain.Close(ctx)
		time.Sleep(10 * time.Millisecond)
	}
}

// write copies a file into the data directory, for the server alone.
func (s *Server) write(name, from string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	path := filepath.Join(s.data, name)
	if err := os.WriteFile(path, text, 0o600); err != nil { //nolint:gosec // the test names it
		return err
	}
	if s.credential == nil {
		return nil
	}
	return os.Chown(path, int(s.credential.Uid), int(s.credential.Gid))
}

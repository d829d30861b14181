package sessions

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/runtime/element"
)

// tokenStore is the part of a cache that sessions use.
type tokenStore struct {
	caches.Store
	element.Instance
	mu    sync.Mutex
	held  map[string]*heldToken
	fails int
	// loses is how many calls are made whose reply is lost.
	loses int
}

type heldToken struct {
	value   []byte
	takenBy string
	expires time.Time
}

func (s *tokenStore) Token(_ context.Context, r caches.TokenRequest) (caches.TokenResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails > 0 {
		s.fails--
		return caches.TokenResult{}, caches.ErrUnavailable
	}
	t := s.held[r.Key+"/"+r.Hash]
	if t == nil || !time.Now().Before(t.expires) {
		return caches.TokenResult{Outcome: caches.TokenGone}, nil
	}
	if t.takenBy != "" && t.takenBy != r.Request {
		return caches.TokenResult{Outcome: caches.TokenUsed, Value: t.value}, nil
	}
	if r.Then == caches.Consume && t.takenBy == "" {
		t.takenBy, t.expires = r.Request, time.Now().Add(r.Linger)
		if s.loses > 0 {
			s.loses--
			return caches.TokenResult{}, caches.ErrUnavailable
		}
	}
	return caches.TokenResult{Outcome: caches.TokenValid, Value: t.value}, nil
}

func (s *tokenStore) EndToken(_ context.Context, e caches.EndToken) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.held[e.Key+"/"+e.Hash]; t != nil && e.End == caches.ReturnToken && t.takenBy == e.Request {
		t.takenBy = ""
	}
	return nil
}

// rows is the part of a database that sessions use, by the contract of Directory.
type rows struct {
	databases.Directory
	element.Instance
	mu       sync.Mutex
	users    map[string]databases.User
	sessions map[string]*sessionRow
	ofCode   map[string]string
	revoked  map[string]bool
	devices  []databases.Device
	keys     []databases.SigningKey
	down     bool
	looks    int
	loses    int
	// moves is called before a session is created.
	moves func()
}

type sessionRow struct {
	databases.Session
	request  string
	current  string
	previous string
	moved    time.Time
}

func newRows() *rows {
	return &rows{users: map[string]databases.User{}, sessions: map[string]*sessionRow{}, ofCode: map[string]string{}, revoked: map[string]bool{}}
}

func (d *rows) lock() (func(), error) {
	d.mu.Lock()
	if d.down {
		d.mu.Unlock()
		return nil, databases.ErrUnavailable
	}
	return d.mu.Unlock, nil
}

func (d *rows) User(_ context.Context, id string) (databases.User, error) {
	unlock, err := d.lock()
	if err != nil {
		return databases.User{}, err
	}
	defer unlock()
	u, ok := d.users[id]
	if !ok {
		return u, databases.ErrNotFound
	}
	return u, nil
}

func (d *rows) CreateSession(_ context.Context, n databases.NewSession) (databases.Session, error) {
	unlock, err := d.lock()
	if err != nil {
		return databases.Session{}, err
	}
	defer unlock()
	if id, used := d.ofCode[n.CodeID]; used {
		if d.sessions[id].request == n.Request {
			if d.loses > 0 {
				d.loses--
				return databases.Session{}, databases.ErrUnavailable
			}
			return d.sessions[id].Session, nil
		}
		return databases.Session{}, databases.ErrCodeUsed
	}
	if d.moves != nil {
		d.moves()
	}
	if u := d.users[n.UserID]; u.Phone != n.Phone {
		return databases.Session{}, databases.ErrNotBound
	}
	now := time.Now()
	row := &sessionRow{request: n.Request, current: n.RefreshHash, moved: now, Session: databases.Session{
		ID: n.ID, UserID: n.UserID, CorpID: n.CorpID, Platform: n.Platform, CodeID: n.CodeID,
		CreatedAt: now, LastSeenAt: now, TokenNumber: 1, ExpiresAt: now.Add(n.Idle),
	}}
	if d.revoked[n.CodeID] {
		row.EndedAt = now
	}
	d.sessions[n.ID], d.ofCode[n.CodeID] = row, n.ID
	if d.loses > 0 {
		d.loses--
		return databases.Session{}, databases.ErrUnavailable
	}
	return row.Session, nil
}

func (d *rows) ForgetSession(_ context.Context, codeID, request string) error {
	unlock, err := d.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if row := d.sessions[d.ofCode[codeID]]; row != nil && row.request == request {
		delete(d.sessions, row.ID)
		delete(d.ofCode, codeID)
	}
	return nil
}

func (d *rows) Session(_ context.Context, id string) (databases.Session, error) {
	unlock, err := d.lock()
	if err != nil {
		return databases.Session{}, err
	}
	defer unlock()
	d.looks++
	row, ok := d.sessions[id]
	if !ok {
		return databases.Session{}, databases.ErrNotFound
	}
	return row.Session, nil
}

func (d *rows) Sessions(_ context.Context, userID string) ([]databases.Session, error) {
	unlock, err := d.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	var list []databases.Session
	for _, row := range d.sessions {
		if row.UserID == userID && row.EndedAt.IsZero() {
			list = append(list, row.Session)
		}
	}
	return list, nil
}

func (d *rows) EndSession(_ context.Context, userID, id string) error {
	unlock, err := d.lock()
	if err != nil {
		return err
	}
	defer unlock()
	row, ok := d.sessions[id]
	if !ok || row.UserID != userID {
		return databases.ErrNotFound
	}
	row.EndedAt = time.Now()
	return nil
}

func (d *rows) EndSessionOfCode(_ context.Context, codeID string) error {
	unlock, err := d.lock()
	if err != nil {
		return err
	}
	defer unlock()
	d.revoked[codeID] = true
	if row := d.sessions[d.ofCode[codeID]]; row != nil {
		row.EndedAt = time.Now()
	}
	return nil
}

func (d *rows) Refresh(_ context.Context, r databases.Refresh) (databases.RefreshResult, error) {
	unlock, err := d.lock()
	if err != nil {
		return databases.RefreshResult{}, err
	}
	defer unlock()
	now := time.Now()
	row, ok := d.sessions[r.SessionID]
	if !ok || !row.EndedAt.IsZero() || now.After(row.ExpiresAt) {
		return databases.RefreshResult{}, databases.ErrNotFound
	}
	switch {
	case r.TokenNumber == row.TokenNumber && r.Hash == row.current:
		row.previous, row.current = row.current, r.NextHash
		row.TokenNumber++
		row.moved, row.LastSeenAt = now, now
		row.ExpiresAt = now.Add(r.Idle)
		if most := row.CreatedAt.Add(r.Most); most.Before(row.ExpiresAt) {
			row.ExpiresAt = most
		}
	case r.TokenNumber == row.TokenNumber-1 && r.Hash == row.previous && now.Sub(row.moved) <= r.Grace:
	default:
		row.EndedAt = now
		return databases.RefreshResult{Session: row.Session, Reused: true}, nil
	}
	return databases.RefreshResult{Session: row.Session}, nil
}

func (d *rows) AddDevice(_ context.Context, n databases.Device) error {
	unlock, err := d.lock()
	if err != nil {
		return err
	}
	defer unlock()
	d.devices = append(d.devices, n)
	return nil
}

func (d *rows) RenewDevice(_ context.Context, n databases.Device) error {
	unlock, err := d.lock()
	if err != nil {
		return err
	}
	defer unlock()
	for i, v := range d.devices {
		if v.Hash == n.Hash && v.Phone == n.Phone && v.ExpiresAt.After(time.Now()) {
			d.devices[i] = n
			return nil
		}
	}
	return databases.ErrNotFound
}

func (d *rows) SigningKeys(context.Context) ([]databases.SigningKey, error) {
	unlock, err := d.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	return append([]databases.SigningKey(nil), d.keys...), nil
}

func (d *rows) RemoveSigningKey(_ context.Context, id string) error {
	unlock, err := d.lock()
	if err != nil {
		return err
	}
	defer unlock()
	n := len(d.keys)
	d.keys = slices.DeleteFunc(d.keys, func(k databases.SigningKey) bool { return k.ID == id })
	if len(d.keys) == n {
		return databases.ErrNotFound
	}
	return nil
}

func (d *rows) AddSigningKey(_ context.Context, k databases.SigningKey, onlyFirst bool) (databases.SigningKey, error) {
	unlock, err := d.lock()
	if err != nil {
		return k, err
	}
	defer unlock()
	if !onlyFirst || len(d.keys) == 0 {
		d.keys = append([]databases.SigningKey{k}, d.keys...)
	}
	return d.keys[0], nil
}

type defaults struct {
	element.Elements
	cache    *tokenStore
	database *rows
}

func (d defaults) Default(kind string) (element.Instance, func(), error) {
	if kind == element.DefaultCache {
		return d.cache, func() {}, nil
	}
	return d.database, func() {}, nil
}

func (defaults) DefaultName(kind string) string { return kind }

// stand is a Service on stores in memory, with one user.
type stand struct {
	t        *testing.T
	cache    *tokenStore
	database *rows
	service  *Service
	sealer   *tokens.Sealer
	made     byte
}

const (
	testPhone = "+8613800138000"
	testUser  = "019aa1e0-0000-7000-8000-000000000001"
	testApp   = "acme.shop"
)

func testKey(purpose string) ([]byte, error) {
	sum := sha256.Sum256([]byte("secret/" + purpose))
	return sum[:], nil
}

func newStand(t *testing.T) *stand {
	s := &stand{t: t, cache: &tokenStore{held: map[string]*heldToken{}}, database: newRows()}
	s.database.users[testUser] = databases.User{ID: testUser, Nick: "Li", Phone: testPhone,
		Corps: []databases.Corp{{ID: "c1", FullName: "corps.Default", Title: "Acme"}}}
	s.service = s.replica()
	var err error
	s.sealer, err = tokens.NewSealer(testKey, nil)
	require.NoError(t, err)
	return s
}

// replica is another process on the same stores.
func (s *stand) replica() *Service {
	service, err := Open(element.Env{
		Element: Official, AppID: testApp, Key: testKey,
		Logger:   slog.New(slog.NewTextHandler(io.Discard, nil)),
		Elements: defaults{cache: s.cache, database: s.database},
	}, nil)
	require.NoError(s.t, err)
	return service
}

// loginCode issues a loginCode as the login service does.
func (s *stand) loginCode() string {
	s.made++
	token := tokens.New("abcdefghijklmnopqrstuv", sha256.Sum256([]byte{s.made}))
	codeID := fmt.Sprintf("0123456789abcdefghijk%c", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[s.made])
	code := s.sealer.LoginCode(token, codeID)
	ref, ok := tokens.Parse(code)
	require.True(s.t, ok)
	value, err := s.sealer.SealLoginCode(ref, tokens.LoginCode{UserID: testUser, CodeID: codeID, Phone: testPhone, Instance: "a.b"})
	require.NoError(s.t, err)
	s.cache.mu.Lock()
	s.cache.held[ref.Key+"/"+ref.Hash] = &heldToken{value: value, expires: time.Now().Add(tokens.LoginCodeTTL)}
	s.cache.mu.Unlock()
	return code
}

func (s *stand) login() map[string]any {
	out, err := s.service.Call(s.t.Context(), "loginByCode", element.Args{"loginCode": s.loginCode(), "platform": "api"})
	require.NoError(s.t, err)
	return out.(map[string]any)
}

// Package sessions is the built-in Type auths.loginTypes.services.SessionType. It
// exchanges a loginCode for a session. A session has an access token, which is a JWT
// that anybody can verify, a refresh token that changes with each use, and a device
// token that shows that this client has logged in with this phone.
//
// Sessions, hashes of tokens and the encrypted signing keys are kept in the default
// database, loginCodes in the default cache. The package doesn't know HTTP: package
// sessionhttp decides where tokens travel.
package sessions

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"runtime"
	"sync/atomic"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/internal/admission"
	"github.com/lintel-run/lintel/internal/memo"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// The full names of the family, the Type and its official instance.
const (
	Meta     = "auths.loginTypes.services.Meta"
	TypeName = "auths.loginTypes.services.SessionType"
	Official = "auths.loginTypes.services.AuthSvc"
)

func init() {
	element.RegisterBuiltin(&element.Builtin{
		Description: description(),
		Check: func(_ element.Env, config json.RawMessage) error {
			var c Config
			if err := json.Unmarshal(config, &c); err != nil || c.PublicURL == "" {
				return err
			}
			return CheckPublicURL(c.PublicURL)
		},
		Open: func(_ context.Context, env element.Env, config json.RawMessage) (element.Instance, error) {
			return Open(env, config)
		},
	})
}

// Service is an instance of the Type. Its methods may be called from any goroutine.
type Service struct {
	env     element.Env
	sealer  *tokens.Sealer
	refresh refreshTokens
	// gate bounds how many calls use the stores at once.
	gate   *admission.Gate
	keys   *keyring
	users  *memo.Memo[string, string] // the user of a session, "" if it has ended
	public atomic.Pointer[string]
}

// Config is an instance's configuration.
type Config struct {
	// PublicURL is where clients reach the app: the iss of access tokens.
	// Without one it is urn:lintel:<appId>.
	PublicURL string `json:"publicUrl"`
}

// Open opens an instance. It uses no store.
func Open(env element.Env, config json.RawMessage) (*Service, error) {
	var c Config
	if len(config) > 0 {
		if err := json.Unmarshal(config, &c); err != nil {
			return nil, fmt.Errorf("sessions: the configuration: %w", err)
		}
	}
	sealer, err := tokens.NewSealer(env.Key, env.PreviousKey)
	if err != nil {
		return nil, err
	}
	refresh, err := newRefreshTokens(env.Key, env.PreviousKey)
	if err != nil {
		return nil, err
	}
	s := &Service{
		env: env, sealer: sealer, refresh: refresh,
		gate: admission.New(4*runtime.GOMAXPROCS(0), longestQueue, slowStores),
	}
	if s.keys, err = newKeyring(env.Key, env.PreviousKey, s.signingKeys, env.Logger); err != nil {
		return nil, err
	}
	s.users = memo.New(userTTL, userTimeout, s.sessionUser)
	if c.PublicURL != "" {
		if err := s.SetPublicURL(c.PublicURL); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// SetPublicURL sets where clients reach the app. It overrides the configuration.
func (s *Service) SetPublicURL(public string) error {
	if err := CheckPublicURL(public); err != nil {
		return err
	}
	s.public.Store(&public)
	return nil
}

// CheckPublicURL returns an error unless public is an absolute http or https URL
// without user, query and fragment.
func CheckPublicURL(public string) error {
	u, err := url.Parse(public)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" ||
		u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return errcode.New(errcode.Params, "publicUrl must be an absolute http or https URL without user, query and fragment").With("arg", "publicUrl")
	}
	return nil
}

// PublicURL returns where clients reach the app, or "" if it isn't set.
func (s *Service) PublicURL() string {
	if p := s.public.Load(); p != nil {
		return *p
	}
	return ""
}

func (s *Service) issuer() string {
	if p := s.PublicURL(); p != "" {
		return p
	}
	return "urn:lintel:" + s.env.AppID
}

// Get reads a property: publicUrl.
func (s *Service) Get(_ context.Context, property string) (any, error) {
	if property == "publicUrl" {
		return s.PublicURL(), nil
	}
	return nil, unknown("property", property)
}

// Close does nothing: an instance holds no resources.
func (s *Service) Close() error { return nil }

func description() *elementv1.TypeDescription {
	text := func(name, title string, required bool) *elementv1.Argument {
		return &elementv1.Argument{Name: name, Title: title, DataType: "Stext", Required: required}
	}
	return &elementv1.TypeDescription{
		Name:        TypeName,
		Title:       "Sessions",
		Description: "Turns a loginCode into a session, and keeps sessions.",
		Functions: []*elementv1.Function{
			{Name: "loginByCode", Title: "Open a session", Desc: "Takes a loginCode, once, and opens a session.",
				Args: []*elementv1.Argument{
					text("loginCode", "Login code", true),
					text("corp", "A corp's id or full name; may be left out when there is one or none", false),
					text("platform", "web, mobile or api", true),
				}, ReturnType: "JitDict", ReturnSchema: openedSchema, Exposed: true, Changes: true, RunsToEnd: true},
			{Name: "refresh", Title: "New tokens", Desc: "Takes a refresh token for a new access and refresh token.",
				Args:       []*elementv1.Argument{text("refreshToken", "Refresh token; browsers have it in a cookie", false)},
				ReturnType: "JitDict", ReturnSchema: openedSchema, Exposed: true, Changes: true, RunsToEnd: true},
			{Name: "logout", Title: "Log out", Desc: "Ends the current session, or that of a refresh token.",
				Args:       []*elementv1.Argument{text("refreshToken", "Refresh token, where the access token has expired", false)},
				ReturnType: "JitDict", ReturnSchema: doneSchema, Exposed: true, Changes: true, RunsToEnd: true},
			{Name: "currentUser", Title: "Who is signed in", ReturnType: "JitDict", ReturnSchema: userSchema, LoginRequired: true, Exposed: true},
			{Name: "sessions", Title: "The user's sessions", ReturnType: "JitList", ReturnSchema: sessionsSchema, LoginRequired: true, Exposed: true},
			{Name: "endSession", Title: "End one of the user's sessions",
				Args:       []*elementv1.Argument{text("sessionId", "Session", true)},
				ReturnType: "JitDict", ReturnSchema: doneSchema, LoginRequired: true, Exposed: true, Changes: true, RunsToEnd: true},
		},
		Properties: []*elementv1.Property{{Name: "publicUrl", Title: "Where clients reach the app", DataType: "Stext"}},
		ConfigSchema: `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "publicUrl": {
      "type": "string",
      "title": "Public URL",
      "description": "Where clients reach the app: the issuer of access tokens. Without it: urn:lintel:<appId>.",
      "pattern": "^https?://[^/?#@]+(/[^?#]*)?$"
    }
  }
}`,
	}
}

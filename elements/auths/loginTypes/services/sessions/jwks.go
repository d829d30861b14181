package sessions

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/lintel-run/lintel/plugins/errcode"
)

// jwksTTL is how old the published keys may be.
const jwksTTL = time.Second

// JWKSCacheTTL is how long verifiers may keep the key set.
const JWKSCacheTTL = time.Minute

// jwk is a public key (RFC 7517). The members that RFC 7638 hashes come first, in its
// order.
type jwk struct {
	Crv string `json:"crv"`
	Kty string `json:"kty"`
	X   string `json:"x"`
	Y   string `json:"y"`
	Use string `json:"use,omitempty"`
	Alg string `json:"alg,omitempty"`
	Kid string `json:"kid,omitempty"`
}

// JWKS returns the JSON Web Key Set of all keys that still verify.
func (s *Service) JWKS(ctx context.Context) ([]byte, error) {
	known, err := s.keys.recent(ctx, jwksTTL)
	if err != nil {
		return nil, err
	}
	if !known.any {
		// So that a verifier can be configured before the first login.
		if _, err := s.keys.signing(ctx); err != nil {
			return nil, err
		}
		known = s.keys.current.Load()
	}
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: make([]jwk, 0, len(known.verifies))}
	for _, key := range known.verifies {
		public, err := publicJWK(&key.private.PublicKey)
		if err != nil {
			return nil, err
		}
		public.Use, public.Alg, public.Kid = "sig", "ES256", key.id
		set.Keys = append(set.Keys, public)
	}
	return json.Marshal(set)
}

// Rotate makes a new signing key and returns its ID. It is published at once, and
// signs when verifiers that keep the key set know it. Tokens signed with the earlier
// ones verify until they expire.
func (s *Service) Rotate(ctx context.Context) (string, error) { return s.keys.rotate(ctx) }

// keyID returns the thumbprint of a key (RFC 7638).
func keyID(public *ecdsa.PublicKey) (string, error) {
	key, err := publicJWK(public)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(key)
	if err != nil {
		return "", errcode.Wrap(err, errcode.Internal, "the signing key has no thumbprint")
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

func publicJWK(public *ecdsa.PublicKey) (jwk, error) {
	point, err := public.Bytes() // 4, then X and Y of 32 bytes each
	if err != nil || len(point) != 65 {
		return jwk{}, errcode.Wrap(err, errcode.Internal, "the signing key has no P-256 point")
	}
	return jwk{
		Crv: "P-256", Kty: "EC",
		X: base64.RawURLEncoding.EncodeToString(point[1:33]),
		Y: base64.RawURLEncoding.EncodeToString(point[33:]),
	}, nil
}

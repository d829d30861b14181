package verification

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
	"github.com/lintel-run/lintel/runtime/element"
)

// keyring derives every opaque name and MAC that leaves the service from one key of
// the app's secret. Each use has a domain of its own.
type keyring struct {
	appID string
	key   []byte
}

func newKeyring(appID string, derive func(purpose string) ([]byte, error)) (keyring, error) {
	key, err := derive("auths.loginTypes/codes")
	if err != nil {
		return keyring{}, fmt.Errorf("verification: the key of codes: %w", err)
	}
	return keyring{appID: appID, key: key}, nil
}

// mac returns the HMAC-SHA-256 of domain, app and parts, each preceded by its
// length, so that no two lists of parts have the same text.
func (k keyring) mac(domain string, parts ...string) [sha256.Size]byte {
	h := hmac.New(sha256.New, k.key)
	write := func(s string) {
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(s)))
		h.Write(length[:])
		h.Write([]byte(s))
	}
	write(domain)
	write(k.appID)
	for _, part := range parts {
		write(part)
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return sum
}

// short returns a mac cut to 128 bits: 22 characters.
func (k keyring) short(domain string, parts ...string) string {
	sum := k.mac(domain, parts...)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// identity returns the cache's key of an identity, which is also the tag of its
// tokens. All instances share it, and so the history of an identity.
func (k keyring) identity(identity string) string {
	return k.short("identity", identity)[:tokens.TagLength]
}

// testIdentity is identity for a test phone, which each instance keeps apart from the
// real one.
func (k keyring) testIdentity(instance, identity string) string {
	return k.short("test identity", instance, identity)[:tokens.TagLength]
}

// formerIdentity is identity as Lintel 0.1 had it. Its tickets live for five minutes.
func (k keyring) formerIdentity(instance, identity string) string {
	return k.short("identity", instance, identity)[:tokens.TagLength]
}

// holder returns whose codes an instance keeps: a user's, or anybody's if userID is
// empty.
func (k keyring) holder(instance, userID string) string { return k.short("holder", instance, userID) }

// code returns the MAC of a code. A test phone's code has a domain of its own, so
// that it never matches a code that was sent.
func (k keyring) code(instance, identity, holder string, test bool, digits string) string {
	domain := "code"
	if test {
		domain = "test code"
	}
	sum := k.mac(domain, instance, identity, holder, digits)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// step returns the ID of one step of a request. The stores return the first result
// for a repeated ID.
func (k keyring) step(request, step string, parts ...string) string {
	return k.short("request", append([]string{request, step}, parts...)...)
}

// token returns the secret part of a token. It is derived from the request, so that
// a repeat gets the same token.
func (k keyring) token(kind, request string, parts ...string) [sha256.Size]byte {
	return k.mac("token", append([]string{kind, request}, parts...)...)
}

// entry returns the ID of a test phone's entry. With another code it is another
// entry.
func (k keyring) entry(instance, identity, digits string) string {
	return k.short("test entry", instance, identity, digits)
}

// address returns the cache's key of the sends from a client's address, and
// addressGuesses that of the wrong guesses.
func (k keyring) address(address string) string { return k.short("address", network(address)) }
func (k keyring) addressGuesses(address string) string {
	return k.short("address guesses", network(address))
}

func network(address string) string { return element.Caller{Address: address}.Network() }

// app returns the cache's key of the app's own limit.
func (k keyring) app() string { return k.short("app") }

// captcha returns the cache's key of a captcha that the client named, and
// captchaUse that of the use of a captcha.
func (k keyring) captcha(instance, id string) string { return k.short("captcha id", instance, id) }
func (k keyring) captchaUse(id string) string        { return k.short("captcha mark", id) }

// riskGroup returns the cache's key of a risk group. The domain dates from when the
// groups were called crowds.
func (k keyring) riskGroup(name string) string { return k.short("crowd", name) }

// randomID returns 128 random bits: 22 characters.
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

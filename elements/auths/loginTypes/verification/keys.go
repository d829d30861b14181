package verification

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/tokens"
)

// keyring makes every opaque name and MAC that leaves the service, from one key
// of the app's secret. Each use is a domain of its own.
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

// mac is HMAC-SHA-256 over the domain, the app and the parts, each with its
// length before it, so that no two lists of parts give one text.
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

// short is a mac cut to 128 bits: 22 characters.
func (k keyring) short(domain string, parts ...string) string {
	sum := k.mac(domain, parts...)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// identity is the store's key of an identity within an instance. It is the tag
// of that identity's tokens too.
func (k keyring) identity(instance, identity string) string {
	return k.short("identity", instance, identity)[:tokens.TagLength]
}

// code is what a right guess shows. A test phone's code is of another domain, so
// that it opens nothing that a delivered one opens.
func (k keyring) code(instance, identity, holder string, test bool, digits string) string {
	domain := "code"
	if test {
		domain = "test code"
	}
	sum := k.mac(domain, instance, identity, holder, digits)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// request names one step of an operation to the stores.
func (k keyring) request(operation, step string, parts ...string) string {
	return k.short("request", append([]string{operation, step}, parts...)...)
}

// token makes the secret part of a token. It follows from the operation, so that
// a repeat of it gives the same token; nobody without the key can tell it.
func (k keyring) token(kind, operation string, parts ...string) [sha256.Size]byte {
	return k.mac("token", append([]string{kind, operation}, parts...)...)
}

// entry names a test phone's entry as it is now: another code, another entry.
func (k keyring) entry(instance, identity, digits string) string {
	return k.short("test entry", instance, identity, digits)
}

// address is the store's key of the limit of a client's address: an IPv4 address
// whole, an IPv6 address by its /64.
func (k keyring) address(address string) string {
	network := address
	if ip, err := netip.ParseAddr(address); err == nil {
		ip = ip.Unmap().WithZone("")
		network = ip.String()
		if ip.Is6() {
			prefix, _ := ip.Prefix(64)
			network = prefix.String()
		}
	}
	return k.short("address", network)
}

// app is the store's key of the app's own limit.
func (k keyring) app() string { return k.short("app") }

// captcha is the store's key of the captcha that a client named with an id, and
// mark of the note that a captcha was used.
func (k keyring) captcha(instance, id string) string { return k.short("captcha id", instance, id) }
func (k keyring) mark(id string) string              { return k.short("captcha mark", id) }

// crowd is the store's key of a crowd of the app's.
func (k keyring) crowd(name string) string { return k.short("crowd", name) }

// randomID is unique: 128 random bits, 22 characters.
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

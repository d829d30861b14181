package captcha

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"strconv"
)

// Challenge is a computation: find n, 0 <= n <= Max, for which the SHA-256 of Salt
// followed by n in decimal is Hash. n in decimal is the answer. On average, half of
// the numbers have to be tried.
type Challenge struct {
	Salt string
	// Hash is hexadecimal, in lower case.
	Hash string
	Max  int64
}

// saltLength is in bytes.
const saltLength = 15

func newChallenge(effort int64) (*Challenge, string) {
	random := make([]byte, saltLength)
	_, _ = rand.Read(random)                            // never fails; see crypto/rand
	n, _ := rand.Int(rand.Reader, big.NewInt(effort+1)) // nor does this
	salt, answer := encoding.EncodeToString(random), strconv.FormatInt(n.Int64(), 10)
	hash := sha256.Sum256([]byte(salt + answer))
	return &Challenge{Salt: salt, Hash: hex.EncodeToString(hash[:]), Max: effort}, answer
}

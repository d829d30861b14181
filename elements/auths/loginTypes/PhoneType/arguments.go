package phonetype

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/elements/phone/numbering"
	"github.com/lintel-run/lintel/plugins/errcode"
)

// The account purposes of codes. Codes of the first two are sent to the user's own
// phone only.
const (
	purposeUnbind         = "unbind"
	purposeCheckMyMessage = "checkMyMessage"
	purposeBind           = "bind"
	purposeUpdatePhone    = "updatePhone"
)

func checkPurpose(purpose string) error {
	switch purpose {
	case "login", "register", purposeBind, purposeUnbind, purposeCheckMyMessage, purposeUpdatePhone:
		return nil
	}
	return errArg("purpose", "there is no such purpose; expected login, register, bind, unbind, checkMyMessage or updatePhone")
}

// identity returns the identity that an argument spells.
func (p *PhoneLogin) identity(text string) (string, error) {
	number, err := p.rules.Normalize(text)
	switch {
	case errors.Is(err, numbering.ErrRegion):
		return "", errcode.New(codes.PhoneRegionNotAllowed, "numbers of this region can't be used here")
	case err != nil:
		return "", errcode.New(codes.PhoneInvalid, "this is not a mobile number")
	}
	return number, nil
}

// The lengths that codeLength may have.
const (
	minCodeLength = 6
	maxCodeLength = 10
)

// checkCode refuses what can't be a code of any length. The host knows that of the code
// that was sent.
func (p *PhoneLogin) checkCode(arg, code string) error {
	if len(code) < minCodeLength || !isCode(code, min(len(code), maxCodeLength)) {
		return errArg(arg, "a code is "+digits(p.config.CodeLength)+", or as many as its message has")
	}
	return nil
}

// isCode reports whether code is exactly n ASCII digits.
func isCode(code string, n int) bool {
	return len(code) == n && strings.Trim(code, "0123456789") == ""
}

// maxNick is in characters.
const maxNick = 64

// nickOf returns a new user's nick without surrounding spaces.
func nickOf(text string) (string, error) {
	nick := strings.TrimSpace(text)
	unprintable := strings.ContainsFunc(nick, func(c rune) bool { return !unicode.IsPrint(c) })
	if nick == "" || unprintable || !utf8.ValidString(nick) || utf8.RuneCountInString(nick) > maxNick {
		return "", errArg("nick", "a nick is 1 to 64 printable characters")
	}
	return nick, nil
}

func errArg(arg, message string) error {
	return errcode.New(errcode.Params, "%s", message).With("arg", arg)
}

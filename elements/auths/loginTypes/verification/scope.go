package verification

import (
	"github.com/lintel-run/lintel/elements/auths/loginTypes/codes"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// The purposes that a code may have.
const (
	purposeLogin          = "login"
	purposeRegister       = "register"
	purposeBind           = "bind"
	purposeUnbind         = "unbind"
	purposeCheckMyMessage = "checkMyMessage"
	purposeUpdatePhone    = "updatePhone"
)

// scope is whose a code is and what it works for.
type scope struct {
	// holder is the user's id; empty: anybody.
	holder   string
	purposes []string
}

func anonymous() scope { return scope{purposes: []string{purposeLogin, purposeRegister}} }

func (s scope) anonymous() bool { return s.holder == "" }

// scopeOf gives the scope of a send. Without a purpose, a signed-in user gets all
// account purposes and anybody else the anonymous scope.
func scopeOf(purpose string, caller element.Caller) (scope, error) {
	switch purpose {
	case purposeLogin, purposeRegister:
		return anonymous(), nil
	case purposeBind, purposeUnbind, purposeCheckMyMessage, purposeUpdatePhone:
		if caller.UserID == "" {
			return scope{}, errLoginRequired()
		}
		return scope{holder: caller.UserID, purposes: []string{purpose}}, nil
	case "":
		if caller.UserID == "" {
			return anonymous(), nil
		}
		return scope{holder: caller.UserID, purposes: []string{
			purposeBind, purposeUnbind, purposeCheckMyMessage, purposeUpdatePhone,
		}}, nil
	}
	return scope{}, errcode.New(errcode.Params, "there is no such purpose").With("arg", "purpose")
}

// ownIdentity says whether codes of this purpose go to the user's own identity only.
func ownIdentity(purpose string) bool {
	return purpose == purposeUnbind || purpose == purposeCheckMyMessage
}

// errNotOwn is the answer to a code asked for an identity that isn't the user's.
func errNotOwn(bound string) error {
	if bound == "" {
		return errNotBound()
	}
	return errcode.New(errcode.Forbidden, "the phone is not yours")
}

func errLoginRequired() error {
	return errcode.New(errcode.LoginRequired, "nobody is signed in")
}

func errNotBound() error {
	return errcode.New(codes.PhoneNotBound, "no phone is bound")
}

package verification

import (
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime/element"
)

// The purposes of codes.
const (
	purposeLogin          = "login"
	purposeRegister       = "register"
	purposeBind           = "bind"
	purposeUnbind         = "unbind"
	purposeCheckMyMessage = "checkMyMessage"
	purposeUpdatePhone    = "updatePhone"
)

// scope is who may use a code, and for what.
type scope struct {
	// holder is a user's ID; empty: anybody.
	holder   string
	purposes []string
}

func anonymousScope() scope { return scope{purposes: []string{purposeLogin, purposeRegister}} }

func (s scope) anonymous() bool { return s.holder == "" }

// scopeOf returns the scope of a send. Without a purpose, a signed-in user gets all
// account purposes and anybody else the anonymous scope.
func scopeOf(purpose string, caller element.Caller) (scope, error) {
	switch purpose {
	case purposeLogin, purposeRegister:
		return anonymousScope(), nil
	case purposeBind, purposeUnbind, purposeCheckMyMessage, purposeUpdatePhone:
		if caller.UserID == "" {
			return scope{}, errLoginRequired()
		}
		return scope{holder: caller.UserID, purposes: []string{purpose}}, nil
	case "":
		if caller.UserID == "" {
			return anonymousScope(), nil
		}
		return scope{holder: caller.UserID, purposes: []string{
			purposeBind, purposeUnbind, purposeCheckMyMessage, purposeUpdatePhone,
		}}, nil
	}
	return scope{}, errcode.New(errcode.Params, "there is no such purpose; expected login, register, bind, unbind, checkMyMessage or updatePhone").With("arg", "purpose")
}

// needsOwnIdentity reports whether codes of a purpose are sent to the user's own
// identity only.
func needsOwnIdentity(purpose string) bool {
	return purpose == purposeUnbind || purpose == purposeCheckMyMessage
}

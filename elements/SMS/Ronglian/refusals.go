package ronglian

import (
	"strconv"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// refusals are the codes of the service (doc.yuntongxun.com, 全局错误码).
var refusals = delivery.NewRefusals(map[smscode.Reason][]string{
	smscode.Auth: append(accountCodes(), "160053", "172006", "172007", "172012"),
	smscode.Throttled: append(busyCodes(), "160015", "160016", "160021", "160022",
		"160038", "160039", "160040", "160041"),
	smscode.Balance:     {"160014"},
	smscode.Signature:   {"160019"},
	smscode.Template:    {"160032", "160036", "160043", "160052", "112311"},
	smscode.Content:     {"160033", "160037", "160049"},
	smscode.Number:      {"160042", "160044", "112300"},
	smscode.Blocked:     {"160034", "160051"},
	smscode.Duplicate:   {"160054"},
	smscode.Unavailable: {"172001"},
}, map[string]delivery.Limit{
	"160015": {Scope: smscode.ScopeNumber},
	"160021": {Scope: smscode.ScopeNumber, Wait: 24 * time.Hour},
	"160022": {Scope: smscode.ScopeNumber, Wait: 24 * time.Hour},
	"160038": {Scope: smscode.ScopeNumber},
	"160039": {Scope: smscode.ScopeNumber},
	"160040": {Scope: smscode.ScopeNumber, Wait: 24 * time.Hour},
	"160041": {Scope: smscode.ScopeNumber, Wait: 24 * time.Hour},
}, "160000", "160050")

// busyCodes are the codes of an account that sends too much at once.
func busyCodes() []string { return between(160001, 160010) }

// accountCodes are the codes of a wrong SID, token, clock or application.
func accountCodes() []string { return append(between(111100, 111149), between(111180, 111189)...) }

func between(a, b int) (list []string) {
	for n := a; n <= b; n++ {
		list = append(list, strconv.Itoa(n))
	}
	return list
}

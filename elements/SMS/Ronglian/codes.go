package ronglian

import (
	"strconv"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// codes are those of the service (doc.yuntongxun.com, 全局错误码).
var codes = delivery.NewCodes(map[delivery.Reason][]string{
	delivery.Auth: append(accountCodes(), "160053", "172006", "172007", "172012"),
	delivery.Throttled: append(busyCodes(), "160015", "160016", "160021", "160022",
		"160038", "160039", "160040", "160041"),
	delivery.Balance:     {"160014"},
	delivery.Signature:   {"160019"},
	delivery.Template:    {"160032", "160036", "160043", "160052", "112311"},
	delivery.Content:     {"160033", "160037", "160049"},
	delivery.Number:      {"160042", "160044", "112300"},
	delivery.Blocked:     {"160034", "160051"},
	delivery.Duplicate:   {"160054"},
	delivery.Unavailable: {"172001"},
}, map[string]delivery.Limit{
	"160015": {Scope: delivery.ScopeNumber},
	"160021": {Scope: delivery.ScopeNumber, Wait: 24 * time.Hour},
	"160022": {Scope: delivery.ScopeNumber, Wait: 24 * time.Hour},
	"160038": {Scope: delivery.ScopeNumber},
	"160039": {Scope: delivery.ScopeNumber},
	"160040": {Scope: delivery.ScopeNumber, Wait: 24 * time.Hour},
	"160041": {Scope: delivery.ScopeNumber, Wait: 24 * time.Hour},
}, "160000", "160050")

// busyCodes say that the account sends too much at once.
func busyCodes() []string { return between(160001, 160010) }

// accountCodes say that SID, token, clock or application are not right.
func accountCodes() []string { return append(between(111100, 111149), between(111180, 111189)...) }

func between(a, b int) (list []string) {
	for n := a; n <= b; n++ {
		list = append(list, strconv.Itoa(n))
	}
	return list
}

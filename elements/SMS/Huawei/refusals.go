package huawei

import (
	"fmt"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// seeStatus is the code of a request for which the phone's status is the reason.
const seeStatus = "E000510"

// refusals are the codes of the service
// (support.huaweicloud.com/api-msgsms/sms_05_0050.html)
// and of the gateway in front of it.
var refusals = delivery.NewRefusals(map[smscode.Reason][]string{
	smscode.Auth: append(numbered(1, 27), "E000040", "E000045", "E000101", "E000102", "E000103", "E000104", "E000105",
		"E000106", "E000109", "E000110", "E000111", "E000620", "APIGW"),
	smscode.Balance:     {"E000112"},
	smscode.Signature:   {"E200018"},
	smscode.Template:    {"E200028", "E200029", "E200030", "E200033"},
	smscode.Number:      {"E000503"},
	smscode.Throttled:   {"E000623", "E200015", "E200041", "APIGW.0308"},
	smscode.Other:       {seeStatus, "E200031"},
	smscode.Unavailable: {"APIGW.0201", "APIGW.0203"},
}, map[string]delivery.Limit{
	"E200041": {Scope: smscode.ScopeNumber},
}, "E000000")

// numbered returns the codes from E00000a to E00000b.
func numbered(a, b int) (list []string) {
	for n := a; n <= b; n++ {
		list = append(list, fmt.Sprintf("E%06d", n))
	}
	return list
}

package huawei

import (
	"fmt"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// seeStatus says that the phone's status tells more.
const seeStatus = "E000510"

// codes are those of the service (support.huaweicloud.com/api-msgsms/sms_05_0050.html)
// and of the gateway before it.
var codes = delivery.NewCodes(map[delivery.Reason][]string{
	delivery.Auth: append(numbered(1, 27), "E000040", "E000045", "E000101", "E000102", "E000103", "E000104", "E000105",
		"E000106", "E000109", "E000110", "E000111", "E000620", "APIGW"),
	delivery.Balance:     {"E000112"},
	delivery.Signature:   {"E200018"},
	delivery.Template:    {"E200028", "E200029", "E200030", "E200033"},
	delivery.Number:      {"E000503"},
	delivery.Throttled:   {"E000623", "E200015", "E200041", "APIGW.0308"},
	delivery.Other:       {seeStatus, "E200031"},
	delivery.Unavailable: {"APIGW.0201", "APIGW.0203"},
}, map[string]delivery.Limit{
	"E200041": {Scope: delivery.ScopeNumber},
}, "E000000")

// numbered gives the codes from E00000a to E00000b.
func numbered(a, b int) (list []string) {
	for n := a; n <= b; n++ {
		list = append(list, fmt.Sprintf("E%06d", n))
	}
	return list
}

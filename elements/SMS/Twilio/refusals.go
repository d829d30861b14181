package twilio

import (
	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// refusals are the codes of www.twilio.com/docs/api/errors for creating a message.
var refusals = delivery.NewRefusals(map[smscode.Reason][]string{
	smscode.Auth:      {"20003", "20005", "20404", "20008", "21222", "21224"},
	smscode.Balance:   {"10001", "20403", "30002", "30037"},
	smscode.Signature: {"21606", "21212", "21603", "21659", "21660", "21661", "21703", "21704", "21705", "30034"},
	smscode.Template:  {"21655", "21656", "21619"},
	smscode.Content:   {"21617", "21602", "30007"},
	smscode.Number:    {"21211", "21614", "21612", "21604", "30005", "30006"},
	smscode.Blocked:   {"21610", "30004"},
	smscode.Region:    {"21408", "21608", "60220"},
	smscode.Throttled: {"20429", "63038", "14107", "21611", "30001"},
}, nil, "20500", "30008")

package twilio

import "github.com/lintel-run/lintel/elements/SMS/delivery"

// codes are those of www.twilio.com/docs/api/errors that creating a message gives.
var codes = delivery.NewCodes(map[delivery.Reason][]string{
	delivery.Auth:      {"20003", "20005", "20404", "20008", "21222", "21224"},
	delivery.Balance:   {"10001", "20403", "30002", "30037"},
	delivery.Signature: {"21606", "21212", "21603", "21659", "21660", "21661", "21703", "21704", "21705", "30034"},
	delivery.Template:  {"21655", "21656", "21619"},
	delivery.Content:   {"21617", "21602", "30007"},
	delivery.Number:    {"21211", "21614", "21612", "21604", "30005", "30006"},
	delivery.Blocked:   {"21610", "30004"},
	delivery.Region:    {"21408", "21608", "60220"},
	delivery.Throttled: {"20429", "63038", "14107", "21611", "30001"},
}, nil, "20500", "30008")

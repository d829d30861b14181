// Command lintel-types holds the official Types that run as plugins. The runtime
// starts it once for each Type; one executable lets these processes share their
// pages.
package main

import (
	"runtime/debug"

	aliyun "github.com/lintel-run/lintel/elements/SMS/Aliyun"
	awssns "github.com/lintel-run/lintel/elements/SMS/AwsSns"
	baidu "github.com/lintel-run/lintel/elements/SMS/Baidu"
	httptype "github.com/lintel-run/lintel/elements/SMS/Http"
	huawei "github.com/lintel-run/lintel/elements/SMS/Huawei"
	outbox "github.com/lintel-run/lintel/elements/SMS/Outbox"
	ronglian "github.com/lintel-run/lintel/elements/SMS/Ronglian"
	route "github.com/lintel-run/lintel/elements/SMS/Route"
	tencent "github.com/lintel-run/lintel/elements/SMS/Tencent"
	twilio "github.com/lintel-run/lintel/elements/SMS/Twilio"
	phonetype "github.com/lintel-run/lintel/elements/auths/loginTypes/PhoneType"
	"github.com/lintel-run/lintel/plugins/sdk"
)

func main() {
	// A Type's heap is small and one process of many: less memory is worth more
	// than the little that collecting more often costs.
	debug.SetGCPercent(50)
	sdk.Main(
		aliyun.Type(),
		awssns.Type(),
		baidu.Type(),
		httptype.Type(),
		huawei.Type(),
		outbox.Type(),
		route.Type(),
		phonetype.Type(),
		ronglian.Type(),
		tencent.Type(),
		twilio.Type(),
	)
}

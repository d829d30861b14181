// Command lintel-types holds the official Types that run as plugins. The runtime
// starts it once for each Type; one executable lets these processes share their
// pages.
package main

import (
	aliyun "github.com/lintel-run/lintel/elements/SMS/Aliyun"
	awssns "github.com/lintel-run/lintel/elements/SMS/AwsSns"
	baidu "github.com/lintel-run/lintel/elements/SMS/Baidu"
	gateway "github.com/lintel-run/lintel/elements/SMS/Http"
	huawei "github.com/lintel-run/lintel/elements/SMS/Huawei"
	outbox "github.com/lintel-run/lintel/elements/SMS/Outbox"
	ronglian "github.com/lintel-run/lintel/elements/SMS/Ronglian"
	tencent "github.com/lintel-run/lintel/elements/SMS/Tencent"
	twilio "github.com/lintel-run/lintel/elements/SMS/Twilio"
	phonetype "github.com/lintel-run/lintel/elements/auths/loginTypes/PhoneType"
	"github.com/lintel-run/lintel/plugins/sdk"
)

func main() {
	sdk.Main(
		aliyun.Type(),
		awssns.Type(),
		baidu.Type(),
		gateway.Type(),
		huawei.Type(),
		outbox.Type(),
		phonetype.Type(),
		ronglian.Type(),
		tencent.Type(),
		twilio.Type(),
	)
}

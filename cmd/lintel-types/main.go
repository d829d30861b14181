// Command lintel-types holds the official Types that run as plugins. The runtime
// starts it once for each Type; one executable lets these processes share their
// pages.
package main

import (
	aliyun "github.com/lintel-run/lintel/elements/SMS/Aliyun"
	gateway "github.com/lintel-run/lintel/elements/SMS/Http"
	outbox "github.com/lintel-run/lintel/elements/SMS/Outbox"
	route "github.com/lintel-run/lintel/elements/SMS/Route"
	phonetype "github.com/lintel-run/lintel/elements/auths/loginTypes/PhoneType"
	"github.com/lintel-run/lintel/plugins/sdk"
)

func main() {
	sdk.Main(
		aliyun.Type(),
		gateway.Type(),
		outbox.Type(),
		route.Type(),
		phonetype.Type(),
	)
}

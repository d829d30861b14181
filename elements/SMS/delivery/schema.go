package delivery

import (
	"fmt"
	"strings"

	"github.com/lintel-run/lintel/plugins/sdk"
)

// The parts of this file refuse a configuration by its schema, before any process
// runs. Base, CheckScheme and the vendors' open functions refuse the same and more.

const (
	scheme = `^[Hh][Tt][Tt][Pp]`
	noURL  = `"minLength":1,"not":{"pattern":"` + scheme + `[Ss]?://[^/?#]"}`
	// loopback matches a host that plain http may go to. It leaves IPv6 addresses, which
	// have many spellings, to CheckScheme.
	loopback = scheme + `://([Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]|127\\.[0-9]+\\.[0-9]+\\.[0-9]+|\\[[^\\]]*\\])(:[0-9]*)?([/?#]|$)`

	wrongURL      = "must be a URL such as https://sms.example.com"
	wrongCallback = "must be the whole address, such as https://shop.example/receipts/…"
	wrongProxy    = "must be the URL of an HTTP proxy, such as http://proxy.example:3128, or " + noProxy
	wrongSign     = "is written without 【】, which the vendor adds"
	wrongPlain    = "must begin with https://: over plain http anybody on the way reads codes and keys; allowPlainHTTP permits it"
)

// RefuseURL refuses a key that isn't a URL, or a URL of plain http that needs
// permission. more holds further conditions on properties as JSON members; it may be
// empty.
func RefuseURL(key, more string) []sdk.Part {
	if more != "" {
		more = "," + more
	}
	one := func(value, beside string) string {
		return fmt.Sprintf(`{"required":[%q],"properties":{%q:{%s}%s}}`, key, key, value, beside+more)
	}
	return []sdk.Part{
		sdk.RefuseIf(one(noURL, ""), "/"+key, wrongURL),
		sdk.RefuseIf(one(`"pattern":"`+scheme+`://","not":{"pattern":"`+loopback+`"}`, `,"allowPlainHTTP":{"const":false}`), "/"+key, wrongPlain),
	}
}

// refuseProxy refuses a proxy as Settings.Network does.
var refuseProxy = sdk.RefuseIf(`{"required":["proxy"],"properties":{"proxy":{"not":{"pattern":"^([Hh][Tt][Tt][Pp][Ss]?://[^/?#]+/?|`+noProxy+`)$"}}}}`, "/proxy", wrongProxy)

// RefuseCallback refuses a key as CheckCallback does.
func RefuseCallback(key string) sdk.Part {
	return sdk.RefuseIf(fmt.Sprintf(`{"required":[%q],"properties":{%q:{%s}}}`, key, key, noURL), "/"+key, wrongCallback)
}

// PlainSign refuses a sign written with the brackets that vendors of the mainland add
// themselves.
var PlainSign = sdk.RefuseIf(`{"required":["verifySign"],"properties":{"verifySign":{"pattern":"[【】]"}}}`, "/verifySign", wrongSign)

// CheckSign refuses a sign as PlainSign does.
func CheckSign(sign string) error {
	if strings.ContainsAny(sign, "【】") {
		return sdk.ConfigError("/verifySign", wrongSign)
	}
	return nil
}

// Pair is two keys of a configuration that depend on each other.
type Pair struct{ First, Second string }

// OnlyOne refuses a configuration with both keys.
func (p Pair) OnlyOne() sdk.Part {
	return sdk.RefuseIf(p.schema("allOf"), "/"+p.Second, "is there beside "+p.First+"; only one of them may be")
}

// AtLeastOne refuses a configuration with neither key.
func (p Pair) AtLeastOne() sdk.Part {
	return sdk.RefuseIf(`{"not":`+p.schema("anyOf")+`}`, "", "needs "+p.First+" or "+p.Second)
}

// Together refuses a configuration with one key only.
func (p Pair) Together() sdk.Part {
	return sdk.RefuseIf(p.schema("oneOf"), "/"+p.Second, p.First+" and "+p.Second+" go together")
}

// schema combines, by a keyword, the schemas of configurations with either key.
func (p Pair) schema(keyword string) string {
	has := func(key string) string {
		return fmt.Sprintf(`{"required":[%q],"properties":{%q:{"minLength":1}}}`, key, key)
	}
	return fmt.Sprintf(`{%q:[%s,%s]}`, keyword, has(p.First), has(p.Second))
}

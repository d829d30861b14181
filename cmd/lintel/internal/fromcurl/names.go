package fromcurl

import (
	"regexp"
	"strings"
)

// The names by which vendors call things, in lower case without separators.
var (
	phoneNames    = regexp.MustCompile(`^(m|to|tel|msisdn|dest.*|destination|recipients?|receiver|(phone|mobile|cell)(s|no|num|number|numbers|phone)?[0-9]*|phonenumbers?[0-9]*|tophone|tonumber|number|mobiles|recivephonenumber|receivephonenumber|recvphone)$`)
	codeNames     = regexp.MustCompile(`^(code|authcode|verifycode|verificationcode|vcode|otp|otpcode|captcha|pin|smscode|checkcode|passcode|templateparams?0|var1|code1)$`)
	minutesNames  = regexp.MustCompile(`^(minutes?|min|ttl|time|expires?|expiry|expiremin|validity|valid|var2)$`)
	textNames     = regexp.MustCompile(`^(c|text|content|message|msg|body|sms|smscontent|smstext|msgcontent)$`)
	templateNames = regexp.MustCompile(`^(template|templateid|templatecode|templatename|tpl|tplid|tplcode|tempid|temp|project|templatesid|flowid|messagetemplate|verifytemplatecode)$`)
	signNames     = regexp.MustCompile(`^(signname|signcontent|sigcontent|smssign|signid|signatureid|signaturename|signtext|sign|signature)$`)
	digestNames   = regexp.MustCompile(`^(sig|sign|signature|checksum|digest|mac|hmac|hash|xsignature|authsign|.*signature)$`)
	secretNames   = regexp.MustCompile(`(pass(word|wd)?$|pwd$|secret|apikey|appkey|accesskey|authkey|privatekey|publickey|token|^key$|key$|credential|authorization|^auth$|^p$|cookie)`)
	accountNames  = regexp.MustCompile(`^(u|user|username|userid|account|accountid|accountsid|appid|app|sdkappid|smsaccount|accesskeyid|ak|sid|spid|login|loginname|projectid|sender|senderid|from|originator|src|extno|channel)$`)
	requestNames  = regexp.MustCompile(`^(requestid|messageid|msgid|smsid|clientid|clienttoken|outid|traceid|uid|uuid|idempotencykey|xidempotencykey|xrequestid|searchid|seq|sequence|orderid|customid|reqid)$`)
	nonceNames    = regexp.MustCompile(`(nonce|random|salt)`)
	timeNames     = regexp.MustCompile(`(time|date|ts$|^t$)`)
	separators    = regexp.MustCompile(`[^a-z0-9]+`)
)

// known returns a name as it is looked up.
func known(name string) string { return separators.ReplaceAllString(strings.ToLower(name), "") }

// digest matches what has the length of a digest.
var digest = regexp.MustCompile(`^([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[A-Za-z0-9+/_-]{27}=|[A-Za-z0-9+/_-]{43}=)$`)

package sessions

// The JSON Schemas of the functions' results.
const (
	corpListSchema = `{"type":"array","items":{"type":"object","additionalProperties":false,"required":["corpId","corpName"],` +
		`"properties":{"corpId":{"type":"string"},"corpName":{"type":"string"}}}}`

	// openedSchema doesn't require tokens: those of a web session are in cookies.
	openedSchema = `{"type":"object","additionalProperties":false,"required":["success","tokenType","expiresIn","userId","corpId"],"properties":{` +
		`"success":{"const":true},"tokenType":{"const":"Bearer"},"expiresIn":{"type":"integer","description":"Seconds."},` +
		`"userId":{"type":"string"},"corpId":{"type":"string"},` +
		`"accessToken":{"type":"string"},"refreshToken":{"type":"string"},"deviceToken":{"type":"string"}}}`

	userSchema = `{"type":"object","additionalProperties":false,"required":["userId","nick","phone","corpList","corpId"],"properties":{` +
		`"userId":{"type":"string"},"nick":{"type":"string"},"phone":{"type":"string","description":"Masked."},` +
		`"corpList":` + corpListSchema + `,"corpId":{"type":"string"},"sessionId":{"type":"string"},"platform":{"enum":["web","mobile","api"]}}}`

	sessionsSchema = `{"type":"array","items":{"type":"object","additionalProperties":false,` +
		`"required":["sessionId","corpId","platform","createdAt","lastSeenAt","expiresAt","current"],"properties":{` +
		`"sessionId":{"type":"string"},"corpId":{"type":"string"},"platform":{"enum":["web","mobile","api"]},` +
		`"createdAt":{"type":"string","format":"date-time"},"lastSeenAt":{"type":"string","format":"date-time"},` +
		`"expiresAt":{"type":"string","format":"date-time"},"current":{"type":"boolean"}}}}`

	doneSchema = `{"type":"object","additionalProperties":false,"required":["success"],"properties":{"success":{"const":true}}}`
)

package fromcurl

import (
	"cmp"
	"regexp"
	"strings"
)

var (
	markerNames = regexp.MustCompile(`(?i)(status|code|result|ret|err|success|state|type|resp|groupname|ok)[a-z]*$`)
	markerTexts = regexp.MustCompile(`(?i)^(0+|1|00|200|ok|success|successful|succeed|true|accepted|queued|pending|sent|1000)$`)
	idNames     = regexp.MustCompile(`(?i)((msg|message|sms|send|biz|task|batch|session|serial|request|report)[-_]?(id|no|sid|key)s?$|^(.*/)?(id|sid|smsid|obj)(/0)?$|/(id|sid)$|/message$)`)
	textID      = regexp.MustCompile(`^([A-Za-z]+|[0-9]{1,2})([:,| ]+)([A-Za-z0-9_-]{6,})$`)
)

// rules are what SMS.Http needs to read answers.
type rules struct {
	accepted  map[string]any
	refused   []any
	messageID any
}

// rulesOf guesses how a good answer differs from a bad one.
func (g *guesser) rulesOf(good, bad *answer) rules {
	r := rules{accepted: map[string]any{}}
	status := cmp.Or(good.status, 200)
	where := map[string]any{}
	marker, value := marker(good, bad)
	id := messageIDPlace(good, marker)
	switch {
	case marker != "":
		where[marker] = value
		g.note("accepted: %s is %q", marker, value)
	case len(good.places) > 0 && id != "":
		where[id] = map[string]any{"exists": true}
		g.note("accepted: there is something at %s", id)
	case good.text != "" && len(good.places) == 0:
		where["$"] = g.textMarker(good.text, &r)
	default:
		g.check = append(g.check, "the good answer has no marker of success: accepted is only its status. Name the field that means success, if there is one")
	}
	r.accepted["status"] = []int{status}
	if len(where) > 0 {
		r.accepted["where"] = where
	}
	if id != "" {
		r.messageID = id
		g.note("the vendor's ID of the message: %s", id)
	} else if r.messageID == nil {
		g.check = append(g.check, "no ID of the message was found in the good answer: set messageId if the vendor pushes receipts")
	}
	if bad != nil {
		r.refused = g.refusals(good, bad, marker)
	}
	return r
}

// marker returns the place whose text tells the answers apart best.
func marker(good, bad *answer) (place, value string) {
	best := 0
	for i, candidate := range good.order {
		text := good.places[candidate]
		score := 0
		if markerNames.MatchString(candidate) {
			score += 4
		}
		if markerTexts.MatchString(text) {
			score += 4
		}
		if bad != nil {
			switch other, ok := bad.places[candidate]; {
			case ok && other == text:
				continue
			case ok:
				score += 3
			}
		}
		if len(text) > 32 || score < 5 {
			continue
		}
		if strings.Count(candidate, "/") <= 1 {
			score++
		}
		if score*100-i > best {
			best, place, value = score*100-i, candidate, text
		}
	}
	return place, value
}

// messageIDPlace returns the place of the vendor's ID, "" if there is none.
func messageIDPlace(good *answer, marker string) string {
	best, found := -1, ""
	for _, place := range good.order {
		text := good.places[place]
		if place == marker || len(text) < 3 || len(text) > 128 || strings.ContainsAny(text, " \n") || !idNames.MatchString(place) {
			continue
		}
		score := 0
		lower := strings.ToLower(place)
		for _, word := range []string{"msg", "message", "sms", "send", "biz", "sid"} {
			if strings.Contains(lower, word) {
				score = 2
			}
		}
		if strings.Contains(lower, "request") {
			score = -1
		}
		if strings.ContainsAny(text, "0123456789") {
			score++
		} else if strings.HasSuffix(lower, "message") {
			continue
		}
		if score > best {
			best, found = score, place
		}
	}
	return found
}

// textMarker returns the condition of an answer that is plain text, with its ID.
func (g *guesser) textMarker(text string, r *rules) any {
	if found := textID.FindStringSubmatch(text); found != nil {
		begin := "^" + regexp.QuoteMeta(found[1]+found[2])
		r.messageID = map[string]any{"matches": begin + "(.+)$"}
		g.note("accepted: the answer begins with %q, and the ID of the message follows", found[1]+found[2])
		return map[string]any{"matches": begin}
	}
	if len(text) > 64 {
		g.check = append(g.check, "the good answer is a long text: accepted wants exactly it; write what it has to contain with {\"matches\": …}")
	}
	g.note("accepted: the answer is %q", text)
	return text
}

// refusals returns the rule of the bad answer, and one for others of its kind.
func (g *guesser) refusals(good, bad *answer, marker string) []any {
	reason := reasonOf(bad)
	rule := map[string]any{"reason": reason}
	differs := bad.status != 0 && bad.status != cmp.Or(good.status, 200)
	if differs {
		rule["status"] = []int{bad.status}
	}
	place, text := marker, bad.places[marker]
	if place == "" || text == "" {
		place, text = errorPlace(bad, good)
	}
	if g.replacePhone(text) != text || g.code != "" && hasToken(text, g.code) {
		text = "" // of this message only
	}
	switch {
	case place != "" && text != "":
		rule["where"] = map[string]any{place: text}
		g.note("refused as %s: %s is %q", reason, place, text)
	case place != "":
		rule["where"] = map[string]any{place: map[string]any{"exists": true}}
		g.note("refused as %s: there is something at %s", reason, place)
	case bad.text != "" && len(bad.places) == 0 && len(bad.text) <= 64:
		rule["where"] = map[string]any{"$": bad.text}
		g.note("refused as %s: the answer is %q", reason, bad.text)
	case !differs:
		g.check = append(g.check, "the bad answer can't be told from the good one: write the rules of refused")
		return nil
	}
	if bad.status >= 500 {
		g.check = append(g.check, "the bad answer has a status of 5xx: it counts as refused only because the rule names it. Remove the rule if the message may have been sent")
	}
	g.check = append(g.check, "refused has the one answer that was shown: add the vendor's other codes, most of all that for too many messages (throttled)")
	return []any{rule}
}

// errorPlace returns the place in a bad answer that says what was wrong.
func errorPlace(bad, good *answer) (place, text string) {
	for _, candidate := range bad.order {
		if _, ok := good.places[candidate]; !ok && markerNames.MatchString(candidate) && len(bad.places[candidate]) <= 32 {
			return candidate, bad.places[candidate]
		}
	}
	for _, candidate := range bad.order {
		if other, ok := good.places[candidate]; (!ok || other != bad.places[candidate]) && len(bad.places[candidate]) <= 64 {
			return candidate, bad.places[candidate]
		}
	}
	return "", ""
}

var reasons = []struct {
	pattern *regexp.Regexp
	reason  string
}{
	{regexp.MustCompile(`(?i)balance|insufficient|credit|quota|arrears|余额|欠费|not enough`), "balance"},
	{regexp.MustCompile(`(?i)too many|rate.?limit|throttl|frequen|exceed|limit|频|超限`), "throttled"},
	{regexp.MustCompile(`(?i)black.?list|blocked|opt.?out|unsubscri|黑名单`), "blocked"},
	{regexp.MustCompile(`(?i)template|模板`), "template"},
	{regexp.MustCompile(`(?i)unauthori|authenti|credential|api.?key|access.?key|token|password|login|signature.*(invalid|mismatch|not match)|invalid.*signature|forbidden|密码|账号|鉴权|认证|白名单`), "auth"},
	{regexp.MustCompile(`(?i)sender|sign.?name|签名`), "signature"},
	{regexp.MustCompile(`(?i)sensitive|content|敏感|内容`), "content"},
	{regexp.MustCompile(`(?i)phone|mobile|number|recipient|msisdn|手机|号码`), "number"},
}

// reasonOf returns why a bad answer refuses, as far as its words tell.
func reasonOf(bad *answer) string {
	switch bad.status {
	case 401, 403:
		return "auth"
	case 402:
		return "balance"
	case 429:
		return "throttled"
	}
	said := []string{bad.text}
	for _, place := range bad.order {
		said = append(said, bad.places[place])
	}
	for _, r := range reasons {
		if r.pattern.MatchString(strings.Join(said, "\n")) {
			return r.reason
		}
	}
	return "other"
}

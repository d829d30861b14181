package twilio

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	twilio "github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// vendor makes requests that Twilio's library writes.
type vendor struct {
	sid, token, from, service, content, callback string

	base   *url.URL
	client *delivery.Client
}

// contentPrefix begins the ids of content templates.
const contentPrefix = "HX"

// Deliver makes one request.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	params := &api.CreateMessageParams{}
	params.SetTo(m.Phone.E164())
	if v.service != "" {
		params.SetMessagingServiceSid(v.service)
	} else {
		params.SetFrom(v.from)
	}
	if v.callback != "" {
		params.SetStatusCallback(v.callback)
	}
	// A call's own text is another message than the instance's content.
	another := m.TextGiven && m.Template == v.content
	if strings.HasPrefix(m.Template, contentPrefix) && !another {
		variables := make(map[string]string, len(m.Params))
		for i, value := range m.Values() {
			variables[strconv.Itoa(i+1)] = value
		}
		raw, err := json.Marshal(variables)
		if err != nil {
			return delivery.NotMade()
		}
		params.SetContentSid(m.Template)
		params.SetContentVariables(string(raw))
	} else {
		params.SetBody(m.Text)
	}
	answer, failed, ok := v.do(ctx, func(s *api.ApiService) { _, _ = s.CreateMessage(params) })
	if !ok {
		return failed
	}
	return outcomeOf(answer)
}

// do lets the library write one request and gives its answer.
func (v *vendor) do(ctx context.Context, write func(*api.ApiService)) (*delivery.Answer, delivery.Outcome, bool) {
	e := &exchange{Exchange: v.client.Exchange(ctx, nil), sid: v.sid, token: v.token, base: v.base}
	// Made by hand: the library's own reads TWILIO_EDGE and TWILIO_REGION.
	write(api.NewApiService(&twilio.RequestHandler{Client: e}))
	return e.Answer()
}

// answer is a message or an error.
type answer struct {
	Sid       string          `json:"sid"`
	Status    any             `json:"status"` // a word for a message, a number for an error
	Code      json.RawMessage `json:"code"`
	ErrorCode json.RawMessage `json:"error_code"`
}

// taken are the statuses of a message that Twilio has taken.
var taken = map[any]bool{
	"accepted": true, "scheduled": true, "queued": true, "sending": true, "sent": true, "delivered": true,
}

// dropped are those of one that it has given up.
var dropped = map[any]bool{"failed": true, "undelivered": true, "canceled": true}

// outcomeOf reads an answer. Accepted is a message with a sid that Twilio has
// taken.
func outcomeOf(a *delivery.Answer) delivery.Outcome {
	o := outcome(a)
	o.RequestID = a.Header.Get("Twilio-Request-Id")
	return o
}

func outcome(a *delivery.Answer) delivery.Outcome {
	var said answer
	readable := a.JSON(&said)
	code := text(said.Code)
	switch {
	case a.Status == http.StatusTooManyRequests:
		// Not processed, says www.twilio.com/docs/api/errors/20429.
		o := codes.Outcome("20429", a.Status)
		if code != "" {
			o.Code = code
		}
		o.Wait = a.RetryAfter()
		return o
	case !readable:
		return delivery.Unknown("the answer can't be read")
	case a.Redirect():
		return delivery.Unknown("the answer is a redirect")
	case !a.OK() && code != "":
		return codes.Outcome(code, a.Status)
	case !a.OK():
		return delivery.Unknown("the answer has no code")
	case said.Sid != "" && taken[said.Status]:
		return delivery.Accepted(said.Sid)
	case said.Sid != "" && dropped[said.Status]:
		o := codes.Outcome(text(said.ErrorCode), a.Status)
		o.MessageID = said.Sid
		return o
	}
	return delivery.Unknown("the answer has no message")
}

// text gives a code that is a number or a word.
func text(raw json.RawMessage) string {
	var word string
	if json.Unmarshal(raw, &word) == nil {
		return word
	}
	return string(raw)
}

// Prove asks for the account.
func (v *vendor) Prove(ctx context.Context, _, _ string) delivery.Outcome {
	a, failed, ok := v.do(ctx, func(s *api.ApiService) { _, _ = s.FetchAccount(url.PathEscape(v.sid)) })
	if !ok {
		return failed
	}
	var said answer
	switch {
	case !a.JSON(&said):
		return delivery.Unknown("the answer can't be read")
	case a.OK() && said.Sid != "" && said.Status == "active":
		return delivery.Accepted("")
	case a.OK() && said.Sid != "":
		o := delivery.Refused(delivery.Balance, "")
		o.What = "the account is not active"
		return o
	case !a.OK() && text(said.Code) != "":
		return codes.Outcome(text(said.Code), a.Status)
	}
	return delivery.Unknown("the answer is empty")
}

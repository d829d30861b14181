// Package fromcurl turns a curl command that sends a message, with one good and one bad
// answer to it, into the configuration of an instance of SMS.Http. What looks like the
// phone, the code or a key becomes a placeholder or a variable: no value that may be
// secret stands in the configuration.
package fromcurl

import (
	"errors"
	"fmt"
	"strings"
)

// Example is what a person has: a command that works, and what the vendor answered.
type Example struct {
	Command   string
	Good, Bad string // Bad may be empty
	// Phone and Code are those in the command, if they can't be guessed.
	Phone, Code string
}

// Instance is the instance that was guessed.
type Instance struct {
	// Config is the text of sms.json.
	Config    []byte
	Variables []Variable
	// Env are the values of variables, in order; they belong into .env only.
	Env []EnvValue
	// Guessed says what became of which value, Check what a person has to look at. They
	// contain no secret.
	Guessed, Check []string
}

// EnvValue is the value of a variable.
type EnvValue struct{ Name, Value string }

// Guess returns the instance whose name has this last segment.
func Guess(last string, e Example) (*Instance, error) {
	r, err := parse(e.Command)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(e.Good) == "" {
		return nil, errors.New("the answer to the command is missing: what did the vendor answer when the message was sent?")
	}
	g := &guesser{last: last, check: r.notes}
	b, err := newBuilder(g, r)
	if err != nil {
		return nil, err
	}
	fields := b.fields()
	if !g.findPhone(e.Phone, fields) {
		g.check = append(g.check, "no phone was found in the command: say it with --phone, or write ${phone}, ${phoneDigits} or ${phoneNational} where it stands")
	}
	if !g.findCode(e.Code, fields) {
		g.check = append(g.check, "no login code was found in the command: say it with --code, or write ${params.code} or ${text} where it stands")
	}
	config := b.config()
	var bad *answer
	if strings.TrimSpace(e.Bad) != "" {
		bad = readAnswer(e.Bad)
	} else {
		g.check = append(g.check, "there is no bad answer: write the rules of refused")
	}
	rules := g.rulesOf(readAnswer(e.Good), bad)
	config = append(config, member{"accepted", rules.accepted})
	if len(rules.refused) > 0 {
		config = append(config, member{"refused", rules.refused})
	}
	if rules.messageID != nil {
		config = append(config, member{"messageId", rules.messageID})
	}
	text, err := config.text()
	if err != nil {
		return nil, err
	}
	out := &Instance{Config: text, Variables: g.variables, Guessed: g.guessed, Check: g.check}
	for _, value := range g.env {
		out.Env = append(out.Env, EnvValue{value.name, value.value})
	}
	return out, g.leaks(out)
}

// leaks returns an error if a secret stands anywhere but in .env. The guesses keep that
// from happening; a value that is written twice in different forms might slip through.
func (g *guesser) leaks(out *Instance) error {
	seen := string(out.Config) + strings.Join(out.Guessed, "\n") + strings.Join(out.Check, "\n")
	for _, v := range g.variables {
		for _, value := range g.env {
			if value.name == v.Name && v.Secret && len(value.value) >= 6 && strings.Contains(seen, value.value) {
				return fmt.Errorf("the secret of %s stands in the command in more than one place; replace one of them", v.Name)
			}
		}
	}
	return nil
}

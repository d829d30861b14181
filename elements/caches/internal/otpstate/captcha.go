package otpstate

import "github.com/lintel-run/lintel/elements/caches"

// checkCaptcha returns Reserved if a send's captcha, or the lack of one, is in order.
func (s *Step) checkCaptcha(r *caches.Reserve) caches.ReserveOutcome {
	c := &r.Captcha
	if !c.Given {
		if c.Required || s.captchaRequired(r) {
			return caches.CaptchaRequired
		}
		return caches.Reserved
	}
	if c.UseKey == "" {
		return caches.CaptchaWrong
	}
	if by := s.captchaUser(c.UseKey); by != "" && by != r.Request {
		return caches.CaptchaUsed
	}
	if !c.Correct {
		s.useCaptcha(c, r.Request)
		return caches.CaptchaWrong
	}
	return caches.Reserved
}

// captchaRequired reports whether a full limit or a suspicious risk group requires a
// captcha.
func (s *Step) captchaRequired(r *caches.Reserve) bool {
	for _, limit := range r.Captcha.RequiredWhenFull {
		if s.sharedRemaining(limit) > 0 {
			return true
		}
	}
	for _, g := range r.RiskGroups {
		if load[Group](s, groupName(g.Key)).suspicious(s.Now, g) {
			return true
		}
	}
	return false
}

func captchaName(key string) Name { return Name{Kind: KindCaptcha, Key: key} }

// captchaUser returns the request that used a captcha, or "".
func (s *Step) captchaUser(key string) string {
	if use := load[CaptchaUse](s, captchaName(key)); use != nil {
		return use.Request
	}
	return ""
}

func (s *Step) useCaptcha(c *caches.CaptchaCheck, request string) {
	s.Keep(captchaName(c.UseKey), &CaptchaUse{Request: request}, s.Now+Millis(c.UseTTL))
}

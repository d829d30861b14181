package outboxpage

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"

	"github.com/lintel-run/lintel/server/extension"
)

var (
	//go:embed outbox.html
	pageText string
	//go:embed outbox.css
	styleText string
	//go:embed outbox.js
	scriptText string

	page = template.Must(template.New("outbox").Parse(pageText))

	// policy permits what the page holds itself, and that it reads itself again.
	policy = "default-src 'none'; script-src " + digest(scriptText) + "; style-src " + digest(styleText) +
		"; img-src data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// words are the texts of the page in a language.
type words struct{ Lang, Title, Intro, New, Away, None, Template, Through string }

var (
	english = words{
		"en", "Outbox", "The messages that nobody was sent, newest first. This page refreshes itself. For programs:",
		"New messages: {n}", "The server doesn't answer.", "No message yet.", "template", "through",
	}
	chinese = words{
		"zh-CN", "发件箱", "以下短信并未真正发送,最新的在最前。本页会自动刷新。供程序读取:",
		"新短信:{n}", "服务器没有响应。", "暂无短信。", "模板", "通道",
	}
)

// shown is a message as the page shows it.
type shown struct {
	message
	// Key is the same for the same message.
	Key string
	// Code is the login code, empty if there is none.
	Code string
}

func showPage(r extension.Request, list []message) error {
	data := struct {
		Words    words
		Style    template.CSS
		Script   template.JS
		Messages []shown
	}{Words: english, Style: template.CSS(styleText), Script: template.JS(scriptText)} //nolint:gosec // G203: of this package
	if strings.HasPrefix(strings.ToLower(r.HTTP().Header.Get("Accept-Language")), "zh") {
		data.Words = chinese
	}
	seen := make(map[string]int)
	for _, m := range list {
		s := shown{message: m, Key: keyOf(m)}
		if seen[s.Key]++; seen[s.Key] > 1 {
			s.Key += fmt.Sprint("-", seen[s.Key])
		}
		if code, ok := m.Params["code"].(string); ok {
			s.Code = code
		}
		data.Messages = append(data.Messages, s)
	}
	h := r.Writer().Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Language", data.Words.Lang)
	h.Set("Vary", "Accept-Language")
	return page.Execute(r.Writer(), data)
}

func keyOf(m message) string {
	text, err := json.Marshal(m)
	if err != nil {
		return m.Time
	}
	sum := sha256.Sum256(text)
	return "m" + hex.EncodeToString(sum[:8])
}

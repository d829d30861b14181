package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// colors are a login's colours, as #rrggbb; each may be missing.
type colors struct {
	Accent     string `json:"accent"`
	AccentDark string `json:"accentDark"`
}

// themed returns the rules that replace the stylesheet's colours with a login's.
func themed(c colors) string {
	rule := func(color string, dark bool) string {
		rgb, ok := readColor(color)
		if !ok {
			return ""
		}
		on, paper := "#fff", [3]float64{0xf3 / 255.0, 0xf5 / 255.0, 0xf8 / 255.0}
		if contrast(rgb, [3]float64{}) > contrast(rgb, [3]float64{1, 1, 1}) {
			on = "#000"
		}
		if dark {
			paper = [3]float64{0x20 / 255.0, 0x22 / 255.0, 0x27 / 255.0}
		}
		return fmt.Sprintf("--a:%s;--o:%s;--l:%s", writeColor(rgb), on, writeColor(readable(rgb, paper)))
	}
	var css strings.Builder
	if r := rule(c.Accent, false); r != "" {
		css.WriteString(":root{" + r + "}")
	}
	if dark := c.AccentDark; dark != "" || c.Accent != "" {
		if dark == "" {
			dark = c.Accent
		}
		if r := rule(dark, true); r != "" {
			css.WriteString("@media(prefers-color-scheme:dark){:root{" + r + "}}")
		}
	}
	return css.String()
}

func readColor(text string) ([3]float64, bool) {
	if len(text) != 7 || text[0] != '#' {
		return [3]float64{}, false
	}
	n, err := strconv.ParseUint(text[1:], 16, 32)
	if err != nil {
		return [3]float64{}, false
	}
	return [3]float64{float64(n>>16) / 255, float64(n>>8&0xff) / 255, float64(n&0xff) / 255}, true
}

func writeColor(c [3]float64) string {
	part := func(f float64) int { return int(math.Round(f * 255)) }
	return fmt.Sprintf("#%02x%02x%02x", part(c[0]), part(c[1]), part(c[2]))
}

// readable moves a colour away from that of the paper until it is readable there,
// as links and borders must be.
func readable(c, paper [3]float64) [3]float64 {
	away := 0.0
	if luminance(paper) < 0.5 {
		away = 1
	}
	for range 40 {
		if contrast(c, paper) >= 4.6 {
			break
		}
		for i := range c {
			c[i] += (away - c[i]) * 0.08
		}
	}
	return c
}

// contrast of two colours: WCAG 2.2, "contrast ratio".
func contrast(a, b [3]float64) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance of a colour: WCAG 2.2, "relative luminance".
func luminance(c [3]float64) float64 {
	linear := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

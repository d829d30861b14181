package captcha

import "testing"

func BenchmarkDraw(b *testing.B) {
	n := 0
	for b.Loop() {
		it, err := draw(dchest{})
		if err != nil {
			b.Fatal(err)
		}
		n = len(it.content)
	}
	b.ReportMetric(float64(n), "bytes")
}

func BenchmarkSpeak(b *testing.B) {
	n := 0
	for b.Loop() {
		it, err := speak(dchest{}, "zh")
		if err != nil {
			b.Fatal(err)
		}
		n = len(it.content)
	}
	b.ReportMetric(float64(n), "bytes")
}

package bench

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/lintel-run/lintel/elements/standard"
	"github.com/lintel-run/lintel/internal/figure"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/test/blackbox"
)

// nobody is an address where no vendor answers.
const nobody = "http://127.0.0.1:9"

// vendors are the official SMS Types, each with a minimal configuration.
var vendors = map[string]map[string]any{
	"Aliyun":   {"accessKey": "k", "accessSecret": "s", "verifySign": "s", "verifyTemplateCode": "SMS_1", "endpoint": nobody},
	"Tencent":  {"secretId": "k", "secretKey": "s", "sdkAppId": "1", "verifySign": "s", "verifyTemplateCode": "1", "endpoint": nobody},
	"Huawei":   {"appKey": "k", "appSecret": "s", "sender": "csms1", "verifyTemplateCode": "1", "endpoint": nobody},
	"Baidu":    {"accessKey": "k", "accessSecret": "s", "verifySign": "s", "verifyTemplateCode": "t", "endpoint": nobody},
	"Ronglian": {"accountSid": "k", "authToken": "s", "appId": "a", "verifyTemplateCode": "1", "endpoint": nobody},
	"Twilio":   {"accountSid": "k", "authToken": "s", "from": "+15005550006", "endpoint": nobody},
	"AwsSns":   {"accessKey": "k", "secretKey": "s", "region": "us-east-1", "endpoint": nobody},
	"Http":     {"method": "POST", "url": nobody, "bodyType": "none", "accepted": map[string]any{"status": []int{200}}},
	"Route":    {"routes": []any{map[string]any{"use": []string{"SMS.myHttp"}, "strategy": "failover"}}},
	"Outbox":   {},
}

// BenchmarkTypes measures the first call of each official SMS Type, which starts its
// process, and the memory of the ten processes together.
func BenchmarkTypes(b *testing.B) {
	app := blackbox.Bare(quiet{b})
	for name, config := range vendors {
		app.WriteJSON("SMS/my"+name+"/e.json", map[string]any{"title": name, "type": "SMS." + name})
		app.WriteJSON("SMS/my"+name+"/sms.json", config)
	}
	bin := os.Getenv("LINTEL_BIN")
	if bin == "" {
		b.Skip("LINTEL_BIN names no built executables")
	}
	info, err := os.Stat(filepath.Join(bin, "lintel-types"))
	if err != nil {
		b.Fatal(err)
	}
	var starts []time.Duration
	total := 0.0
	for b.Loop() {
		running, err := runtime.Open(b.Context(), app.Dir, runtime.WithPluginDir(bin), runtime.WithDev(),
			runtime.WithoutWatch(), runtime.WithLogger(slog.New(slog.DiscardHandler)))
		if err != nil {
			b.Fatal(err)
		}
		for name := range vendors {
			el, err := running.GetElement("SMS.my" + name)
			if err != nil {
				b.Fatal(err)
			}
			begun := time.Now()
			_, err = el.Call(b.Context(), "sendMessage", []string{"+8613800138000"}, map[string]any{"code": "1", "minutes": "5", "product": "p"}, "")
			starts = append(starts, time.Since(begun))
			if code := errcode.Of(err); err != nil && code != "SMS_REFUSED" {
				b.Fatalf("%s: %v", name, err)
			}
		}
		total = 0
		for _, p := range running.Status(b.Context()).Plugins {
			if p.PID != 0 && p.Type != "auths.loginTypes.PhoneType" {
				total += proportional(b, p.PID)
			}
		}
		if err := running.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(info.Size())/1e6, "executable-MB")
	figure.AtMost(b, "first-call-ms", median(starts), 60)
	figure.AtMost(b, "MB", total, 120)
}

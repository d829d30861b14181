package ronglian

import (
	"context"
	"crypto/md5" //nolint:gosec // the vendor's signature
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
)

// vendor makes requests without an SDK: the vendor has no Go module.
type vendor struct {
	Config
	base   *url.URL
	client *delivery.Client
}

// Deliver implements delivery.Vendor. The vendor refuses a second message with the
// same reqId on the same day.
func (v *vendor) Deliver(ctx context.Context, m *delivery.Message) delivery.Outcome {
	if !m.Phone.MainlandMobile() {
		return delivery.Unsent(smscode.Region, "template messages go to mainland mobile numbers only")
	}
	return v.do(ctx, http.MethodPost, "/SMS/TemplateSMS", delivery.JSON(map[string]any{
		"to": m.Phone.National(), "appId": v.AppID, "templateId": m.Template, "datas": m.Values(), "reqId": m.Token(32),
	}), delivery.ReadJSON(readSend))
}

// CheckCredentials asks for the account.
func (v *vendor) CheckCredentials(ctx context.Context, _, _ string) delivery.Outcome {
	return v.do(ctx, http.MethodGet, "/AccountInfo", "", delivery.ReadJSON(readAccount))
}

// do signs and makes one request below the account's path.
func (v *vendor) do(ctx context.Context, method, path, body string, read delivery.ReadFunc) delivery.Outcome {
	at := time.Now().In(delivery.China).Format("20060102150405")
	sum := md5.Sum([]byte(v.AccountSid + v.AuthToken + at)) //nolint:gosec // the vendor's signature
	to := v.base.String() + "/2013-12-26/Accounts/" + url.PathEscape(v.AccountSid) + path + "?sig=" + strings.ToUpper(hex.EncodeToString(sum[:]))
	req, err := http.NewRequestWithContext(ctx, method, to, strings.NewReader(body))
	if err != nil {
		return delivery.NoRequest()
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json;charset=utf-8")
	req.Header.Set("Authorization", base64.StdEncoding.EncodeToString([]byte(v.AccountSid+":"+at)))
	return v.client.Do(req, read)
}

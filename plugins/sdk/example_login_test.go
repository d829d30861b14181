package sdk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

// DeskConfig declares the SMS element, and the keys of the host's policy that
// operators may change. The others have their defaults.
type DeskConfig struct {
	SMSFullName string `json:"smsFullName" jsonschema:"required" element:"SMS.Meta"`
	CodeLength  int    `json:"codeLength" jsonschema:"minimum=6,maximum=10" default:"8"`
	Prefix      string `json:"prefix" default:"+861380013"`
}

// Desk logs people in by the number of their desk phone.
type Desk struct{ config DeskConfig }

type SendArgs struct {
	Desk string `json:"desk" arg:"Stext,required"`
}

type LoginArgs struct {
	Desk string `json:"desk" arg:"Stext,required"`
	Code string `json:"code" arg:"Stext,required"`
}

type LoginResult struct {
	LoginCode string `json:"loginCode"`
	UserID    string `json:"userId"`
}

func openDesk(_ context.Context, c DeskConfig, _ sdk.Env) (*Desk, error) { return &Desk{c}, nil }

// SendMessage has the host make a code, check the limits, and call the SMS element.
func (d *Desk) SendMessage(ctx context.Context, in SendArgs) (sdk.None, error) {
	identity := d.config.Prefix + in.Desk
	message, err := json.Marshal(map[string]any{"phoneList": []string{identity}})
	if err != nil {
		return sdk.None{}, err
	}
	out, err := sdk.HostOf(ctx).Login().Send(ctx, &elementv1.SendRequest{
		Reserve:  &elementv1.ReserveRequest{Identity: identity, Purpose: "login"},
		Element:  d.config.SMSFullName,
		ArgsJson: message,
	})
	if err != nil {
		return sdk.None{}, err // SEND_TOO_FREQUENT, for one: it reaches the caller whole
	}
	return sdk.None{}, errcode.FromWire(out.GetError())
}

// GetLoginCode exchanges the code for a loginCode, which opens a session.
func (d *Desk) GetLoginCode(ctx context.Context, in LoginArgs) (*LoginResult, error) {
	out, err := sdk.HostOf(ctx).Login().Exchange(ctx, &elementv1.ExchangeRequest{
		Identity: d.config.Prefix + in.Desk, Code: in.Code,
	})
	if err != nil {
		return nil, err
	}
	return &LoginResult{LoginCode: out.GetLoginCode(), UserID: out.GetUserId()}, nil
}

var desk = sdk.NewType("auths.loginTypes.Desk", openDesk,
	sdk.Func("sendMessage", (*Desk).SendMessage, sdk.ForAnyone(), sdk.RunsToEnd()),
	sdk.Func("getLoginCode", (*Desk).GetLoginCode, sdk.ForAnyone(), sdk.RunsToEnd()))

// A login Type, and a test of it with a Login service that knows one code.
func Example_login() {
	login := sdktest.Open(&testing.T{}, desk, `{"smsFullName": "SMS.office"}`,
		sdktest.WithHost(&sdktest.Host{Login: oneCode{}}))
	ctx := context.Background()
	_, err := login.Call(ctx, "sendMessage", sdktest.Args{"desk": "8000"})
	fmt.Println(err)
	_, err = login.Call(ctx, "getLoginCode", sdktest.Args{"desk": "8000", "code": "00000000"})
	fmt.Println(err)
	out, err := login.Call(ctx, "getLoginCode", sdktest.Args{"desk": "8000", "code": "12345678"})
	fmt.Println(out, err)
	// Output:
	// <nil>
	// CODE_REJECTED: the code is not right
	// map[loginCode:abc userId:u1] <nil>
}

type oneCode struct {
	elementv1.UnimplementedLoginServer
}

func (oneCode) Send(context.Context, *elementv1.SendRequest) (*elementv1.SendResponse, error) {
	return &elementv1.SendResponse{Outcome: elementv1.Outcome_OUTCOME_ACCEPTED}, nil
}

func (oneCode) Exchange(_ context.Context, in *elementv1.ExchangeRequest) (*elementv1.ExchangeResponse, error) {
	if in.GetCode() != "12345678" {
		return nil, errcode.New("CODE_REJECTED", "the code is not right")
	}
	return &elementv1.ExchangeResponse{LoginCode: "abc", UserId: "u1"}, nil
}

// Package deliverytest tests what every vendor's Type must do, whatever its vendor:
// accept only what the vendor accepted, observe deadlines, share connections and leak
// none, and keep secrets out of errors and logs.
//
//	deliverytest.Run(t, deliverytest.Vendor{Type: acme.Type(), …})
//
// It runs a Type against stand-ins of its vendor on loopback addresses.
package deliverytest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/plugins/sdk"
	"github.com/lintel-run/lintel/plugins/sdk/sdktest"
)

// Answer is a stand-in's response.
type Answer struct {
	// Status 0 means 200.
	Status int
	// Type is the Content-Type.
	Type string
	Body string
	// RetryAfter is the header of that name.
	RetryAfter string
}

// Vendor describes a Type to the suite.
type Vendor struct {
	Type sdk.Type
	// Config is a configuration without "endpoint", or without EndpointKey if that is set.
	Config      map[string]any
	EndpointKey string
	// Secrets are the secret values in Config.
	Secrets []string
	// Phone is a number that the vendor serves; empty for a mainland one.
	Phone string
	// Accepted accepts a message.
	Accepted Answer
	// Refusal returns the response that refuses a message, with this code and ID of the
	// request.
	Refusal func(code, requestID string) Answer
	// Codes are rows of the vendor's table of refusals.
	Codes []Code
	// RightCredentials and WrongCredentials answer the check of credentials; nil if the
	// vendor has none.
	RightCredentials, WrongCredentials *Answer
}

// Code is a row of a vendor's table of refusals.
type Code struct {
	Code string
	// Status replaces that of Vendor.Refusal unless it is 0.
	Status int
	// Reason is empty for an unknown outcome.
	Reason smscode.Reason
	Scope  smscode.Scope
	Wait   time.Duration
}

// The message that the suite sends.
const (
	code    = "493027"
	minutes = "5"
)

// Run runs the whole suite.
func Run(t *testing.T, v Vendor) {
	if v.Phone == "" {
		v.Phone = "+8613800138000"
	}
	t.Run("an acceptance is accepted", v.accepted)
	t.Run("a refusal is refused", v.refused)
	t.Run("nothing else is accepted", v.neverAccepted)
	t.Run("an acceptance is read however it is wrapped", v.wrapped)
	t.Run("no two numbers share a wire form", v.Numbers)
	t.Run("broken connections", v.broken)
	t.Run("deadlines are observed", v.deadline)
	t.Run("connections are shared", v.shared)
	t.Run("no connection leaks", v.leaks)
	t.Run("a closed network", v.Network)
	t.Run("nothing secret is seen", v.canaries)
	t.Run("credentials are checked without sending", v.checked)
}

// config returns the configuration with an endpoint.
func (v Vendor) config(endpoint string, more map[string]any) string {
	c := maps.Clone(v.Config)
	c[cmp.Or(v.EndpointKey, "endpoint")] = endpoint
	maps.Copy(c, more)
	raw, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// open opens an instance whose vendor is at an endpoint.
func (v Vendor) open(t *testing.T, endpoint string, more map[string]any) *sdktest.Instance {
	t.Helper()
	return sdktest.Open(t, v.Type, v.config(endpoint, more))
}

func args(phone string) sdktest.Args {
	return sdktest.Args{"phoneList": []string{phone}, "params": map[string]any{"code": code, "minutes": minutes, "product": "Lintel Shop"}}
}

// send sends one message.
func (v Vendor) send(sms *sdktest.Instance, phone string) (*delivery.SendResult, error) {
	var receipt delivery.SendResult
	if err := sms.CallInto(context.Background(), "sendMessage", args(phone), &receipt); err != nil {
		return nil, err
	}
	return &receipt, nil
}

// fails sends one message that must not be accepted.
func (v Vendor) fails(t *testing.T, sms *sdktest.Instance) *errcode.Error {
	t.Helper()
	_, err := v.send(sms, v.Phone)
	require.Error(t, err, "the message was accepted")
	e, ok := errcode.As(err)
	require.True(t, ok, "an error without a code: %v", err)
	require.Contains(t, []errcode.Code{smscode.Refused, smscode.Failed}, e.Code)
	return e
}

func (v Vendor) accepted(t *testing.T) {
	s := newStandIn(t, always(v.Accepted))
	receipt, err := v.send(v.open(t, s.URL, nil), v.Phone)
	require.NoError(t, err)
	require.Len(t, receipt.Results, 1)
	require.Equal(t, v.Phone, receipt.Results[0].Phone)
	require.Equal(t, delivery.StatusAccepted, receipt.Results[0].Status)
	require.NotEmpty(t, receipt.Results[0].MessageID)
	require.EqualValues(t, 1, s.requests.Load())
}

func (v Vendor) refused(t *testing.T) {
	rows := append(v.Codes, Code{Code: "Some.Code.Of.No.Table", Reason: smscode.Other})
	for _, row := range rows {
		t.Run(fmt.Sprintf("%s %d", row.Code, row.Status), func(t *testing.T) {
			answer := v.Refusal(row.Code, "R-42")
			if row.Status != 0 {
				answer.Status = row.Status
			}
			s := newStandIn(t, always(answer))
			e := v.fails(t, v.open(t, s.URL, nil))
			require.EqualValues(t, 1, s.requests.Load())
			require.Equal(t, row.Code, e.Details["vendorCode"])
			if row.Reason == "" {
				require.Equal(t, smscode.Failed, e.Code)
				require.Equal(t, errcode.OutcomeUnknown, e.Details["outcome"])
				return
			}
			require.Equal(t, smscode.Refused, e.Code)
			require.Equal(t, string(row.Reason), e.Details["reason"])
			scope, _ := e.Details["scope"].(string)
			require.Equal(t, string(row.Scope), scope)
			require.Equal(t, row.Wait, e.RetryAfter)
			if requestID, ok := e.Details["vendorRequestId"]; ok {
				require.Equal(t, "R-42", requestID)
			}
		})
	}
}

func (v Vendor) checked(t *testing.T) {
	if v.RightCredentials == nil {
		gone := newStandIn(t, always(v.Accepted))
		answer := sdktest.Check(t, v.Type, v.config(gone.URL, nil))
		require.Len(t, answer.GetSteps(), 1)
		require.EqualValues(t, 0, gone.requests.Load())
		return
	}
	for _, c := range []struct {
		name   string
		answer Answer
		ok     bool
	}{
		{"known", *v.RightCredentials, true}, {"strange", *v.WrongCredentials, false},
		{"500", Answer{Status: http.StatusInternalServerError}, false}, {"empty", Answer{}, false}, {"nothing in it", Answer{Body: "{}", Type: "application/json"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStandIn(t, always(c.answer))
			answer := sdktest.Check(t, v.Type, v.config(s.URL, nil))
			require.Empty(t, answer.GetDiagnostics())
			require.EqualValues(t, 1, s.requests.Load())
			steps := answer.GetSteps()
			require.Equal(t, "configuration", steps[0].GetName())
			require.True(t, steps[0].GetOk(), steps[0].GetMessage())
			require.Equal(t, "credentials", steps[1].GetName())
			require.Equal(t, c.ok, steps[1].GetOk(), steps[1].GetMessage())
			v.unseen(t, s, fmt.Sprint(steps))
		})
	}
}

// Coded returns an error with a code. An error without one fails the test.
func Coded(t *testing.T, err error) *errcode.Error {
	t.Helper()
	e, ok := errcode.As(err)
	require.True(t, ok, "accepted, or an error without a code: %v", err)
	return e
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/elements/databases"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
)

func newLog(in *invocation) *cobra.Command {
	return newGroup("log", "Shows what an app has kept of its work", "  lintel log sms app.example --since 24h", newLogSMS(in))
}

var sendStates = []string{databases.SendAccepted, databases.SendRefused, databases.SendUnknown, databases.SendDelivered, databases.SendFailed}

func newLogSMS(in *invocation) *cobra.Command {
	var flags appFlags
	var filter databases.SendFilter
	var since string
	cmd := &cobra.Command{
		Use:   "sms [APP]",
		Short: "Lists the messages that were sent, newest first",
		Long: `Lists the messages that the app has sent in the last 30 days, newest first: how each
send ended, and what the vendor reported of it since, where it pushes delivery
receipts. Phones are masked, codes aren't kept. A running server writes a send down
within a second.

States: accepted, refused, unknown; and, with a receipt, delivered or failed.`,
		Example: `  lintel log sms app.example --since 24h --state refused
  lintel log sms app.example --instance SMS.aliyunSms --since 2026-11-01 --json`,
		Args: maxArgs(1),
		RunE: onApp(func(ctx context.Context, dir string) (err error) {
			if filter.State != "" && !slices.Contains(sendStates, filter.State) {
				return usagef("--state is one of %s, not %q", strings.Join(sendStates, ", "), filter.State)
			}
			if filter.Limit < 1 || filter.Limit > 10_000 {
				return usagef("--limit is from 1 to 10000")
			}
			if filter.Since, err = sinceOf(since, time.Now()); err != nil {
				return err
			}
			return flags.with(ctx, dir, in.logger(slog.LevelError), func(app *runtime.App) error {
				database, release, err := app.BuiltinDefault(element.DefaultDatabase)
				if err != nil {
					return err
				}
				defer release()
				store, ok := database.(databases.SendLog)
				if !ok {
					return errors.New("the default database keeps no sends")
				}
				sends, err := store.Sends(ctx, filter)
				if err != nil {
					return err
				}
				return in.printRows(sendsForPrograms(sends), sendsForPeople(sends))
			})
		}),
	}
	flags.addAll(cmd.Flags())
	cmd.Flags().StringVar(&filter.Instance, "instance", "", "full name of an SMS element [all]")
	cmd.Flags().StringVar(&filter.State, "state", "", strings.Join(sendStates, ", ")+" [all]")
	cmd.Flags().StringVar(&since, "since", "", "how long ago (90m, 24h, 7d) or since when (2026-11-21, RFC 3339) [all that is kept]")
	cmd.Flags().IntVar(&filter.Limit, "limit", 100, "how many at most")
	in.addJSON(cmd, "print JSON")
	return cmd
}

// sinceOf reads --since.
func sinceOf(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usagef("--since is a time such as 24h, 7d, 2026-11-21 or 2026-11-21T08:00:00Z, not %q", text)
}

// sendJSON is what --json prints for a send.
type sendJSON struct {
	Time      time.Time `json:"time"`
	Phone     string    `json:"phone"`
	Instance  string    `json:"instance"`
	Vendor    string    `json:"vendor"`
	State     string    `json:"state"`
	Reason    string    `json:"reason,omitempty"`
	Code      string    `json:"vendorCode,omitempty"`
	MessageID string    `json:"messageId,omitempty"`
	RequestID string    `json:"requestId,omitempty"`
	VendorID  string    `json:"vendorRequestId,omitempty"`
	// LatencyMS is the time the vendor took to answer, DeliveryMS the time from the
	// send to its delivery receipt.
	LatencyMS  int64      `json:"latencyMs"`
	ReceiptAt  *time.Time `json:"receiptTime,omitempty"`
	DeliveryMS *int64     `json:"deliveryMs,omitempty"`
}

func sendsForPrograms(sends []databases.Send) []sendJSON {
	list := make([]sendJSON, len(sends))
	for i, s := range sends {
		list[i] = sendJSON{
			Time: s.At, Phone: s.Phone, Instance: s.Instance, Vendor: s.Vendor, State: s.State, Reason: s.Reason, Code: s.Code,
			MessageID: s.MessageID, RequestID: s.RequestID, VendorID: s.VendorRequestID, LatencyMS: s.Took.Milliseconds(),
		}
		if !s.ReceiptAt.IsZero() {
			at, took := s.ReceiptAt, max(0, s.ReceiptAt.Sub(s.At).Milliseconds())
			list[i].ReceiptAt, list[i].DeliveryMS = &at, &took
		}
	}
	return list
}

func sendsForPeople(sends []databases.Send) [][]string {
	rows := [][]string{{"TIME", "PHONE", "INSTANCE", "VENDOR", "STATE", "REASON", "VENDOR CODE", "LATENCY", "RECEIPT", "MESSAGE ID", "REQUEST ID"}}
	for _, s := range sends {
		receipt := ""
		if !s.ReceiptAt.IsZero() {
			receipt = "+" + max(0, s.ReceiptAt.Sub(s.At)).Round(100*time.Millisecond).String()
		}
		rows = append(rows, []string{
			s.At.Local().Format("2006-01-02 15:04:05"), s.Phone, s.Instance, s.Vendor, s.State, s.Reason, s.Code,
			fmt.Sprintf("%d ms", s.Took.Milliseconds()), receipt, s.MessageID, s.RequestID,
		})
	}
	return rows
}

package sqldirectory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/lintel-run/lintel/elements/databases"
)

var _ databases.SendLog = (*Directory)(nil)

var (
	insertSend = statement(`INSERT INTO lintel_sms_sends (app_id, id, sent_at, phone, instance, vendor, message_id,
			request_id, vendor_request_id, state, reason, code, took_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (app_id, id) DO NOTHING`)
	upsertReceipt = statement(`INSERT INTO lintel_sms_receipts (app_id, instance, message_id, rank, code, reported_at, received_at)
		VALUES ($1, $2, $3, $4, $5, $6, {now})
		ON CONFLICT (app_id, instance, message_id) DO UPDATE SET
			rank = excluded.rank, code = excluded.code, reported_at = excluded.reported_at
		WHERE excluded.rank > lintel_sms_receipts.rank`)
	selectSends = statement(`SELECT s.id, s.sent_at, s.phone, s.instance, s.vendor, s.message_id, s.request_id, s.vendor_request_id,
			` + sendState + `, s.reason, COALESCE(r.code, s.code), s.took_ms, COALESCE(r.reported_at, 0)
		FROM lintel_sms_sends s
		LEFT JOIN lintel_sms_receipts r ON r.app_id = s.app_id AND r.instance = s.instance
			AND r.message_id = s.message_id AND s.message_id <> ''
		WHERE s.app_id = $1 AND s.sent_at >= $2
			AND (CAST($3 AS TEXT) = '' OR s.instance = $3)
			AND (CAST($4 AS TEXT) = '' OR ` + sendState + ` = $4)
		ORDER BY s.sent_at DESC, s.id DESC LIMIT CAST($5 AS BIGINT)`)
)

// sendState is the state of a send. A receipt doesn't change a send that was refused.
const sendState = `CASE WHEN s.state = 'refused' THEN s.state WHEN r.rank = 2 THEN 'delivered' WHEN r.rank = 1 THEN 'failed' ELSE s.state END`

// The ranks of receipts.
const (
	rankFailed    = 1
	rankDelivered = 2
)

// AddSends implements databases.SendLog.
func (d *Directory) AddSends(ctx context.Context, sends []databases.Send) error {
	if len(sends) == 0 {
		return nil
	}
	steps := make([]Step, len(sends))
	for i, s := range sends {
		steps[i] = Step{insertSend, []any{d.app, s.ID, s.At.UnixMilli(), s.Phone, s.Instance, s.Vendor, s.MessageID,
			s.RequestID, s.VendorRequestID, s.State, s.Reason, s.Code, s.Took.Milliseconds()}}
	}
	return d.do(ctx, repeatable, func(ctx context.Context) error { return d.engine.Steps(ctx, steps...) })
}

// AddReceipts implements databases.SendLog. It writes receipts in one order, so that
// two pushes with the same messages don't deadlock.
func (d *Directory) AddReceipts(ctx context.Context, receipts []databases.Receipt) error {
	if len(receipts) == 0 {
		return nil
	}
	sorted := slices.Clone(receipts)
	slices.SortStableFunc(sorted, func(a, b databases.Receipt) int {
		return cmp.Or(cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.MessageID, b.MessageID))
	})
	steps := make([]Step, len(sorted))
	for i, r := range sorted {
		rank := rankFailed
		if r.State == databases.SendDelivered {
			rank = rankDelivered
		}
		steps[i] = Step{upsertReceipt, []any{d.app, r.Instance, r.MessageID, rank, r.Code, r.At.UnixMilli()}}
	}
	return d.do(ctx, repeatable, func(ctx context.Context) error { return d.engine.Steps(ctx, steps...) })
}

// mostSends bounds a list.
const mostSends = 10_000

// Sends implements databases.SendLog.
func (d *Directory) Sends(ctx context.Context, f databases.SendFilter) ([]databases.Send, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	since := int64(0)
	if !f.Since.IsZero() {
		since = f.Since.UnixMilli()
	}
	return list(ctx, d, selectSends, scanSend, d.app, since, f.Instance, f.State, min(limit, mostSends))
}

func scanSend(s *databases.Send, scan Scan) error {
	var at, took, reported int64
	err := scan(&s.ID, &at, &s.Phone, &s.Instance, &s.Vendor, &s.MessageID, &s.RequestID, &s.VendorRequestID,
		&s.State, &s.Reason, &s.Code, &took, &reported)
	s.At, s.Took = moment(at), time.Duration(took)*time.Millisecond
	if reported > 0 {
		s.ReceiptAt = moment(reported)
	}
	return err
}

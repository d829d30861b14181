package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/elements/SMS/receipts"
	"github.com/lintel-run/lintel/elements/SMS/smscode"
	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
)

// checkResult is what "lintel check" prints as JSON.
type checkResult struct {
	*runtime.Check
	OK bool `json:"ok"`
	// Receipts is the path, below the app's public URL, that the vendor's delivery
	// receipts are to be sent to.
	Receipts string `json:"receipts,omitempty"`
}

func newCheck(in *invocation) *cobra.Command {
	var flags appFlags
	var send string
	var yes bool
	cmd := &cobra.Command{
		Use:   "check [APP] FULLNAME [--send PHONE]",
		Short: "Tests an element: its configuration, its credentials, a real message",
		Long: `Opens the app and tests one element, step by step: its configuration as it is read
and as its Type sees it; then, where the vendor has a call for that which costs
nothing, whether the credentials are right; and, with --send, a real message. The
elements that its configuration names are tested too. Exits 1 when a step failed;
with a message that was sent, its step alone decides.

Before it sends it asks, unless --yes is given. The path for the vendor's delivery
receipts is shown; whoever knows it can make receipts up.`,
		Example: `  lintel check app.example SMS.aliyunSms
  lintel check app.example SMS.aliyunSms --send 13800138000
  lintel check app.example SMS.devOutbox --send +8613800138000 --yes --json --dev`,
		Args: func(_ *cobra.Command, args []string) error {
			_, _, err := elementArg(args)
			return err
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, name, err := elementArg(args)
			if err != nil {
				return err
			}
			to := ""
			if send != "" {
				number, err := phone.Parse(send)
				if err != nil {
					return usagef("--send takes a phone in international form, such as +8613800138000")
				}
				to = number.E164()
			}
			ctx := cmd.Context()
			return flags.with(ctx, dir, in.logger(slog.LevelError), func(app *runtime.App) error {
				result, err := check(ctx, app, name)
				if err != nil {
					return err
				}
				if to != "" && result.sendable() {
					if !yes && !agrees(cmd.InOrStdin(), in.stderr, to, name) {
						return errors.New("nothing was sent")
					}
					step, err := sendReal(ctx, app, name, to)
					if err != nil {
						return err
					}
					result.Add(step)
					result.OK = step.OK
				}
				if err := in.print(result, result.print); err != nil {
					return err
				}
				if !result.OK {
					return errReported
				}
				return nil
			})
		},
	}
	flags.addAll(cmd.Flags())
	cmd.Flags().StringVar(&send, "send", "", "send a real message with a made-up code to this phone")
	cmd.Flags().BoolVar(&yes, "yes", false, "don't ask before sending")
	in.addJSON(cmd, "print JSON")
	return cmd
}

// sendable reports whether a real message may be tried: the configuration has to
// hold. Other failed steps don't matter, because a message tells more about the
// credentials, and about the elements behind a route, than those steps do.
func (c *checkResult) sendable() bool {
	for _, step := range c.Steps {
		if step.Name == stepConfiguration && !step.OK {
			return false
		}
	}
	return len(c.Steps) > 0
}

const stepConfiguration = "configuration"

// elementArg splits the arguments [APP] FULLNAME.
func elementArg(args []string) (dir, name string, err error) {
	switch len(args) {
	case 1:
		if dir, err = appArg(nil); err != nil {
			return "", "", usagef("check needs the app's directory and an element's full name; there is no %s in the current directory", manifest)
		}
		return dir, args[0], nil
	case 2:
		return args[0], args[1], nil
	}
	return "", "", usagef("check needs an element's full name, behind the app's directory where that isn't the current one")
}

func check(ctx context.Context, app *runtime.App, name string) (*checkResult, error) {
	result, err := app.Check(ctx, name)
	if err != nil {
		return nil, err
	}
	c := &checkResult{Check: result, OK: result.OK()}
	if el, err := app.GetElement(name); err == nil && el.Meta() == smscode.Family && el.Has(receipts.Function) {
		if key, err := app.Key(receipts.Purpose); err == nil {
			c.Receipts = receipts.Path(key, name)
		}
	}
	return c, nil
}

func agrees(in io.Reader, out io.Writer, to, name string) bool {
	fmt.Fprintf(out, "Send a real message to %s through %s? It may cost money. [y/N] ", phone.Mask(to), name)
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil {
		fmt.Fprintln(out)
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes"
}

// sendReal sends a made-up code the way that a phone login sends a real one.
func sendReal(ctx context.Context, app *runtime.App, name, to string) (runtime.CheckStep, error) {
	el, err := app.GetElement(name)
	if err != nil {
		return runtime.CheckStep{}, err
	}
	if el.Meta() != smscode.Family {
		return runtime.CheckStep{}, usagef("--send is for SMS elements; %s is none", name)
	}
	number, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return runtime.CheckStep{}, err
	}
	answer, err := el.Call(ctx, "sendMessage", runtime.Args{
		"phoneList": []any{to},
		"params":    map[string]any{"code": fmt.Sprintf("%06d", number), "minutes": "5", "product": app.Info().Title},
	})
	step := runtime.CheckStep{Name: "message"}
	if err == nil {
		err = judged(answer, to)
	}
	if err != nil {
		step.Message = err.Error()
		if coded, ok := errcode.As(err); ok {
			for _, key := range []string{smscode.RefusalReason, smscode.DoubtDetail, smscode.CauseDetail, smscode.VendorCode, smscode.VendorRequestID, smscode.Through} {
				if detail, _ := coded.Details[key].(string); detail != "" {
					step.Message += fmt.Sprintf("; %s %s", key, detail)
				}
			}
		}
		return step, nil
	}
	step.OK, step.Message = true, "the vendor accepted it"
	if receipt, ok := answer.(map[string]any); ok {
		if vendor, _ := receipt["vendor"].(string); vendor != "" {
			step.Message = vendor + " accepted it"
		}
		if list, _ := receipt["results"].([]any); len(list) == 1 {
			if result, _ := list[0].(map[string]any); result != nil {
				if id, _ := result["messageId"].(string); id != "" {
					step.Message += " as " + id
				}
			}
		}
	}
	return step, nil
}

// judged returns nil if an answer says that the message was accepted, as a login would
// judge it.
func judged(answer any, to string) error {
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return smscode.Judge(text, to)
}

func (c *checkResult) print(w io.Writer) error {
	var rows [][]string
	addSteps(&rows, c.Check, "")
	if err := printTable(w, rows); err != nil {
		return err
	}
	if c.Receipts != "" {
		_, err := fmt.Fprintf(w, "delivery receipts: %s below the app's public URL\n", c.Receipts)
		return err
	}
	return nil
}

func addSteps(rows *[][]string, c *runtime.Check, indent string) {
	for i, step := range c.Steps {
		name, state := "", "ok"
		if i == 0 {
			name = indent + c.Element
		}
		if !step.OK {
			state = "FAILED"
		}
		*rows = append(*rows, []string{name, step.Name, state, step.Message})
	}
	for i := range c.Uses {
		addSteps(rows, &c.Uses[i], indent+"  ")
	}
}

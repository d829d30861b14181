package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/runtime"
)

func newStatus(in *invocation) *cobra.Command {
	var flags appFlags
	var admin, token string
	cmd := &cobra.Command{
		Use:   "status [APP]",
		Short: "Shows how running servers are",
		Long: `Asks the servers that run on the app, and shows plugins, stores and problems. With --admin it asks that address alone.
Exits 1 when no server runs, or when one has a problem.`,
		Example: "  lintel status app.example\n  lintel status --admin 10.0.0.5:9090 --json",
		Args:    maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			servers, err := flags.operators(cmd.Context(), admin, args)
			if err != nil {
				return err
			}
			if len(servers) == 0 {
				return errors.New("no server runs on this app or data directory")
			}
			answers := []serverStatus{}
			var errs []error
			for _, o := range servers {
				answer := serverStatus{Address: o.String()}
				if answer.Status, err = o.get(cmd.Context(), "/status", token); err == nil {
					err = json.Unmarshal(answer.Status, &answer.parsed)
				}
				if err != nil {
					errs = append(errs, err)
					continue
				}
				answers = append(answers, answer)
			}
			errs = append(errs, in.print(answers, func(w io.Writer) error {
				for _, a := range answers {
					if err := a.print(w); err != nil {
						return err
					}
				}
				return nil
			}))
			if err := errors.Join(errs...); err != nil {
				return err
			}
			if slices.ContainsFunc(answers, serverStatus.unhealthy) {
				return errReported
			}
			return nil
		},
	}
	flags.addData(cmd.Flags())
	cmd.Flags().StringVar(&admin, "admin", "", "address of an operators' listener, HOST:PORT or unix:PATH [those in the data directory]")
	cmd.Flags().StringVar(&token, "admin-token", "", "bearer token of an operators' listener on TCP")
	in.addJSON(cmd, "print JSON")
	return cmd
}

// operators returns the listeners to ask: admin where it is given, else those of the
// servers that run on the app.
func (f *appFlags) operators(ctx context.Context, admin string, args []string) ([]operators, error) {
	if admin != "" {
		o, err := parseOperators(admin)
		return []operators{o}, err
	}
	dir := ""
	if f.data == "" || len(args) > 0 {
		var err error
		if dir, err = appArg(args); err != nil {
			return nil, err
		}
	}
	return f.running(ctx, dir), nil
}

// serverStatus is the answer of one server.
type serverStatus struct {
	Address string          `json:"address"`
	Status  json.RawMessage `json:"status"`
	parsed  struct {
		runtime.Status
		Receipts []struct {
			Element string `json:"element"`
			URL     string `json:"url"`
		} `json:"receipts"`
	}
}

// unhealthy reports whether a plugin, a store or an element doesn't work.
func (s serverStatus) unhealthy() bool {
	return failing(s.parsed.Problems) ||
		slices.ContainsFunc(s.parsed.Plugins, func(p runtime.Plugin) bool { return p.State == "failed" || p.State == "backoff" }) ||
		slices.ContainsFunc(s.parsed.Stores, func(store runtime.Store) bool { return !store.Ready })
}

func (s serverStatus) print(w io.Writer) error {
	st := s.parsed
	dev := ""
	if st.App.Dev {
		dev = " (development)"
	}
	fmt.Fprintf(w, "%s %s%s at %s: %s, up %s, last reload %s ago\n", st.App.AppID, st.App.Version, dev, s.Address,
		count(st.Elements, "element"), ago(st.Started), ago(st.Reloaded))
	if len(st.Plugins) > 0 {
		rows := [][]string{{"PLUGIN", "STATE", "PID", "SINCE", "RESTARTS", "INSTANCES", "IN FLIGHT"}}
		for _, p := range st.Plugins {
			rows = append(rows, []string{
				p.Type, p.State, strconv.Itoa(p.PID), ago(p.Since), strconv.Itoa(p.Restarts), strconv.Itoa(p.Instances), strconv.Itoa(p.InFlight),
			})
		}
		if err := printTable(w, rows); err != nil {
			return err
		}
		for _, p := range st.Plugins {
			if p.LastError != "" && p.State != "ready" {
				fmt.Fprintf(w, "%s: %s\n", p.Type, p.LastError)
				for _, line := range p.LastOutput {
					fmt.Fprintf(w, "  | %s\n", line)
				}
			}
		}
	}
	for _, store := range st.Stores {
		if store.Ready {
			fmt.Fprintf(w, "%s: ready\n", store.Element)
		} else {
			fmt.Fprintf(w, "%s: not ready: %s\n", store.Element, store.Error)
		}
	}
	for _, r := range st.Receipts {
		fmt.Fprintf(w, "receipts of %s: %s\n", r.Element, r.URL)
	}
	if len(st.Problems) == 0 {
		_, err := fmt.Fprintln(w, "no problems")
		return err
	}
	return printProblems(w, st.Problems)
}

func ago(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return time.Since(t).Round(time.Second).String()
}

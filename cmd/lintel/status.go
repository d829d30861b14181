package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/cmd/lintel/internal/adminsocket"
	"github.com/lintel-run/lintel/runtime"
)

func newStatus(in *invocation) *cobra.Command {
	var app appFlags
	var admin, token string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [APP]",
		Short: "Shows how running servers are",
		Long: `Asks the servers that run on the app's data directory, by their operators' sockets,
and shows plugins, stores and problems. With --admin it asks that address alone.
Exits 1 when no server runs, or when one has a problem.`,
		Example: "  lintel status app.example\n  lintel status --admin 10.0.0.5:9090 --json",
		Args:    maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			asked, err := operatorsOf(admin, &app, args)
			if err != nil {
				return err
			}
			if len(asked) == 0 {
				return errors.New("no server runs on this data directory")
			}
			answers := []serverStatus{}
			var errs []error
			for _, o := range asked {
				text, err := o.get(cmd.Context(), "/status", token)
				answer := serverStatus{Address: o.String(), Status: text}
				if err == nil {
					err = json.Unmarshal(text, &answer.parsed)
				}
				if err != nil {
					errs = append(errs, err)
					continue
				}
				answers = append(answers, answer)
			}
			if asJSON {
				errs = append(errs, printJSON(in.stdout, answers))
			} else {
				for _, a := range answers {
					errs = append(errs, a.print(in.stdout))
				}
			}
			if err := errors.Join(errs...); err != nil {
				return err
			}
			for _, a := range answers {
				if !a.healthy() {
					return errReported
				}
			}
			return nil
		},
	}
	app.addData(cmd.Flags())
	cmd.Flags().StringVar(&admin, "admin", "", "address of an operators' listener, HOST:PORT or unix:PATH [those in the data directory]")
	cmd.Flags().StringVar(&token, "admin-token", "", "bearer token of an operators' listener on TCP")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func operatorsOf(admin string, app *appFlags, args []string) ([]operators, error) {
	if admin != "" {
		o, err := parseOperators(admin)
		return []operators{o}, err
	}
	dir := ""
	if app.data == "" || len(args) > 0 {
		var err error
		if dir, err = appArg(args); err != nil {
			return nil, err
		}
	}
	var found []operators
	for _, path := range adminsocket.Find(app.dataDir(dir)) {
		found = append(found, operators{socket: path})
	}
	return found, nil
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

// healthy says whether everything the server was given works.
func (s serverStatus) healthy() bool {
	for _, p := range s.parsed.Plugins {
		if p.State == "failed" || p.State == "backoff" {
			return false
		}
	}
	for _, store := range s.parsed.Stores {
		if !store.Ready {
			return false
		}
	}
	return !failing(s.parsed.Problems)
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

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"
)

// addJSON adds the flag --json to a command.
func (in *invocation) addJSON(cmd *cobra.Command, usage string) {
	cmd.Flags().BoolVar(&in.json, "json", false, usage)
}

// print writes value as JSON where --json asks for it, else calls text.
func (in *invocation) print(value any, text func(io.Writer) error) error {
	if !in.json {
		return text(in.stdout)
	}
	return printJSON(in.stdout, value)
}

// printRows writes value as JSON where --json asks for it, else rows in columns.
func (in *invocation) printRows(value any, rows [][]string) error {
	return in.print(value, func(w io.Writer) error { return printTable(w, rows) })
}

// printLine writes value as JSON where --json asks for it, else one line.
func (in *invocation) printLine(value any, line string) error {
	return in.print(value, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, line)
		return err
	})
}

func printJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

func printTable(w io.Writer, rows [][]string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(table, "\t")
			}
			fmt.Fprint(table, printable(cell))
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}

// printable replaces control characters, so that the name of a file or key can't
// steer a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

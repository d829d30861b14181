package main

import (
	"fmt"
	goruntime "runtime"

	"github.com/spf13/cobra"
)

func newVersion(in *invocation) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Prints the version",
		Example: "  lintel version",
		Args:    maxArgs(0),
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return printJSON(in.stdout, map[string]string{
					"version": version, "go": goruntime.Version(), "os": goruntime.GOOS, "arch": goruntime.GOARCH,
				})
			}
			_, err := fmt.Fprintf(in.stdout, "lintel %s %s %s/%s\n", version, goruntime.Version(), goruntime.GOOS, goruntime.GOARCH)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

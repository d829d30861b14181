package main

import (
	"fmt"
	goruntime "runtime"

	"github.com/spf13/cobra"
)

func newVersion(in *invocation) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Prints the version",
		Example: "  lintel version",
		Args:    maxArgs(0),
		RunE: func(*cobra.Command, []string) error {
			goVersion, system, arch := goruntime.Version(), goruntime.GOOS, goruntime.GOARCH
			return in.printLine(
				map[string]string{"version": version, "go": goVersion, "os": system, "arch": arch},
				fmt.Sprintf("lintel %s %s %s/%s", version, goVersion, system, arch))
		},
	}
	in.addJSON(cmd, "print JSON")
	return cmd
}

// Command summary runs "go test" with -json added, prints what go test would
// print without -v, every skipped test with its reason, and as its last line how
// many tests passed, failed and were skipped:
//
//	summary go test -race ./...
//
// It exits 1 when a test, a package or a build failed, or when nothing ran.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
)

func main() {
	args := os.Args[1:]
	i := slices.Index(args, "test")
	if i < 0 {
		fmt.Fprintln(os.Stderr, "usage: summary go test [flags] [packages]")
		os.Exit(2)
	}
	args = slices.Insert(slices.Clone(args), i+1, "-json")
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(1)
	}
	var count tally
	readErr := count.read(out, os.Stdout)
	if err := cmd.Wait(); err != nil {
		count.broken = true
	}
	if readErr != nil {
		fmt.Fprintln(os.Stderr, "summary:", readErr)
		count.broken = true
	}
	fmt.Println(count.String())
	if !count.ok() {
		os.Exit(1)
	}
}

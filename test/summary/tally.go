package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// event is one line of "go test -json" (see "go doc test2json").
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Output      string
	FailedBuild string
}

// tally counts tests and keeps the output of running ones.
type tally struct {
	passed, failed, skipped int
	// broken is set if go test, a build, or a package without a failed test failed.
	broken bool

	output map[string][]string // of running tests, by package and name
	blamed map[string]bool     // packages with a failed test
}

// read reads events until the stream ends, and prints as it reads.
func (t *tally) read(in io.Reader, out io.Writer) error {
	t.output, t.blamed = make(map[string][]string), make(map[string]bool)
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line = strings.TrimSpace(line); line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
				t.take(e, out)
			} else {
				fmt.Fprintln(out, line)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (t *tally) take(e event, out io.Writer) {
	key := e.Package + "\x00" + e.Test
	switch e.Action {
	case "output":
		switch {
		case e.Test != "":
			t.output[key] = append(t.output[key], e.Output)
		case e.Output != "PASS\n" && !strings.HasPrefix(e.Output, "coverage:") && !strings.Contains(e.Output, "[no test files]"):
			fmt.Fprint(out, e.Output)
		}
	case "build-output":
		fmt.Fprint(out, e.Output)
	case "build-fail":
		t.broken = true
	case "pass":
		if e.Test != "" {
			t.passed++
			delete(t.output, key)
		}
	case "skip":
		if e.Test != "" {
			t.skipped++
			fmt.Fprintf(out, "skipped %s %s: %s\n", e.Package, e.Test, reason(t.output[key]))
			delete(t.output, key)
		}
	case "fail":
		if e.Test == "" {
			t.broken = t.broken || !t.blamed[e.Package]
			t.flush(e.Package, out)
			return
		}
		t.failed++
		t.blamed[e.Package] = true
		for _, line := range t.output[key] {
			fmt.Fprint(out, line)
		}
		delete(t.output, key)
	}
}

// flush prints the output of tests that were running when their package failed, as
// after a panic or a timeout.
func (t *tally) flush(pkg string, out io.Writer) {
	for key, lines := range t.output {
		if strings.HasPrefix(key, pkg+"\x00") {
			for _, line := range lines {
				fmt.Fprint(out, line)
			}
			delete(t.output, key)
		}
	}
}

// reason returns a skipped test's message, without the lines that go test adds.
func reason(lines []string) string {
	var said []string
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		said = append(said, line)
	}
	return strings.Join(said, " ")
}

func (t *tally) ok() bool { return !t.broken && t.failed == 0 && t.passed > 0 }

func (t *tally) String() string {
	s := fmt.Sprintf("%d passed, %d failed, %d skipped", t.passed, t.failed, t.skipped)
	if t.broken {
		s = "a package or build failed, see above\n" + s
	}
	return s
}

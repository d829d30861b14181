package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/cmd/lintel/internal/scaffold"
	"github.com/lintel-run/lintel/runtime"
)

// steps are what comes after new files: sentences, and below them the commands that
// can be pasted into a shell.
type steps []step

type step struct {
	text     string
	commands []string
}

func (s steps) print(w io.Writer) {
	for _, step := range s {
		fmt.Fprintln(w, "\n"+step.text)
		for _, command := range step.commands {
			fmt.Fprintln(w, "  "+command)
		}
	}
}

func appSteps(dir string) steps {
	return steps{
		{"Next, start it:", []string{shell(program(), "serve", dir, "--dev")}},
		{"Log in at http://127.0.0.1:8080/login with any phone number; the code is shown at\nhttp://127.0.0.1:8080/_dev/outbox. No message is sent. For real ones, add a vendor\nsuch as SMS.Aliyun; this lists them:",
			[]string{shell(program(), "elements", dir)}},
	}
}

func instanceSteps(dir, fullName string, typ runtime.Definition) steps {
	next := steps{{"Next, give its settings values. Those written {{NAME}} are variables, for " + filepath.ToSlash(filepath.Join(dir, ".env")) + ".\nThen see what is missing:",
		[]string{shell(program(), "validate", dir, "--dev")}}}
	switch typ.Meta {
	case "SMS.Meta":
		next = append(next,
			step{"Test it without sending a message:", []string{shell(program(), "check", dir, fullName)}},
			step{"A login uses it when its smsFullName is " + fullName + "; in a new app, PHONE_SMS=" + fullName + " in .env\ndoes that.", nil})
	case "auths.loginTypes.Meta":
		next = append(next, step{"Start the app and log in at http://127.0.0.1:8080/login:", []string{shell(program(), "serve", dir, "--dev")}})
	}
	return next
}

func typeSteps(dir, fullName string) steps {
	last := scaffold.LastSegment(fullName)
	executable := strings.ToLower(last)
	place := filepath.Join(dir, filepath.Join(strings.Split(fullName, ".")...))
	build := []string{"cd " + quote(place)}
	if !inModule(place) {
		build = append(build, "go mod init example.com/"+executable, "go get github.com/lintel-run/lintel@latest")
	}
	build = append(build, "go build -o "+executable+" .", "./"+executable+" describe > "+executable+".types.json")
	parent := strings.TrimSuffix(fullName, last)
	return steps{
		{"Next, build it and write its description:", []string{"(" + strings.Join(build, " &&\n   ") + ")"}},
		{"Then make an instance of it, and see whether the app is right:", []string{
			shell(program(), "new", "instance", parent+"my"+last, fullName, "--app", dir), shell(program(), "validate", dir, "--dev")}},
	}
}

// inModule reports whether a directory belongs to a Go module.
func inModule(dir string) bool {
	dir, err := filepath.Abs(dir)
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return true
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	return false
}

// program returns how this program was called.
func program() string {
	if strings.ContainsRune(os.Args[0], filepath.Separator) {
		return os.Args[0]
	}
	return "lintel"
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// quote returns a word of a shell's command.
func quote(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func shell(words ...string) string {
	words = slices.Clone(words)
	for i, word := range words {
		words[i] = quote(word)
	}
	return strings.Join(words, " ")
}

// writeSchemas writes the schemas that a new app's configurations refer to.
func writeSchemas(dir string) error {
	elements, _, err := runtime.List(dir)
	if err != nil {
		return err
	}
	used := make(map[string]bool)
	for _, e := range elements {
		if e.Rank == "instance" && e.App != "" {
			used[e.Type] = true
		}
	}
	for _, e := range elements {
		if e.Rank == "type" && used[e.FullName] {
			if err := scaffold.WriteSchema(dir, e.FullName, e.ConfigSchema); err != nil {
				return err
			}
		}
	}
	return nil
}

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lintel-run/lintel/cmd/lintel/internal/fromcurl"
	"github.com/lintel-run/lintel/cmd/lintel/internal/scaffold"
	"github.com/lintel-run/lintel/runtime"
)

// httpType is the Type whose instances a curl command can describe.
const httpType = "SMS.Http"

// curlFlags are the flags by which an instance is made from a curl command.
type curlFlags struct{ command, good, bad, phone, code string }

func (f *curlFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.command, "from-curl", "", "make the instance of SMS.Http from a curl command that sends a message: the command, a file or - for the standard input")
	flags.StringVar(&f.good, "good", "", "with --from-curl: what the vendor answers when it accepts the message: the text, or a file")
	flags.StringVar(&f.bad, "bad", "", "with --from-curl: what it answers when it refuses one")
	flags.StringVar(&f.phone, "phone", "", "with --from-curl: the phone in the command, if it isn't found")
	flags.StringVar(&f.code, "code", "", "with --from-curl: the login code in the command, if it isn't found")
}

// example returns the example that the flags describe. The standard input, and a file
// with the command, may have the answers too, between lines of three dashes.
func (f *curlFlags) example(stdin io.Reader) (fromcurl.Example, error) {
	e := fromcurl.Example{Phone: f.phone, Code: f.code}
	var err error
	if e.Command, err = textOf(f.command, stdin); err != nil {
		return e, err
	}
	parts := strings.Split("\n"+strings.ReplaceAll(e.Command, "\r\n", "\n"), "\n---\n")
	if e.Command = parts[0]; len(parts) > 1 {
		e.Good = parts[1]
	}
	if len(parts) > 2 {
		e.Bad = parts[2]
	}
	for _, answer := range []struct {
		flag string
		into *string
	}{{f.good, &e.Good}, {f.bad, &e.Bad}} {
		if answer.flag == "" {
			continue
		}
		if *answer.into, err = textOf(answer.flag, stdin); err != nil {
			return e, err
		}
	}
	if strings.TrimSpace(e.Good) == "" {
		return e, usagef("--from-curl needs --good, too: what the vendor answered when it accepted the message")
	}
	return e, nil
}

// textOf returns a text that a flag has: the text itself, that of a file or of the
// standard input.
func textOf(value string, stdin io.Reader) (string, error) {
	if value == "-" {
		text, err := io.ReadAll(io.LimitReader(stdin, 1<<20))
		return string(text), err
	}
	name, explicit := strings.CutPrefix(value, "@")
	if !explicit && (strings.ContainsAny(value, "\n {}<>") || value == "") {
		return value, nil
	}
	text, err := os.ReadFile(name)
	switch {
	case err == nil:
		return string(text), nil
	case explicit:
		return "", err
	}
	return value, nil
}

// newFromCurl writes an instance of SMS.Http from the example of the flags, and prints
// what it guessed.
func (in *invocation) newFromCurl(dir string, typ runtime.Definition, fullName, title string, f *curlFlags) error {
	if typ.FullName != httpType {
		return usagef("--from-curl makes instances of %s, not of %s", httpType, typ.FullName)
	}
	example, err := f.example(os.Stdin)
	if err != nil {
		return err
	}
	guess, err := fromcurl.Guess(scaffold.LastSegment(fullName), example)
	if err != nil {
		return err
	}
	c := scaffold.Configured{FullName: fullName, Type: httpType, Title: title, ConfigFile: typ.ConfigFile, Config: guess.Config, Schema: typ.ConfigSchema}
	for _, v := range guess.Variables {
		c.Variables = append(c.Variables, scaffold.Declared(v))
	}
	paths, err := c.Write(dir)
	if errors.As(err, new(*scaffold.NameError)) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	var values [][2]string
	for _, v := range guess.Env {
		values = append(values, [2]string{v.Name, v.Value})
	}
	there, err := scaffold.AppendEnv(dir, values)
	if err != nil {
		return fmt.Errorf("the instance is written, its variables are not: %w", err)
	}
	for _, name := range there {
		guess.Check = append(guess.Check, name+" is in .env already and stays as it is there")
	}
	if len(values) > 0 {
		guess.Check = append(guess.Check, "keys are in .env, which only you may read: don't commit it")
	}
	guess.Check = append(guess.Check, "the vendor wasn't asked: lintel check "+dir+" "+fullName+" --send PHONE sends one message")
	return in.printGuess(paths, guess)
}

func (in *invocation) printGuess(paths []string, guess *fromcurl.Instance) error {
	if in.json {
		return printJSON(in.stdout, map[string][]string{"files": paths, "guessed": guess.Guessed, "check": guess.Check})
	}
	for _, path := range paths {
		fmt.Fprintln(in.stdout, path)
	}
	for _, part := range []struct {
		title string
		lines []string
	}{{"Guessed:", guess.Guessed}, {"Check:", guess.Check}} {
		if len(part.lines) > 0 {
			fmt.Fprintln(in.stdout, "\n"+part.title)
		}
		for _, line := range part.lines {
			fmt.Fprintln(in.stdout, "  "+line)
		}
	}
	return nil
}

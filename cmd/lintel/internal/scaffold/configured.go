package scaffold

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/joho/godotenv"
)

// Configured describes an instance whose configuration is known already.
type Configured struct {
	FullName, Type string
	Title          string // [the last segment of FullName]
	ConfigFile     string // [config.json]
	Config         []byte // without "$schema", which Write adds
	Schema         json.RawMessage
	Variables      []Declared
}

// Declared is a variable without a default.
type Declared struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Secret bool   `json:"secret,omitempty"`
}

// Write writes e.json and the configuration.
func (c Configured) Write(app string) ([]string, error) {
	dir, err := directory(c.FullName)
	if err != nil {
		return nil, err
	}
	element, err := indented(struct {
		Title     string     `json:"title"`
		Type      string     `json:"type"`
		Entry     string     `json:"backendBundleEntry"`
		Variables []Declared `json:"variables,omitempty"`
	}{cmp.Or(c.Title, LastSegment(c.FullName)), c.Type, ".", c.Variables})
	if err != nil {
		return nil, err
	}
	link := `{` + "\n" + `  "$schema": "` + schemaLink(dir, c.Type) + `",` + "\n"
	config := bytes.Replace(c.Config, []byte("{\n"), []byte(link), 1)
	paths, err := files{dir + "/e.json": element, dir + "/" + cmp.Or(c.ConfigFile, "config.json"): config}.write(app)
	if err != nil {
		return paths, err
	}
	return paths, WriteSchema(app, c.Type, c.Schema)
}

// LastSegment returns the last segment of a full name.
func LastSegment(fullName string) string { return lastSegment(fullName) }

// AppendEnv adds variables to the .env of an app, which only its owner may read. Those
// that are there already stay as they are; their names are returned.
func AppendEnv(app string, values [][2]string) (there []string, err error) {
	path := filepath.Join(app, ".env")
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	known, err := godotenv.UnmarshalBytes(text)
	if err != nil {
		return nil, errors.New(".env can't be read: a line is not NAME=value")
	}
	var added strings.Builder
	if len(text) > 0 && !strings.HasSuffix(string(text), "\n") {
		added.WriteByte('\n')
	}
	for _, v := range values {
		if _, ok := known[v[0]]; ok {
			there = append(there, v[0])
			continue
		}
		added.WriteString(v[0] + "=" + quoted(v[1]) + "\n")
	}
	if strings.TrimSpace(added.String()) == "" {
		return there, nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = file.WriteString(added.String())
	return there, errors.Join(err, file.Chmod(0o600), file.Close())
}

// quoted returns a value as .env has it.
func quoted(value string) string {
	if !strings.ContainsAny(value, "'\n\r") {
		return "'" + value + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`).Replace(value) + `"`
}

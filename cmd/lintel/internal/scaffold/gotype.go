package scaffold

import (
	"cmp"
	"strings"
)

// GoType writes a Type into an app: a Go program that uses the SDK, and an e.json
// that names the executable that "go build" makes of it.
func GoType(app, fullName, meta, title string) ([]string, error) {
	dir, err := directory(fullName)
	if err != nil {
		return nil, err
	}
	last := lastSegment(fullName)
	executable := strings.ToLower(last)
	source := "type/plain.go.tmpl"
	if meta == "SMS.Meta" {
		source = "type/sms.go.tmpl"
	}
	main, err := render(source, map[string]string{"FullName": fullName, "Last": identifier(last), "Executable": executable})
	if err != nil {
		return nil, err
	}
	e, err := indented(eJSON{Title: cmp.Or(title, last), Type: meta, Entry: "./" + executable})
	if err != nil {
		return nil, err
	}
	return files{
		dir + "/e.json":     e,
		dir + "/main.go":    main,
		dir + "/.gitignore": []byte("/" + executable + "\n"),
	}.write(app)
}

// identifier turns a segment into an exported Go name.
func identifier(name string) string {
	name = strings.TrimLeft(strings.ReplaceAll(name, "-", "_"), "_")
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "Element" + name
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

package scaffold

import (
	"strings"
)

// GoType writes a Type as a Go program on the SDK into an app: its e.json, which
// names the executable that "go build" makes there, and its source.
func GoType(app, fullName, meta, title string) ([]string, error) {
	dir, err := directory(fullName)
	if err != nil {
		return nil, err
	}
	last := lastSegment(fullName)
	if title == "" {
		title = last
	}
	executable := strings.ToLower(last)
	source := "type/plain.go.tmpl"
	if meta == "SMS.Meta" {
		source = "type/sms.go.tmpl"
	}
	main, err := render(source, map[string]string{"FullName": fullName, "Last": identifier(last), "Executable": executable})
	if err != nil {
		return nil, err
	}
	e, err := indented(eJSON{Title: title, Type: meta, Entry: "./" + executable})
	if err != nil {
		return nil, err
	}
	return files{
		dir + "/e.json":     e,
		dir + "/main.go":    main,
		dir + "/.gitignore": []byte("/" + executable + "\n"),
	}.write(app)
}

// identifier makes an exported Go name of a segment.
func identifier(name string) string {
	name = strings.TrimLeft(strings.ReplaceAll(name, "-", "_"), "_")
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "Element" + name
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

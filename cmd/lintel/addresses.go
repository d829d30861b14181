package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"

	"github.com/lintel-run/lintel/cmd/lintel/internal/adminsocket"
	"github.com/lintel-run/lintel/runtime"
)

// addresses are the addresses that serve prints once it answers.
type addresses struct {
	Listening string   `json:"listening"`
	LoginAPIs []string `json:"loginApis"`
	LoginPage string   `json:"loginPage,omitempty"`
	Outbox    string   `json:"outbox,omitempty"`
	Operators string   `json:"operators"`
}

func addressesOf(app *runtime.App, public, admin net.Listener) addresses {
	base := "http://" + reachable(public.Addr())
	info := app.Info()
	a := addresses{Listening: base, LoginAPIs: []string{}}
	logins, err := app.FindElements(".auths.loginTypes.Meta")
	if err != nil {
		logins = nil // an app without the family has no login to name
	}
	for _, login := range logins {
		if define, err := app.GetElementDefine(login.FullName()); err != nil || len(define.Functions) == 0 {
			continue // nobody can call it
		}
		path := strings.ReplaceAll(info.AppID+"."+login.FullName(), ".", "/")
		a.LoginAPIs = append(a.LoginAPIs, base+"/api/"+path)
	}
	if len(a.LoginAPIs) > 0 {
		a.LoginPage = base + "/login"
	}
	if info.Dev {
		a.Outbox = base + "/_dev/outbox"
	}
	if socket, ok := admin.(*adminsocket.Listener); ok {
		a.Operators = "unix://" + filepath.ToSlash(socket.Path())
	} else {
		a.Operators = "http://" + reachable(admin.Addr())
	}
	return a
}

// print writes the addresses one a line, or all of them as one line of JSON.
func (a addresses) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(a)
	}
	lines := []string{"listening on " + a.Listening}
	for _, login := range a.LoginAPIs {
		lines = append(lines, "login API at "+login)
	}
	if a.LoginPage != "" {
		lines = append(lines, "login page at "+a.LoginPage)
	}
	if a.Outbox != "" {
		lines = append(lines, "outbox at "+a.Outbox)
	}
	lines = append(lines, "operators on "+a.Operators)
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

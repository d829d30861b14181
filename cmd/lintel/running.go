package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/lintel-run/lintel/cmd/lintel/internal/adminsocket"
	"github.com/lintel-run/lintel/runtime"
)

// running returns the operators' listeners of the servers that run on an app: those that
// are found by its directory, wherever their data is, and those in its data directory.
// With --data, the latter alone.
func (f *appFlags) running(ctx context.Context, app string) []operators {
	var addresses []string
	if f.data == "" {
		addresses = adminsocket.FindForApp(ctx, app)
	}
	addresses = append(addresses, adminsocket.Find(f.dataDir(app))...)
	var found []operators
	seen := make(map[int]bool)
	for _, address := range addresses {
		process := adminsocket.Process(ctx, address)
		if process != 0 && seen[process] {
			continue
		}
		seen[process] = true
		found = append(found, operators{socket: address})
	}
	return found
}

// useRunning takes the data directory of a server that runs on the app, unless --data
// names one. It fails if that server's stores aren't ready: this process would use others,
// or make them anew.
func (f *appFlags) useRunning(ctx context.Context, app string) error {
	if f.data != "" {
		return nil
	}
	for _, server := range f.running(ctx, app) {
		status, err := server.status(ctx, "")
		if err != nil {
			continue // it may have ended
		}
		for _, store := range status.Stores {
			if !store.Ready {
				return fmt.Errorf("the running server isn't ready: %s: %s", store.Element, store.Error)
			}
		}
		if _, err := os.Stat(status.App.DataDir); err != nil {
			return errors.New("the data directory of the running server is gone; put it back or restart the server")
		}
		f.data = status.App.DataDir
		return nil
	}
	return nil
}

// status asks for a server's status.
func (o operators) status(ctx context.Context, token string) (runtime.Status, error) {
	var status runtime.Status
	text, err := o.get(ctx, "/status", token)
	if err == nil {
		err = json.Unmarshal(text, &status)
	}
	return status, err
}

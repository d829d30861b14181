package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lintel-run/lintel/runtime/internal/catalog"
	"github.com/lintel-run/lintel/runtime/internal/plugin"
	"github.com/lintel-run/lintel/runtime/problem"
)

const (
	// vetAtOnce bounds the Types that are started at the same time.
	vetAtOnce = 4
	// vetStop bounds how long their processes have to end.
	vetStop = 2 * time.Second
)

// vet starts the Types of an app's instances, gives each its configuration as a server
// would, and returns what they reject. No function is called.
func vet(ctx context.Context, s *catalog.Snapshot, set settings, lock *lockFile) (found []Problem, err error) {
	byType := make(map[typeKey][]candidate)
	for _, def := range allElements(s) {
		for _, c := range candidates(def, set.dev) {
			key := typeKey{c.CodeApp, c.CodeType}
			byType[key] = append(byType[key], c)
		}
	}
	if len(byType) == 0 {
		return nil, nil
	}
	host, err := plugin.New(plugin.Config{
		Logger: slog.New(slog.DiscardHandler), // what matters is a problem
		App:    set.described(s.App.AppID, s.App.Title, s.App.Dir),
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), vetStop)
		defer cancel()
		err = errors.Join(err, host.Close(ctx))
	}()
	var mu sync.Mutex
	var starts errgroup.Group
	starts.SetLimit(vetAtOnce)
	for _, list := range byType {
		starts.Go(func() error {
			wrong := vetType(ctx, s, host, lock, list)
			mu.Lock()
			defer mu.Unlock()
			found = append(found, wrong...)
			return nil
		})
	}
	_ = starts.Wait() // none fails
	return found, nil
}

// candidate is a configuration that a Type's process has to accept.
type candidate struct {
	def *catalog.Element
	catalog.Own
}

// candidates returns the configurations of an instance that processes have to accept:
// its own and, where another Type stands in for its own, what that gets. An instance
// for development counts only there.
func candidates(def *catalog.Element, dev bool) []candidate {
	if def.Rank != catalog.Instance || def.Broken || def.Description.GetDevelopment() && !dev {
		return nil
	}
	list := []candidate{{def, catalog.Own{CodeType: def.CodeType, CodeApp: def.CodeApp, Entry: def.Entry, Config: def.Config}}}
	if def.Own != nil {
		list = append(list, candidate{def, *def.Own})
	}
	return slices.DeleteFunc(list, func(c candidate) bool { return c.Entry.Kind == catalog.Builtin })
}

// vetType starts one Type and returns the problems of its instances.
func vetType(ctx context.Context, s *catalog.Snapshot, host *plugin.Host, lock *lockFile, list []candidate) []Problem {
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Compare(a.def.FullName, b.def.FullName) })
	typ := s.LookupFrom(list[0].CodeApp, list[0].CodeType)
	if typ == nil {
		return nil // the instances have problems of their own
	}
	process := host.Process(specOf(s, typ, lock))
	if err := process.Start(ctx); err != nil {
		return []Problem{notStarted(typ, list, process.State())}
	}
	var found []Problem
	for i, c := range list {
		_, err := process.Configure(ctx, plugin.Instance{
			Name: c.def.FullName, Type: c.CodeType, Title: c.def.Title, Generation: uint64(i + 1), Config: c.Config,
		})
		var rejected *plugin.ConfigError
		switch {
		case errors.As(err, &rejected):
			found = append(found, rejections(c.def, rejected)...)
		case err != nil:
			found = append(found, Problem{Element: c.def.FullName, Code: problem.CodePlugin, Message: err.Error()})
		}
	}
	return found
}

// notStarted returns the problem of a Type whose process doesn't start.
func notStarted(typ *catalog.Element, list []candidate, state plugin.State) Problem {
	p := Problem{Element: typ.FullName, Code: problem.CodePlugin, Pointer: "/backendBundleEntry"}
	p.File, p.Line = typ.EntryPlace()
	p.Message = fmt.Sprintf("its plugin can't be started, so %s can't serve: %s", instanceNames(list), state.LastError)
	if n := len(state.LastLines); n > 0 {
		p.Message += "; it printed last: " + state.LastLines[n-1]
	}
	return p
}

func instanceNames(list []candidate) string {
	if len(list) == 1 {
		return list[0].def.FullName
	}
	return fmt.Sprintf("%s and %d more", list[0].def.FullName, len(list)-1)
}

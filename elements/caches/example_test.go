package caches_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/lintel-run/lintel/elements/caches"
	memorytype "github.com/lintel-run/lintel/elements/caches/MemoryType"
	_ "github.com/lintel-run/lintel/elements/standard"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
)

// CountingCache is a cache of one's own: it counts reservations, and keeps everything
// in memory.
type CountingCache struct {
	caches.Store
	reservations int
}

// Reserve implements caches.ReservationStore.
func (c *CountingCache) Reserve(ctx context.Context, r caches.Reserve) (caches.ReserveResult, error) {
	c.reservations++
	return c.Store.Reserve(ctx, r)
}

// Call returns an error: a cache has no functions.
func (c *CountingCache) Call(_ context.Context, function string, _ element.Args) (any, error) {
	return nil, fmt.Errorf("no function %q", function)
}

// Get returns an error: a cache has no properties.
func (c *CountingCache) Get(_ context.Context, property string) (any, error) {
	return nil, fmt.Errorf("no property %q", property)
}

// Close ends the cache.
func (c *CountingCache) Close() error { return c.Store.(*memorytype.Store).Close() }

func init() {
	element.RegisterBuiltin(&element.Builtin{
		Description: &elementv1.TypeDescription{
			Name: "Acme.CountingType", Title: "Counting cache", ConfigFile: "cache.json",
			ConfigSchema: `{"type": "object", "properties": {"maxEntries": {"type": "integer", "default": 1000}}}`,
		},
		Embedded: true,
		Open: func(_ context.Context, _ element.Env, config json.RawMessage) (element.Instance, error) {
			var c memorytype.Config
			if err := json.Unmarshal(config, &c); err != nil {
				return nil, err
			}
			return &CountingCache{Store: memorytype.New(c)}, nil
		},
	})
}

// A program adds a Type of caches, and an app uses an instance as its default cache.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{
		"app.json":                 `{"appId": "example.acme", "name": "acme", "title": "Acme", "version": "1.0.0", "settings": {"defaultElement": {"defaultCache": "Acme.Cache"}}}`,
		"Acme/CountingType/e.json": `{"title": "Counting cache", "type": "caches.Meta", "backendBundleEntry": "builtin", "functionList": []}`,
		"Acme/Cache/e.json":        `{"title": "Cache", "type": "Acme.CountingType", "functionList": []}`,
		"Acme/Cache/cache.json":    `{"maxEntries": 5000}`,
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	app, err := runtime.Open(context.Background(), dir)
	if err != nil {
		log.Fatal(err)
	}
	defer app.Close()
	instance, release, err := app.BuiltinDefault(element.DefaultCache)
	if err != nil {
		log.Fatal(err)
	}
	defer release()
	cache := instance.(caches.ReservationStore)
	result, err := cache.Reserve(context.Background(), caches.Reserve{Request: "1", Key: "k", Code: caches.Code{ID: "c"}})
	fmt.Println(result.Outcome, err)
	fmt.Println(instance.(*CountingCache).reservations)
	// Output:
	// reserved <nil>
	// 1
}

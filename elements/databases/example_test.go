package databases_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/lintel-run/lintel/elements/databases"
	_ "github.com/lintel-run/lintel/elements/standard"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/element"
)

// ShoutingDatabase is a database of one's own: a SQLite file that keeps nicks in upper
// case.
type ShoutingDatabase struct {
	databases.Directory
	element.Instance
}

// CreateUser implements databases.UserStore.
func (d *ShoutingDatabase) CreateUser(ctx context.Context, u databases.NewUser, use databases.Use) (databases.User, error) {
	u.Nick = strings.ToUpper(u.Nick)
	return d.Directory.CreateUser(ctx, u, use)
}

func init() {
	element.RegisterBuiltin(&element.Builtin{
		Description: &elementv1.TypeDescription{
			Name: "Acme.ShoutingType", Title: "Shouting database", ConfigFile: "database.json",
			ConfigSchema: `{"type": "object", "properties": {"path": {"type": "string", "default": "shouting.db"}}}`,
		},
		Embedded: true,
		Open: func(ctx context.Context, env element.Env, config json.RawMessage) (element.Instance, error) {
			file, err := element.BuiltinOf("databases.SqliteType").Open(ctx, env, config)
			if err != nil {
				return nil, err
			}
			return &ShoutingDatabase{Directory: file.(databases.Directory), Instance: file}, nil
		},
	})
}

// A program adds a Type of databases, and an app uses an instance as its default
// database.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{
		"app.json": `{"appId": "example.acme", "name": "acme", "title": "Acme", "version": "1.0.0",
			"settings": {"defaultElement": {"defaultDatabase": "Acme.Database"}}}`,
		"Acme/ShoutingType/e.json":    `{"title": "Shouting database", "type": "databases.Meta", "backendBundleEntry": "builtin", "functionList": []}`,
		"Acme/Database/e.json":        `{"title": "Database", "type": "Acme.ShoutingType", "functionList": []}`,
		"Acme/Database/database.json": `{}`,
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
	instance, release, err := app.BuiltinDefault(element.DefaultDatabase)
	if err != nil {
		log.Fatal(err)
	}
	defer release()
	users := instance.(databases.UserStore)
	user, err := users.CreateUser(context.Background(), databases.NewUser{ID: "1", Nick: "li", Phone: "+8613800138000"}, databases.Use{})
	fmt.Println(user.Nick, err)
	// Output: LI <nil>
}

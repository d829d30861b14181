package verification

import (
	"context"
	"encoding/json"

	"github.com/lintel-run/lintel/runtime/element"
)

// joins gives the id of the corp that a new user joins; empty: none. name is the
// corp's full name; empty: the app's default.
func (o *operation) joins(ctx context.Context, name string) (string, error) {
	if name == "" {
		name = o.elements.DefaultName(element.DefaultCorp)
	}
	if name == "" {
		return "", nil
	}
	config, err := o.elements.Config(name)
	if err != nil {
		return "", err
	}
	if closed(config["allowJoin"]) {
		return "", nil
	}
	title, _ := config["title"].(string)
	if title == "" {
		if title, err = o.elements.Title(name); err != nil {
			return "", err
		}
	}
	corp, err := o.dir.EnsureCorp(ctx, name, title)
	if err != nil {
		return "", errStore(err)
	}
	return corp.ID, nil
}

// closed says whether allowJoin is 0; absent, it is 1.
func closed(allowJoin any) bool {
	switch v := allowJoin.(type) {
	case float64:
		return v == 0
	case int:
		return v == 0
	case json.Number:
		return v == "0"
	case bool:
		return !v
	}
	return false
}

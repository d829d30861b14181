package verification

import (
	"context"
	"encoding/json"

	"github.com/lintel-run/lintel/runtime/element"
)

// corpOfNewUsers returns the ID of the corp that new users join, or "" if there is
// none.
func (r *request) corpOfNewUsers(ctx context.Context) (string, error) {
	name := r.policy.CorpFullName
	if name == "" {
		name = r.elements.DefaultName(element.DefaultCorp)
	}
	if name == "" {
		return "", nil
	}
	config, err := r.elements.Config(name)
	if err != nil {
		return "", err
	}
	if closed(config["allowJoin"]) {
		return "", nil
	}
	title, _ := config["title"].(string)
	if title == "" {
		if title, err = r.elements.Title(name); err != nil {
			return "", err
		}
	}
	corp, err := r.dir.EnsureCorp(ctx, name, title)
	if err != nil {
		return "", errStore(err)
	}
	return corp.ID, nil
}

// closed reports whether allowJoin is 0. It is 1 by default.
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

package verification

import (
	"context"
	"fmt"

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
	if allowJoin, set := config["allowJoin"]; set && fmt.Sprint(allowJoin) == "0" {
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

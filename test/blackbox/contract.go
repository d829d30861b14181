package blackbox

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contract compares a server's answers with its description.
type contract struct {
	mu       sync.Mutex
	document map[string]any
	success  map[string]*jsonschema.Schema
	failure  *jsonschema.Schema
}

// check returns an error if the answer to a call isn't one that the server's own
// /openapi.json allows, so that a client generated from it couldn't read it. It skips a
// server that has ended.
func (s *Server) check(a *Answer) error {
	if !strings.HasPrefix(a.requested, "/api/") || a.method != http.MethodPost {
		return nil
	}
	var body any
	body, err := jsonschema.UnmarshalJSON(strings.NewReader(a.Body))
	if err != nil {
		return err
	}
	schema, err := s.contract.schema(s.URL, a.requested, a.Status == http.StatusOK)
	if err != nil || schema == nil {
		return err
	}
	if err := schema.Validate(body); err != nil {
		return fmt.Errorf("%s: the answer is not what /openapi.json says: %w", a.requested, err)
	}
	return nil
}

func (c *contract) schema(url, path string, success bool) (*jsonschema.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.document == nil || success && c.success[path] == nil {
		if err := c.read(url); err != nil || c.document == nil {
			return nil, err
		}
	}
	if !success {
		return c.failure, nil
	}
	if c.success[path] != nil {
		return c.success[path], nil
	}
	if paths, _ := c.document["paths"].(map[string]any); paths[path] == nil {
		return nil, fmt.Errorf("%s answered, but /openapi.json doesn't have it", path)
	}
	compiled, err := c.compile("/paths/" + escapePointer(path) + "/post/responses/200/content/application~1json/schema")
	if err == nil {
		c.success[path] = compiled
	}
	return compiled, err
}

// read reads the server's description. Without an answer it changes nothing.
func (c *contract) read(url string) error {
	resp, err := http.Get(url + "/openapi.json")
	if err != nil {
		return nil // the test has ended the server
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil // likewise
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("/openapi.json: status %d", resp.StatusCode)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	c.document, _ = document.(map[string]any)
	c.success = map[string]*jsonschema.Schema{}
	c.failure, err = c.compile("/components/schemas/Failure")
	return err
}

func (c *contract) compile(pointer string) (*jsonschema.Schema, error) {
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("openapi.json", c.document); err != nil {
		return nil, err
	}
	return compiler.Compile("openapi.json#" + pointer)
}

func escapePointer(path string) string {
	return strings.ReplaceAll(strings.ReplaceAll(path, "~", "~0"), "/", "~1")
}

// OpenAPI returns the server's description.
func (s *Server) OpenAPI() map[string]any {
	s.t.Helper()
	var document map[string]any
	if err := s.getJSON(http.DefaultClient, s.URL+"/openapi.json", &document); err != nil {
		s.t.Fatalf("openapi.json: %v", err)
	}
	return document
}

package server

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/errortable"
)

type dict = map[string]any

// openAPI serves the app's description, OpenAPI 3.1: a path for each function that
// an instance offers to callers from outside.
func (q *request) openAPI() error {
	text, err := json.Marshal(q.server.describe(q.server.app.Definitions()))
	if err != nil {
		return errcode.Wrap(err, errcode.Internal, "the description")
	}
	digest := sha256.Sum256(text)
	h := q.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(digest[:12])+`"`)
	if q.r.Header.Get("If-None-Match") == h.Get("ETag") {
		q.WriteHeader(http.StatusNotModified)
		return nil
	}
	_, _ = q.Write(text)
	return nil
}

func (s *Server) describe(all []runtime.Definition) dict {
	paths := dict{}
	var tags []dict
	for _, d := range all {
		if d.Rank != "instance" || len(d.Functions) == 0 {
			continue
		}
		tags = append(tags, dict{"name": d.FullName, "description": d.Title})
		for _, f := range d.Functions {
			path := "/api/" + strings.ReplaceAll(s.info.AppID+"."+d.FullName, ".", "/") + "/" + f.Name
			paths[path] = dict{"post": operationOf(d, f)}
		}
	}
	version := s.info.Version
	if version == "" {
		version = "0"
	}
	title := s.info.Title
	if title == "" {
		title = s.info.AppID
	}
	return dict{
		"openapi":    "3.1.0",
		"info":       dict{"title": title, "version": version, "x-app-id": s.info.AppID},
		"servers":    []dict{{"url": "."}},
		"tags":       tags,
		"paths":      paths,
		"components": s.components(),
	}
}

// operationOf describes one function of an element.
func operationOf(d runtime.Definition, f runtime.Function) dict {
	names, required, properties := []string{}, []string{}, dict{}
	for _, a := range f.Args {
		names = append(names, a.Name)
		if a.Required {
			required = append(required, a.Name)
		}
		schema := typeOf(a.DataType)
		if a.Title != "" {
			schema["title"] = a.Title
		}
		if a.Value != nil {
			schema["default"] = a.Value
		}
		properties[a.Name] = schema
	}
	body := dict{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		body["required"] = required
	}
	op := dict{
		"operationId": d.FullName + "." + f.Name,
		"tags":        []string{d.FullName},
		"summary":     f.Title,
		"description": f.Desc,
		// In the order of positional arguments.
		"x-args":      names,
		"parameters":  []dict{{"$ref": "#/components/parameters/IdempotencyKey"}, {"$ref": "#/components/parameters/Device"}},
		"requestBody": dict{"required": len(required) > 0, "content": dict{"application/json": dict{"schema": body}}},
		"responses": dict{
			"200": dict{
				"description": "The function's answer.",
				"content": dict{"application/json": dict{"schema": dict{
					"allOf":                 []dict{{"$ref": "#/components/schemas/Success"}},
					"properties":            dict{"data": resultOf(f)},
					"unevaluatedProperties": false,
				}}},
			},
			"default": dict{"$ref": "#/components/responses/Failure"},
		},
	}
	if f.LoginRequired {
		op["security"] = []dict{{"bearer": []string{}}, {"session": []string{}}}
	} else {
		op["security"] = []dict{{}, {"bearer": []string{}}, {"session": []string{}}}
	}
	return op
}

// resultOf is the schema of what a function returns: its own where it declares
// one, else what its data type says.
func resultOf(f runtime.Function) any {
	if len(f.ReturnSchema) > 0 {
		return f.ReturnSchema
	}
	if f.ReturnType == "" {
		return dict{}
	}
	return typeOf(f.ReturnType)
}

// typeOf is the schema of a data type.
func typeOf(dataType string) dict {
	switch dataType {
	case "Stext":
		return dict{"type": "string", "maxLength": 255}
	case "Ltext":
		return dict{"type": "string"}
	case "Phone":
		return dict{"type": "string", "maxLength": 255, "format": "phone"}
	case "Numeric":
		return dict{"type": "number"}
	case "Checkbox":
		return dict{"type": []string{"boolean", "integer"}}
	case "JitList":
		return dict{"type": "array"}
	case "JitDict", "RowData":
		return dict{"type": "object"}
	}
	return dict{}
}

// components returns what all operations share; the errors are those of the tables.
func (s *Server) components() dict {
	var codes []string
	var numbers []int
	details := dict{}
	for _, table := range []errortable.Table{s.app.Errors(), runtimeErrors} {
		for code, entry := range table {
			codes = append(codes, string(code))
			if !slices.Contains(numbers, entry.Number) {
				numbers = append(numbers, entry.Number)
			}
			for name, detail := range entry.Details {
				details[name] = detail.Schema
			}
		}
	}
	slices.Sort(codes)
	slices.Sort(numbers)
	shared := func(more dict) dict {
		p := dict{
			"requestId": dict{"type": "string"},
			"sysTime":   dict{"type": "integer", "description": "When it was answered, in Unix milliseconds."},
			"duration":  dict{"type": "integer", "description": "Milliseconds.", "minimum": 0},
		}
		for name, schema := range more {
			p[name] = schema
		}
		return p
	}
	header := func(description string) dict {
		return dict{"description": description, "schema": dict{"type": "integer", "minimum": 1}}
	}
	return dict{
		"schemas": dict{
			"Success": dict{
				"type":       "object",
				"properties": shared(dict{"errcode": dict{"const": 0}, "errmsg": dict{"type": "null"}, "data": dict{}}),
				"required":   []string{"errcode", "errmsg", "requestId", "sysTime", "duration", "data"},
			},
			"Failure": dict{
				"type": "object",
				"properties": shared(dict{
					"errcode": dict{"enum": numbers}, "errmsg": dict{"type": "string", "minLength": 1},
					"code": dict{"enum": codes},
					"data": dict{"type": "object", "additionalProperties": false, "properties": details},
				}),
				"required":             []string{"errcode", "errmsg", "code", "requestId", "sysTime", "duration", "data"},
				"additionalProperties": false,
			},
		},
		"responses": dict{"Failure": dict{
			"description": "An error; its code says which.",
			"headers":     dict{"Retry-After": header("Seconds until another attempt makes sense.")},
			"content":     dict{"application/json": dict{"schema": dict{"$ref": "#/components/schemas/Failure"}}},
		}},
		"parameters": dict{
			"IdempotencyKey": dict{"name": "Idempotency-Key", "in": "header", "description": "Names the request: a repeat within ten minutes is answered as the first was.",
				"schema": dict{"type": "string", "pattern": "^[A-Za-z0-9_-]{16,64}$"}},
			"Device": dict{"name": "Lintel-Device", "in": "header", "description": "The device token of an earlier login.", "schema": dict{"type": "string"}},
		},
		"securitySchemes": dict{
			"bearer":  dict{"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
			"session": dict{"type": "apiKey", "in": "cookie", "name": s.sessions.CookieName()},
		},
	}
}

package server

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-run/lintel/plugins/errcode"
	"github.com/lintel-run/lintel/runtime"
	"github.com/lintel-run/lintel/runtime/errortable"
	"github.com/lintel-run/lintel/server/extension"
)

type dict = map[string]any

// openAPI serves the app's description in OpenAPI 3.1: a path for each function that
// an instance offers to callers outside the app.
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

// openAPIText is the description without the app: strings such as "@paths" stand
// for what describe adds.
//
//go:embed openapi.json
var openAPIText []byte

var openAPITemplate = func() (template any) {
	if err := json.Unmarshal(openAPIText, &template); err != nil {
		panic(err) // embedded
	}
	return template
}()

func (s *Server) describe(all []runtime.Definition) any {
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
	var codes []errcode.Code
	var numbers []int
	details := dict{}
	for _, table := range []errortable.Table{s.app.Errors(), runtimeErrors} {
		for code, entry := range table {
			codes, numbers = append(codes, code), append(numbers, entry.Number)
			for name, detail := range entry.Details {
				details[name] = detail.Schema
			}
		}
	}
	slices.Sort(codes)
	slices.Sort(numbers)
	return fill(openAPITemplate, dict{
		"@title": cmp.Or(s.info.Title, s.info.AppID), "@version": cmp.Or(s.info.Version, "0"), "@appId": s.info.AppID,
		"@tags": tags, "@paths": paths, "@codes": codes, "@numbers": slices.Compact(numbers), "@details": details,
		"@sessionCookie": extension.Connection{Secure: strings.HasPrefix(s.public(), "https://"), AppID: s.info.AppID}.CookieName(s.sessions.SessionCookie()),
	})
}

// fill returns a template with values in the place of their names.
func fill(template any, values dict) any {
	switch t := template.(type) {
	case string:
		if value, ok := values[t]; ok {
			return value
		}
	case dict:
		filled := make(dict, len(t))
		for name, member := range t {
			filled[name] = fill(member, values)
		}
		return filled
	}
	return template
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
		"parameters":  parametersOf(f),
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
	security := []dict{{}, {"bearer": []string{}}, {"session": []string{}}}
	if f.LoginRequired {
		security = security[1:]
	}
	op["security"] = security
	return op
}

// parametersOf returns the headers that a function heeds.
func parametersOf(f runtime.Function) []dict {
	device := []dict{{"$ref": "#/components/parameters/Device"}}
	if f.Changes {
		return append([]dict{{"$ref": "#/components/parameters/IdempotencyKey"}}, device...)
	}
	return device
}

// resultOf returns the schema of what a function returns: its own where it declares
// one, else that of its data type.
func resultOf(f runtime.Function) any {
	if len(f.ReturnSchema) > 0 {
		return f.ReturnSchema
	}
	return typeOf(f.ReturnType)
}

// typeOf returns the schema of a data type, {} for an unknown one.
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

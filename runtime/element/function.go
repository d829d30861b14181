package element

import "encoding/json"

// Function is an entry of a function list.
type Function struct {
	Name       string     `json:"name"`
	Title      string     `json:"title,omitempty"`
	Desc       string     `json:"desc,omitempty"`
	Args       []Argument `json:"args,omitempty"`
	ReturnType string     `json:"returnType,omitempty"`
	// ReturnSchema is the JSON Schema of the result, nil if the Type declares none.
	ReturnSchema  json.RawMessage `json:"returnSchema,omitempty"`
	LoginRequired bool            `json:"loginRequired"`
	// Changes: the function changes something, so an Idempotency-Key counts.
	Changes bool `json:"changes,omitempty"`
}

// Argument is an argument of a Function.
type Argument struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	// DataType is Stext, Ltext, Numeric, Checkbox, Phone, JitDict, JitList or RowData.
	DataType string `json:"dataType"`
	Required bool   `json:"required"`
	// Value is the default.
	Value any `json:"value,omitempty"`
}

package runtime

import (
	"encoding/json"
	"time"

	"github.com/lintel-run/lintel/runtime/element"
	"github.com/lintel-run/lintel/runtime/problem"
)

// Info describes an app.
type Info struct {
	AppID   string `json:"appId"`
	Name    string `json:"name"`
	Title   string `json:"title"`
	Version string `json:"version"`
	// Dir and DataDir are absolute, and for operators only.
	Dir     string `json:"dir"`
	DataDir string `json:"dataDir"`
	Dev     bool   `json:"dev"`
}

// Definition describes an element: its e.json and what follows from it.
type Definition struct {
	FullName string `json:"fullName"`
	Title    string `json:"title"`
	// Rank is meta, type or instance.
	Rank string `json:"rank"`
	// Type is the full name of what it derives from; empty for a Meta.
	Type string `json:"type"`
	// Meta is the full name of the family.
	Meta string `json:"meta"`
	Tag  string `json:"tag,omitempty"`
	// App is the appId of the app it comes from, empty for the official library.
	App string `json:"app,omitempty"`
	// Functions are those that callers outside the app may call.
	Functions []Function `json:"functionList"`
	// ConfigSchema of a Type is the JSON Schema of its instances' configurations, and
	// ConfigFile the name of their file unless e.json names one.
	ConfigSchema json.RawMessage `json:"configSchema,omitempty"`
	ConfigFile   string          `json:"configFile,omitempty"`
	// EJSON is the text of e.json.
	EJSON json.RawMessage `json:"eJson"`
}

// Function is an entry of a function list.
type Function = element.Function

// Argument is an argument of a Function.
type Argument = element.Argument

// Problem is something wrong with an element or the app.
type Problem = problem.Problem

// Status describes a running app to operators.
type Status struct {
	App      Info      `json:"app"`
	Started  time.Time `json:"started"`
	Elements int       `json:"elements"`
	// Reloaded is when the app was last loaded.
	Reloaded time.Time `json:"reloaded"`
	Problems []Problem `json:"problems"`
	Plugins  []Plugin  `json:"plugins"`
	// Stores are the built-in instances that are open.
	Stores []Store `json:"stores"`
	// Hosted are the instances that a host service is for, such as logins.
	Hosted []Hosted `json:"hosted"`
}

// Hosted is the state of an instance that a host service is for. It isn't ready for a
// reason of this process: its configuration, its executable, or those of what it names.
type Hosted struct {
	Element string `json:"element"`
	Ready   bool   `json:"ready"`
	Error   string `json:"error,omitempty"`
}

// Plugin is the state of a plugin process.
type Plugin struct {
	Type string `json:"type"`
	// State is idle, starting, ready, draining, backoff, failed or stopped.
	State      string    `json:"state"`
	PID        int       `json:"pid,omitempty"`
	Since      time.Time `json:"since"`
	Restarts   int       `json:"restarts"`
	Instances  int       `json:"instances"`
	InFlight   int       `json:"inFlight"`
	LastError  string    `json:"lastError,omitempty"`
	LastOutput []string  `json:"lastOutput,omitempty"`
}

// Store is the state of a store.
type Store struct {
	Element string `json:"element"`
	Ready   bool   `json:"ready"`
	Error   string `json:"error,omitempty"`
}

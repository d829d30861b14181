// Package redistype is caches.RedisType: a store in Redis 7 or newer, or a server that
// speaks its protocol and runs its scripts: one server, behind Sentinel, or in a Cluster.
// Time is the server's.
//
// Each operation is one script. The scripts do in Lua what package otpstate does in Go;
// the contract in package caches describes both, and the suite in cachestest holds both
// to it and compares them by random operations. What they keep lasts while replicas of
// two versions run: a field keeps its meaning, and a missing one has a default.
//
// All keys begin with "lintel:{", and those of one identity share a slot. Every key has
// an expiry.
package redistype

import (
	"github.com/lintel-run/lintel/elements/caches"
	"github.com/lintel-run/lintel/elements/internal/builtin"
	"github.com/lintel-run/lintel/plugins/elementv1"
	"github.com/lintel-run/lintel/runtime/element"
)

// Name is the Type's full name.
const Name = "caches.RedisType"

const schema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "properties": {
    "url": {
      "type": "string", "pattern": "^rediss?://", "examples": ["redis://127.0.0.1:6379"], "maxLength": 2048, "writeOnly": true,
      "title": "Address",
      "description": "redis://[user:password@]host[:port][/database], or rediss:// for TLS."
    },
    "addrs": {
      "type": "array", "minItems": 1, "maxItems": 64, "uniqueItems": true,
      "items": { "type": "string", "minLength": 1, "maxLength": 255 },
      "title": "Addresses",
      "description": "host:port of the sentinels (with masterName), else of the Cluster's nodes. rediss:// before it means TLS."
    },
    "cluster": { "type": "boolean", "title": "Redis Cluster", "description": "For a Cluster behind one address. Several addresses without masterName always are one." },
    "masterName": { "type": "string", "minLength": 1, "maxLength": 255, "title": "What the sentinels call the primary" },
    "username": { "type": "string", "maxLength": 255, "title": "User" },
    "password": { "type": "string", "maxLength": 1024, "writeOnly": true, "title": "Password" },
    "sentinelUsername": { "type": "string", "maxLength": 255, "title": "User of the sentinels" },
    "sentinelPassword": { "type": "string", "maxLength": 1024, "writeOnly": true, "title": "Password of the sentinels" },
    "tls": { "type": "boolean", "title": "TLS", "description": "To the addresses in addrs and to all that they lead to." },
    "caFile": { "type": "string", "minLength": 1, "maxLength": 4096, "title": "Certificates", "description": "PEM file of the CAs that are trusted, instead of the system's." }
  },
  "oneOf": [
    { "required": ["url"], "properties": {
      "addrs": false, "masterName": false, "username": false, "password": false, "sentinelUsername": false, "sentinelPassword": false, "tls": false
    } },
    { "required": ["addrs"], "properties": { "url": false } }
  ],
  "dependentRequired": { "sentinelUsername": ["masterName"], "sentinelPassword": ["masterName"] },
  "additionalProperties": false
}`

// Config is an instance's configuration: either URL, or Addrs and the rest.
type Config struct {
	URL              string   `json:"url"`
	Addrs            []string `json:"addrs"`
	Cluster          bool     `json:"cluster"`
	MasterName       string   `json:"masterName"`
	Username         string   `json:"username"`
	Password         string   `json:"password"`
	SentinelUsername string   `json:"sentinelUsername"`
	SentinelPassword string   `json:"sentinelPassword"`
	TLS              bool     `json:"tls"`
	CAFile           string   `json:"caFile"`
}

func init() {
	builtin.Register(&builtin.Type[Config]{
		Description: elementv1.TypeDescription{
			Name: Name, Title: "Redis", ConfigSchema: schema, ConfigFile: "cache.json",
			Description: "In Redis (one server, Sentinel or Cluster), shared by any number of machines.",
		},
		Check: func(_ element.Env, c Config) error {
			_, err := c.options()
			return err
		},
		Open: func(env element.Env, c Config) (element.Instance, error) { return New(env, c) },
	})
}

var (
	_ caches.Store         = (*Store)(nil)
	_ element.Instance     = (*Store)(nil)
	_ element.ReadyChecker = (*Store)(nil)
)

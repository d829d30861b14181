//go:build profile

package main

import _ "github.com/lintel-run/lintel/internal/cpuprofile"

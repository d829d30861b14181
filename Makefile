# make build   bin/lintel, the official Types' executable beside it, and its description
# make run     serves app.example for development
# make test    every test, fetching what they need; the last line counts them
# make lint    formatting, linters, wire compatibility, known vulnerabilities
# make generate  what is made from other files: wire code, configuration reference
# make pages   what browsers get of web/src
# make screenshots  the pictures in docs/screenshots, by a browser
# make bench   the benchmarks, kept in bin/bench.txt
# make soak    the tests' long rounds
# make fuzz    each fuzz target for FUZZTIME

SHELL := /bin/sh
GO ?= go
export GOFLAGS ?= -mod=readonly

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
TOOLS := $(CURDIR)/bin/tools
FUZZTIME ?= 30s
APP ?= app.example

.PHONY: all build run test lint generate generated pages screenshots bench soak fuzz clean

all: build

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/lintel ./cmd/lintel
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/lintel-types ./cmd/lintel-types
	bin/lintel-types describe > bin/lintel-types.types.json.new
	mv bin/lintel-types.types.json.new bin/lintel-types.types.json

run: build
	bin/lintel serve $(APP) --dev

# The tests drive the binaries that were just built.
test: build
	test/fetch
	$(GO) vet ./...
	LINTEL_BIN='$(CURDIR)/bin' $(GO) run ./test/summary $(GO) test -race -timeout 14m ./...

soak: build
	test/fetch
	LINTEL_SOAK=1 LINTEL_BIN='$(CURDIR)/bin' $(GO) run ./test/summary $(GO) test -race -count 1 -timeout 6h ./...

bench: build
	mkdir -p bin
	LINTEL_BIN='$(CURDIR)/bin' $(GO) test -run '^$$' -bench . -benchmem -timeout 2h ./... > bin/bench.txt; \
		status=$$?; cat bin/bench.txt; exit $$status

fuzz:
	@set -e; for file in $$(grep -rl --include='*_test.go' '^func Fuzz' .); do \
		dir=$$(dirname "$$file"); \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$file"); do \
			echo "fuzz: $$dir $$target $(FUZZTIME)"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$dir"; \
		done; \
	done

ESBUILD := '$(TOOLS)/esbuild' --bundle --minify --log-level=warning --target=es2021,chrome100,safari15,firefox100

generate: $(TOOLS)/.proto pages build
	cd plugins/proto && PATH='$(TOOLS)':"$$PATH" buf generate
	$(GO) run ./docs/internal/reference -types bin/lintel-types.types.json -o docs/configuration.md

# The pages' modules and stylesheets, as browsers get them.
pages: $(TOOLS)/.web
	$(ESBUILD) --format=esm web/src/page.js --outfile=web/dist/page.js
	$(ESBUILD) --format=esm --target=es2022 web/src/docs.js --outfile=web/dist/docs.js
	$(ESBUILD) web/src/page.css web/src/docs.css --outdir=web/dist

# The pictures in docs/, from pages as they are.
screenshots: build
	test/fetch
	LINTEL_BIN='$(CURDIR)/bin' LINTEL_SCREENSHOTS='$(CURDIR)/docs/screenshots' $(GO) test -count 1 -run '^TestScreenshots$$' ./test/browser

# Fails when a committed file isn't what its sources make.
generated: generate
	@git diff --exit-code -- plugins/elementv1 docs/configuration.md web/dist || \
		{ echo "lint: generated files differ; run make generate and commit them" >&2; exit 1; }

lint: $(TOOLS)/.proto $(TOOLS)/.lint $(TOOLS)/.vuln generated
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "lint: gofmt" >&2; exit 1; }
	$(GO) vet ./...
	'$(TOOLS)'/golangci-lint run ./...
	cd plugins/proto && '$(TOOLS)'/buf lint
	@tag=$$(git describe --tags --abbrev=0 2>/dev/null || true); if [ -n "$$tag" ]; then \
		cd plugins/proto && '$(TOOLS)'/buf breaking --against "$(CURDIR)/.git#tag=$$tag,subdir=plugins/proto"; \
	else echo "lint: no released version yet, nothing that the wire contract could break"; fi
	@PATH='$(TOOLS)':"$$PATH" .ci/vulnerabilities

# The tools are pinned by modules of their own, apart from the product's.
$(TOOLS)/.%: tools/%/go.mod tools/%/go.sum
	mkdir -p '$(TOOLS)'
	cd tools/$* && GOBIN='$(TOOLS)' $(GO) install tool
	touch $@

clean:
	rm -rf bin coverage.out

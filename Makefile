# make build        bin/lintel, the official Types' executable, and its description
# make run          serves app.example for development
# make test         runs every test and fetches what they need; the last line counts them
# make lint         formatting, linters, shell scripts, wire compatibility, known vulnerabilities
# make generate     generated files: wire code, configuration reference, pages
# make pages        web/dist from web/src
# make screenshots  docs/screenshots, with a browser
# make bench        runs the benchmarks and keeps their output in bin/bench.txt
# make soak         runs the tests' long rounds
# make fuzz         runs each fuzz target for FUZZTIME
# make proto-release TAG=v0.2.0   keeps the wire contract of a release for "make lint"

SHELL := /bin/sh
GO ?= go
export GOFLAGS ?= -mod=readonly

# The newest tag, else the commit, else "dev" where there is no git.
VERSION := $(shell git describe --tags --match 'v*' --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
TOOLS := $(CURDIR)/bin/tools
FUZZTIME ?= 30s
APP ?= app.example

# The wire contract of the newest release, made by "make proto-release". It is a
# file rather than a tag, since a clone may have no tags.
PROTO_RELEASED := released/v0.1.0.binpb

.PHONY: all build run test lint generate generated pages screenshots bench soak fuzz proto-release clean

all: build

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/lintel ./cmd/lintel
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/lintel-types ./cmd/lintel-types
	bin/lintel-types describe > bin/lintel-types.types.json.new
	mv bin/lintel-types.types.json.new bin/lintel-types.types.json

run: build
	bin/lintel serve $(APP) --dev

# Black-box tests drive the binaries that were just built.
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
	cp plugins/proto/lintel/element/v1/element.proto examples/type-in-node/vendors/Acme/proto/element.proto
	cd elements/caches/internal/otpstate && PATH='$(TOOLS)':"$$PATH" buf generate
	$(GO) run ./docs/internal/reference -types bin/lintel-types.types.json -o docs/configuration.md

# Bundles the pages' modules and stylesheets.
pages: $(TOOLS)/.web
	$(ESBUILD) --format=esm web/src/page.js --outfile=web/dist/page.js
	$(ESBUILD) --format=esm --target=es2022 web/src/docs.js --outfile=web/dist/docs.js
	$(ESBUILD) web/src/page.css web/src/docs.css --outdir=web/dist

screenshots: build
	test/fetch
	LINTEL_BIN='$(CURDIR)/bin' LINTEL_SCREENSHOTS='$(CURDIR)/docs/screenshots' $(GO) test -count 1 -run '^TestScreenshots$$' ./test/browser

# Fails if a committed file differs from what its sources generate.
generated: generate
	@git diff --exit-code -- plugins/elementv1 elements/caches/internal/otpstate docs/configuration.md web/dist examples/type-in-node/vendors/Acme/proto || \
		{ echo "lint: generated files differ; run make generate and commit them" >&2; exit 1; }

lint: $(TOOLS)/.proto $(TOOLS)/.lint $(TOOLS)/.vuln generated
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "lint: gofmt" >&2; exit 1; }
	$(GO) vet ./...
	'$(TOOLS)'/golangci-lint run ./...
	cd plugins/proto && '$(TOOLS)'/buf lint
	cd elements/caches/internal/otpstate && '$(TOOLS)'/buf lint
	cd plugins/proto && '$(TOOLS)'/buf breaking --against $(PROTO_RELEASED)
	.ci/shellcheck
	.ci/prose
	@PATH='$(TOOLS)':"$$PATH" .ci/vulnerabilities

proto-release: $(TOOLS)/.proto
	cd plugins/proto && '$(TOOLS)'/buf build '$(CURDIR)/.git#tag=$(TAG),subdir=plugins/proto' \
		--exclude-source-info -o released/$(TAG).binpb

# Tools are pinned by modules of their own, so that the product's module doesn't
# require what they require.
$(TOOLS)/.%: tools/%/go.mod tools/%/go.sum
	mkdir -p '$(TOOLS)'
	cd tools/$* && GOBIN='$(TOOLS)' $(GO) install tool
	touch $@

clean:
	rm -rf bin coverage.out

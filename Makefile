# Gatehouse: every command a developer needs. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO      ?= go
BIN     := bin/gatehouse
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X github.com/gatehouse-sec/gatehouse/cli.version=$(VERSION)
LINT    := $(GO) tool -modfile=tools/go.mod golangci-lint
SOURCES := $(shell find . -name '*.go' -not -path './.git/*') go.mod go.sum
FUZZTIME ?= 1s

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN): $(SOURCES)
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/gatehouse

.PHONY: build
build: $(BIN) ## build bin/gatehouse, one static binary

.PHONY: demo
demo: $(BIN) ## the tour on a generated tenant; ends with the server up and three curl lines
	$(BIN) demo

.PHONY: test
test: setup lint unit fuzz ## all that CI asks: lint, tests under the race detector, a short fuzz

.PHONY: setup
setup: ## look for what the tests need and say what is missing
	@scripts/setup

.PHONY: unit
unit: ## the tests, under the race detector where a C compiler is found
	$(GO) test $$(scripts/race) -timeout 12m ./...

.PHONY: lint
lint: verify ## gofmt, go vet, golangci-lint, and that generated files are fresh
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo "run: gofmt -w ."; exit 1; }
	$(GO) vet ./...
	$(LINT) run ./...

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (1s)
	scripts/fuzz $(FUZZTIME)

.PHONY: bench
bench: ## the benchmarks: they print ratios, not verdicts
	$(GO) test -run '^$$' -bench . -timeout 30m ./...

.PHONY: proof
proof: $(BIN) ## the long proofs, whole, with their figures
	GATEHOUSE_PROOF=full $(GO) test -count 1 -timeout 60m -run '^TestProof' -v ./...
	$(GO) test -run '^$$' -bench 'ListDevices|Export|Decode' -timeout 30m ./internal/rest ./defender

.PHONY: generate
generate: ## write again what is generated from code: docs and golden files
	scripts/golden

.PHONY: verify
verify: ## say whether what make generate writes is what is committed
	@scripts/verify

.PHONY: clean
clean: ## remove what make has built
	rm -rf bin

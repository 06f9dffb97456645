# revcycle: `make demo` shows the nightly job, `make test` proves it.

GO      ?= go
BIN     := bin/revcycle
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
SOAK    ?= docs/measurements.md

.DEFAULT_GOAL := help
.PHONY: help build demo test check golden fuzz bench soak clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## bin/revcycle
	@$(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o $(BIN) ./cmd/revcycle

demo: build ## the nightly job on the shipped fixtures: summary, extracts, report
	@scripts/demo.sh $(BIN)

test: build ## every test, PostgreSQL's too: it is installed where it is missing, started and stopped
	@scripts/postgres.sh || [ "$$CI" != true ]
	$(GO) test -timeout 30m ./...
	@scripts/parquetcheck.sh $(BIN)

check: ## vet, gofmt, layers, and race where goroutines run
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "gofmt: the files above are not formatted"; exit 1; }
	$(GO) vet ./...
	cd extract/parquetcheck && $(GO) vet ./...
	$(GO) test -run 'TestImportsGoDown|TestTheHouseIsTidy|TestTheChecksBite' .
	@scripts/postgres.sh || [ "$$CI" != true ]
	$(GO) test -timeout 30m -race ./pipeline/flow ./pipeline/river ./ledger/...
	$(GO) test -timeout 30m -race -run 'SameInput|Golden.*OneNight|DryRun|Retry|Storage' ./pipeline

golden: ## write the expected files of the cases anew; read the diff before you commit it
	$(GO) run ./fixtures/synth/gen
	$(GO) test ./pipeline ./cmd/revcycle -update

fuzz: ## each fuzz target for FUZZTIME (default 10s)
	@scripts/fuzz.sh

bench: ## bytes, claims and rows a second, and memory
	@scripts/bench.sh

soak: build ## the same properties at full size; figures go to docs/measurements.md
	@scripts/soak.sh $(SOAK)

clean: ## what was built
	rm -rf bin .demo

# Targets are the steps of .ci/run: what passes here passes there.
.DEFAULT_GOAL := help
.PHONY: help build test race bench fmt vet lint docker vuln fix demo fuzz kafka faults large mutants fault-table test-kafka compare ci

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build everything, and the static binary
	@.ci/run build

test: ## Run all tests, as `go test ./...` does; needs the recorded wikis
	@.ci/run test

race: ## Run what is concurrent under the race detector
	@.ci/run race

fuzz: ## Fuzz what reads bytes that others wrote
	@.ci/run fuzz

bench: ## Run every benchmark once
	@.ci/run bench

fmt: ## Check the formatting
	@.ci/run fmt

vet: ## Run go vet
	@.ci/run vet

lint: ## Run golangci-lint
	@.ci/run lint

docker: ## Check the image and the compose file
	@.ci/run docker

vuln: ## Look for known vulnerabilities (needs the internet)
	@go tool -modfile=tools/go.mod govulncheck ./...

fix: ## Format the code and apply the linters' own fixes
	@go tool -modfile=tools/go.mod gofumpt -w .
	@go tool -modfile=tools/go.mod golangci-lint run --fix ./...

demo: ## Run the demo
	@go run ./cmd/eddy demo

kafka: ## Run a Kafka on this machine until Ctrl-C (needs Java; ARGS="--brokers 3 --port 9092 --data DIR")
	@go run ./integration/kafka/cmd/kafka $(ARGS)

faults: ## Run schedules of faults on a real Kafka, one of each kind and delivery (needs Java; ARGS="-faults.seed 3,40-45 -faults.kind crash,zombie")
	@ARGS='$(ARGS)' .ci/run faults

large: ## Let the pipeline have pages, templates and open cascades as large and as many as can be, and print what they take (ARGS="-large.users 10000000")
	@go test ./integration -run 'TestSizes|TestSpreadUsers|TestManyOpenCascades' -parallel 1 -timeout 60m -large -v $(ARGS)

mutants: ## Let the scenarios find the mutants of the pipeline's sources
	@go test -tags mutants ./integration -run TestInvariantsFindSourceMutants -v -timeout 30m

fault-table: ## Run schedules of faults on plain Goka and on Eddy, and print a table (needs Java; ARGS="--kinds zombie,cut --seeds 3")
	@go run -tags kafka ./integration/faults/cmd/table $(ARGS)

test-kafka: ## Run the conformance suite and the pipeline on a real Kafka (needs Java)
	@.ci/run kafka

PEER ?= ../shared/peer
PAGES ?= 100000
PARTITIONS ?= 8
DELIVERY ?= at-least-once
MEMORY ?= 1536MiB
compare: ## Measure Eddy beside Kafka Streams (needs Java and Maven; PEER=FOLDER PAGES=N DELIVERY=exactly-once MEMORY=1GiB; ARGS are eddy bench's)
	@go run ./integration/peer --peer $(PEER) --pages $(PAGES) --partitions $(PARTITIONS) --delivery $(DELIVERY) -- --memory $(MEMORY) $(ARGS)

ci: ## Run all steps, those on a real Kafka too (needs Java)
	@.ci/run

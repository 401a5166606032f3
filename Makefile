# Two commands set a fresh Debian machine up: `make demo` and `make test`.
# Everything is built in release; the products land in .build/release. The demo builds what it runs.

SWIFT        ?= swift
prefix       ?= /usr/local
JOBS         ?= $(shell nproc)
BUILD_FLAGS   = -c release --build-tests -j $(JOBS)
BIN           = .build/release
SECONDS       = 60
TIMES         = judge
# What --version says. Package.swift reads it, in every command of one make alike.
export ASSAY_COMMIT := $(shell scripts/commit.sh)
SOURCES       = Package.swift Sources Tests Fidelity Benchmarks clients/swift models

.PHONY: help setup build demo test bridge bundle soak cases swap-test fuzz-tokenizers mutate-templates conformance fidelity bench bench-peer bench-clients \
	house check format coverage static install uninstall clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: ## install what the build needs (or print the one command that does)
	@scripts/setup.sh

build: setup
	@$(SWIFT) build $(BUILD_FLAGS)

demo: setup ## start the server, run a real model, show its answer and its provenance
	@for product in assayd assay; do $(SWIFT) build -c release -j $(JOBS) --product $$product || exit; done
	@scripts/demo.sh $(BIN)

test: build ## build and run every test, those of the clients included
	@scripts/clients.sh setup
	@SWIFT=$(SWIFT) scripts/test.sh
	@scripts/clients.sh test

soak: build ## clients beside attackers on real servers: SECONDS=60 SEED=N TIMES=judge|print
	@scripts/clients.sh setup
	@ASSAY_CLIENTS="clients/python clients/c" scripts/clients.sh build
	@clients/python/build/venv/bin/python scripts/soak --bin $(BIN) --seconds $(SECONDS) \
		--seed $(or $(SEED),0) --times $(TIMES)

cases: build ## failures once reported, tried again, and our bounds in seconds: ONLY=PATTERN RUNS=N
	@scripts/clients.sh setup
	@scripts/clients.sh build
	@scripts/cases.sh $(BIN)

swap-test: build ## swaps, rollbacks and shares under load, malformed files, load cycles: ARGUMENTS=
	@scripts/clients.sh setup
	@ASSAY_CLIENTS=clients/python scripts/clients.sh build
	@clients/python/build/venv/bin/python scripts/swap-test --bin $(BIN) $(ARGUMENTS)

fuzz-tokenizers: build ## random tokenizer.json files beside the tokenizers library: FILES=300 TEXTS=50 SEED=N
	@scripts/clients.sh setup
	@FILES=$(or $(FILES),300) TEXTS=$(or $(TEXTS),50) SEED=$(or $(SEED),0) \
		scripts/fuzz-tokenizers.sh $(BIN)

mutate-templates: ## deliberate mistakes of the template interpreter: each has to turn a row red
	@python3 scripts/mutate-templates $(ARGUMENTS)

conformance: build ## judge every client with the kit in Protocol/conformance, as one table
	@scripts/clients.sh setup
	@scripts/clients.sh build
	@scripts/clients.sh conformance

fidelity: build ## compare models, formats and tokenizers with recorded answers, as one table
	@$(BIN)/assay-fidelity

kernels: ## products of every format beside the scalar ones, under the address sanitizer
	@scripts/kernels.sh

bench: build ## one table beside llama.cpp and a bare echo: ROUNDS=5 QUICK=1 ONLY=TEXT PEER=none
	@scripts/bench.sh $(BIN)

bench-peer: ## build the yardstick of `make bench` (from PyPI, 15 CPU minutes)
	@scripts/llama-cpp.sh

bench-clients: build ## each client's Ping beside a bare socket ping-pong in its language
	@scripts/clients.sh setup
	@scripts/clients.sh build
	@scripts/clients.sh bench

house: demo ## comments, functions, files, packages and the first demo, each with its bound
	@scripts/house --all $(BIN)

check: setup ## formatting, in seconds (the style test runs in `make test`)
	@$(SWIFT) format lint --strict --recursive --parallel $(SOURCES)

format: ## format every Swift file in place
	@$(SWIFT) format --in-place --recursive --parallel $(SOURCES)

coverage: setup ## line coverage of the modules that judge files
	@scripts/coverage.sh

bridge: ## an OpenAI-style HTTP API in front of a server: ASSAY_SERVER=tcp://127.0.0.1:7411 ARGUMENTS=
	@clients/bridge/build.sh
	@exec clients/bridge/run.sh bridge $(ARGUMENTS)

static: setup bundle ## programs that need no Swift where they run, for install and containers
	@scripts/build-static.sh

bundle: ## the bridge as a folder for Debian's Python, for install
	@clients/bridge/bundle.sh

install: ## install them (after make static): prefix=/usr/local DESTDIR=
	@scripts/install.sh install prefix="$(prefix)" DESTDIR="$(DESTDIR)"

uninstall: ## remove what install put there
	@scripts/install.sh uninstall prefix="$(prefix)" DESTDIR="$(DESTDIR)"

clean:
	@rm -rf .build .build-coverage .build-static .build-cases clients/*/build clients/swift/.build

# Everything a person or a machine runs here. `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
SOURCES := $(shell find src -name '*.py' -o -name '*.yaml' 2>/dev/null)
PYTEST := $(BIN)/pytest -n 2 --dist worksteal
# Node and npm come from PyPI into .venv; npm finds node by PATH.
NPM := cd extension && PATH="$(CURDIR)/$(BIN):$$PATH" npm
PANEL_SOURCES := $(shell find extension -not -path '*/.*' -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
# Certificates as the system has them: some networks bring their own.
export UV_SYSTEM_CERTS := true
export NODE_OPTIONS := --use-system-ca
.DEFAULT_GOAL := help
.PHONY: help setup extension run check test browser compiler soak bench contract docs lock clean

help:  ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 12

.venv/uv.done: requirements/uv.txt
	@echo "Setting up .venv (about a minute the first time)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/packages.done: .venv/uv.done requirements/dev.txt pyproject.toml
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements/uv.txt requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/compiled.done: .venv/packages.done $(SOURCES)
	@$(BIN)/python -m compileall -q src
	@touch $@

setup: .venv/compiled.done  ## install everything into .venv

extension/node_modules/packages.done: extension/package-lock.json extension/.npmrc | .venv/packages.done
	@echo "Installing what the panel is built with"
	@$(NPM) ci --silent
	@touch $@

extension/dist/panel.done src/faultmaven/static/index.html &: extension/node_modules/packages.done $(PANEL_SOURCES)
	@echo "Building the panel: extension/dist/chromium, extension/dist/firefox, and the page the server serves"
	@$(NPM) run --silent build >dist.log 2>&1 || { cat dist.log; exit 1; }
	@rm -f extension/dist.log
	@touch extension/dist/panel.done src/faultmaven/static/index.html

extension: setup extension/dist/panel.done  ## build the panel: extension/dist/chromium, extension/dist/firefox, the served page

run: setup extension  ## start the server on http://127.0.0.1:8000 and print the link to it
	@exec $(BIN)/faultmaven serve

check: setup extension/node_modules/packages.done  ## the fast part of the tests: format, lint, types, layers, unit tests
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(PYTEST) tests/unit
	@$(NPM) run --silent check

test: check extension browser compiler  ## everything: check, integration, contract and end-to-end tests, on SQLite and on PostgreSQL
	@$(PYTEST) tests --ignore tests/unit
	@$(PYTEST) --database postgresql tests/faults/test_state_machine.py tests/faults/test_kills.py tests/unit/database tests/integration tests/contract

browser: setup  ## a Chromium for the tests: Debian's as root there, else Playwright's
	@bash tests/install-browser

compiler: setup  ## a C compiler for the tests of failing disks: Debian's gcc as root there
	@bash tests/install-compiler

soak: setup compiler  ## the fault tests for longer: make soak SECONDS=600
	@$(BIN)/python -m tests.faults.soak --seconds $(or $(SECONDS),600)

bench: setup extension browser  ## measure; the figures go to docs/performance.md
	@$(BIN)/python -m bench

contract: setup extension/node_modules/packages.done  ## write contract/openapi.json and the panel's types anew
	@$(BIN)/faultmaven contract > contract/openapi.json.new && mv contract/openapi.json.new contract/openapi.json
	@$(NPM) run --silent types

docs: setup  ## write the README's configuration table anew
	@$(BIN)/python docs/table.py

lock:  ## resolve the dependencies of pyproject.toml anew, with hashes
	$(eval COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11)
	$(COMPILE) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) pyproject.toml --group dev -c requirements/runtime.txt -o requirements/dev.txt

clean:  ## remove what set-up and the tests made here
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis .import_linter_cache build
	rm -rf extension/node_modules extension/dist extension/.wxt src/faultmaven/static

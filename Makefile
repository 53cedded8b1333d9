# Everything a person or a machine runs here. `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
SOURCES := $(shell find src -name '*.py' -o -name '*.yaml' 2>/dev/null)
.DEFAULT_GOAL := help
.PHONY: help setup run check test browser bench contract docs lock clean

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

run: setup  ## start the server on http://127.0.0.1:8000 and print the link to it
	@exec $(BIN)/faultmaven serve

check: setup  ## the fast part of the tests: format, lint, types, layers, unit tests
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest tests/unit

test: check browser  ## everything: check, integration, contract and end-to-end tests
	@$(BIN)/pytest tests --ignore tests/unit

browser: setup  ## a Chromium for the tests: Debian's as root there, else Playwright's
	@bash tests/install-browser

bench: setup  ## measure; the figures go to docs/performance.md
	@$(BIN)/python -m bench

contract: setup  ## write contract/openapi.json anew
	@$(BIN)/faultmaven contract > contract/openapi.json

docs: setup  ## write the README's configuration table anew
	@$(BIN)/python docs/table.py

lock:  ## resolve the dependencies of pyproject.toml anew, with hashes
	$(eval COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11)
	$(COMPILE) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) pyproject.toml --group dev -c requirements/runtime.txt -o requirements/dev.txt

clean:  ## remove what set-up and the tests made here
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis .import_linter_cache build

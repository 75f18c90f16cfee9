# Everything Amends needs is made here, from a fresh checkout; `make help` lists it.
# What is made leaves a stamp beside it, so that what is ready is not made twice.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

HOST ?= 127.0.0.1
PORT ?= 8000
PYTHON ?= python3
export PYTHON
# In the order of the folders: adapters and browsers first, whose few tests take long and mostly wait, so that the many
# short stories fill the gaps. By itself the file with the fewest tests, and so the longest of them, would come last.
PYTEST_ARGS ?= -n auto --dist loadfile --no-loadscope-reorder
BIN := .venv/bin
# By name, or else a virtual environment that happens to be active would be filled in place of ours.
# Compiled once, here: where Python may write no bytecode, every start would compile a thousand modules anew.
INSTALL := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python

ASSET_SOURCES := $(shell find templates/assets 2>/dev/null)

.PHONY: help setup run test check bench lock clean docs format system system-test dev data

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: system .venv/.ready service/static/manifest.json ## System libraries, environment and web assets

run: export AMENDS_DEMO := $(or $(AMENDS_DEMO),1)
run: setup data ## Set up what is missing and serve on HOST:PORT (127.0.0.1:8000), with demo data on the first start
	@exec $(BIN)/amends serve --host '$(HOST)' --port '$(PORT)'

test: setup dev system-test ## Set up what is missing and run everything that checks Amends
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@CHROMIUM="$$(.ci/browser)"; export CHROMIUM; $(BIN)/pytest -m 'not bench' $(PYTEST_ARGS)

check: setup dev ## Lint, types, import contracts, fast tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q -m 'not slow and not browser and not bench' $(PYTEST_ARGS)

format: dev ## Lay the code out, and mend what the linter can mend
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

bench: setup dev ## The benchmarks, with their table
	@$(BIN)/pytest -m bench -s -p no:xdist

docs: setup dev ## Write anew the reference pages that come from the code
	@$(BIN)/python docs/generate.py

lock: .venv/.uv ## Bring the locks in line with pyproject.toml and package.json (UPGRADE=1: newest of everything)
	@.ci/lock $(if $(UPGRADE),--upgrade)

clean: ## Remove what was made; the data in var/ stays
	rm -rf .venv node_modules service/static .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find service tests migrations -name __pycache__ -prune -exec rm -rf {} +

system:
	@.ci/system

system-test:
	@.ci/system test

# An interpreter that went away with a system upgrade leaves an environment that cannot start: made anew.
.venv/.uv: requirements-uv.txt | system
	@echo '· environment in .venv'
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@touch $@

.venv/.ready: .venv/.uv requirements.txt pyproject.toml
	@echo '· Python packages'
	@$(INSTALL) --require-hashes -r requirements.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

dev: .venv/.ready-dev

.venv/.ready-dev: .venv/.ready requirements-dev.txt
	@echo '· Python packages for the tests'
	@$(INSTALL) --require-hashes -r requirements-dev.txt
	@touch $@

# The environment first: on a machine without npm it is where Node comes from.
node_modules/.ready: package-lock.json .npmrc | .venv/.uv
	@.ci/node

service/static/manifest.json: .ci/assets node_modules/.ready $(ASSET_SOURCES)
	@$(BIN)/python .ci/assets

# On the embedded database a stamp says that schema and demo data are there, which saves two starts of Python;
# of any other database only the commands themselves can tell.
data: STAMP = var/.prepared-demo-$(AMENDS_DEMO)
data: setup
	@if [ -n "$${AMENDS_DATABASE_URL:-}" ] || [ ! -s var/amends.db ] || [ ! -f $(STAMP) ] \
	    || [ -n "$$(find migrations -name '*.py' -newer $(STAMP) -print -quit)" ]; then \
	    echo '· database'; \
	    $(BIN)/amends migrate; \
	    if [ "$(AMENDS_DEMO)" = 1 ]; then $(BIN)/amends seed --demo; fi; \
	    if [ -z "$${AMENDS_DATABASE_URL:-}" ]; then mkdir -p var; touch $(STAMP); fi; \
	fi

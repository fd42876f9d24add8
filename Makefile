# What developers do often. `make` alone lists it.

BIN := .venv/bin
UV ?= uv
COMPILE := $(UV) pip compile --no-config --quiet --universal --generate-hashes --no-annotate \
	--python-version 3.11 --custom-compile-command "make pins"

.DEFAULT_GOAL := help
.PHONY: help environment check static format formatted lint types imports docs tests seed pins upgrade

help: ## list the targets
	@sed -n 's/^\([a-z%-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

environment:
	@./setup dev

check: static docs tests ## everything that must hold: format, lint, types, imports, docs, tests

static: formatted lint types imports ## all that needs no running program

format: environment ## lay the code out anew and sort the imports
	$(BIN)/ruff check --fix --select I
	$(BIN)/ruff format

formatted: environment
	$(BIN)/ruff format --check

lint: environment ## ruff's rules
	$(BIN)/ruff check

types: environment ## mypy, strict
	$(BIN)/mypy

imports: environment ## who may import whom
	$(BIN)/lint-imports

docs: environment ## the documents and the example configuration agree with the code
	$(BIN)/python -m pytest --quiet tests/architecture

tests: ## the whole suite
	./test

seed: ## fill a database for trying out: make seed CONFIG=config.toml N=10000
	@test -n "$(CONFIG)" || { echo "which configuration? for example: make seed CONFIG=config.toml N=10000" >&2; exit 2; }
	@case "$(N)" in ""|*[!0-9]*) echo "how many? for example: make seed CONFIG=$(CONFIG) N=10000" >&2; exit 2;; esac
	@./setup dev
	$(BIN)/python bench/seed.py --config "$(CONFIG)" --number "$(N)"

bench-%: environment ## one benchmark: make bench-fanout ARGS="..."
	$(BIN)/python -m bench.$* $(ARGS)

pins: ## compile the pins anew from pyproject.toml; versions stay unless they must move
	@command -v $(UV) >/dev/null || { echo "uv is needed for this: install it, or name it: make pins UV=/path/to/uv" >&2; exit 2; }
	$(COMPILE) $(UPGRADE) --group build --output-file pins/build.txt
	$(COMPILE) $(UPGRADE) --extra pkcs11 --extra postgres --extra poster --extra web --output-file pins/run.txt pyproject.toml
	$(COMPILE) $(UPGRADE) --extra pkcs11 --extra postgres --extra poster --extra web --group dev --constraint pins/run.txt --output-file pins/dev.txt pyproject.toml

upgrade: ## compile the pins anew with the newest versions
	$(MAKE) pins UPGRADE=--upgrade

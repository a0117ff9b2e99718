# Every target does the set-up it needs. A fresh machine has git, make and Python 3.11 to 3.13 with venv; no uv.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# For two cores: a test waits for the programs it started about a third of its time.
JOBS ?= 3
ARGS ?=
# A folder of initdb and postgres, 15 to 18, that `make test` uses instead of the wheel's.
PG ?=

.DEFAULT_GOAL := help
.PHONY: help install demo test bench check soak lock clean

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

install: $(STAMP) ## Set up .venv, nothing else

$(STAMP): requirements/lock.txt pyproject.toml scripts/python.sh
	@python="$$(scripts/python.sh)" && { test -x $(BIN)/pip || "$$python" -m venv --clear $(VENV); }
	@echo "installing the locked packages into $(VENV)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements/lock.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: install ## A day of care on this machine (ARGS="--people 1000 --exit")
	@$(BIN)/rempart demo $(ARGS)

test: install ## The whole suite but the long ones
	@scripts/test-needs.sh
	@REMPART_POSTGRES_BIN="$(PG)" $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not soak" $(ARGS)

soak: install ## The long tests
	@scripts/test-needs.sh
	@REMPART_HYPOTHESIS=soak $(BIN)/python -m pytest -m soak $(ARGS)

bench: install ## Measure this machine
	@$(BIN)/rempart bench all $(ARGS)

check: install ## Lint, format, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict src
	@$(BIN)/lint-imports

lock: ## Make requirements/lock.txt again from pyproject.toml (needs the network; installs uv aside)
	@python="$$(scripts/python.sh)" && { test -x build/lock/bin/uv || { "$$python" -m venv build/lock && build/lock/bin/pip install --quiet uv; }; }
	@build/lock/bin/uv pip compile --quiet pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
		--custom-compile-command "make lock" $(ARGS) --output-file requirements/lock.txt

clean: ## Remove what the other targets made
	@rm -rf $(VENV) build var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# What a person types first. `make help` lists it.

PYTHON ?= python3
PIP_FLAGS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed  ## install, then walk the whole way on a real thermal recording
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash docs/demo/run.sh demo

test: $(VENV)/.installed-dev  ## install, then run every test with branch coverage
	$(BIN)/python -m pytest --cov --cov-branch

lint: $(VENV)/.installed-dev  ## format, ruff, mypy --strict, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev  ## measure speed, and with ../shared/data how well targets are followed
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/stages.py
	@if [ -d ../shared/data/svanstrom ]; then set -x; $(BIN)/python benchmarks/held_out.py --data ../shared/data/svanstrom; \
	else echo "no ../shared/data beside the checkout: without benchmarks/held_out.py"; fi

clean:  ## remove the environment, caches and what the demo made
	rm -rf $(VENV) demo .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

# torch first: later installs then find it and ask for no other.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@echo "installing into $(VENV), about a minute"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) torch
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@$(PIP) --editable '.[dev]'
	@touch $@

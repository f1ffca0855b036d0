# What a person types first. `make help` lists it.

PYTHON ?= python3
PIP_FLAGS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test chromium lint parity bench clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed  ## install, then walk the whole way on a real thermal recording
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash docs/demo/run.sh demo

test: $(VENV)/.installed-dev chromium  ## install, then run every test with branch coverage
	$(BIN)/python -m pytest --cov --cov-branch

# The review page is tested in it; without it those tests skip and say so.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } \
	>/dev/null 2>&1 || echo "chromium cannot be installed: without the tests of the review page"; \
	else echo "no chromium: without the tests of the review page (apt-get install chromium)"; fi; }

lint: $(VENV)/.installed-dev  ## format, ruff, mypy --strict, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

parity: $(VENV)/.installed-dev  ## compare scores with printed numbers, rgbt and got10k
	$(BIN)/python -m pytest -m "slow or not slow" tests/parity

bench: $(VENV)/.installed-bench  ## measure speed, and with ../shared/data what is found and how well
	$(BIN)/python -m benchmarks.engine
	$(BIN)/python -m benchmarks.stages
	$(BIN)/python -m benchmarks.fetch
	$(BIN)/python -m benchmarks.evaluation
	OMP_WAIT_POLICY=passive $(BIN)/python -m benchmarks.track
	@if [ -d ../shared/data/svanstrom ]; then set -x; \
	$(BIN)/python -m benchmarks.shots --data ../shared/data/svanstrom; \
	$(BIN)/python -m benchmarks.palette --frames 2 --every 4; \
	$(BIN)/python -m benchmarks.polarity --data ../shared/data --every 2; \
	$(BIN)/python -m benchmarks.overlay --data ../shared/data --planted 24; \
	$(BIN)/python -m benchmarks.tone ../shared/data/containers/cptv; \
	$(BIN)/python -m benchmarks.defects ../shared/data --every 3; \
	$(BIN)/python -m benchmarks.held_out --data ../shared/data/svanstrom; \
	else echo "no ../shared/data beside the checkout: without what needs its recordings"; fi

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

$(VENV)/.installed-bench: $(VENV)/.installed-dev
	@$(PIP) --editable '.[bench]'
	@touch $@

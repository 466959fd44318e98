# The verbs of the project. `make check` is what .ci/run runs, so CI cannot differ from a desk.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install run test check format lint types bench screens soak clean

help:            ## list the verbs
	@grep -hE '^[a-z-]+: .*##|^[a-z-]+:  *##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(STAMP) ## create the pinned development environment

$(STAMP): constraints.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: $(STAMP)    ## sink + realistic job traffic + viewer; quitting the viewer stops all
	@$(BIN)/ttsink demo

test: $(STAMP)   ## the whole suite
	$(BIN)/python -m pytest

format: $(STAMP) ## fail where the formatter would change a file
	$(BIN)/ruff format --check .

lint: $(STAMP)   ## ruff, every rule but the ones pyproject.toml gives a reason against
	$(BIN)/ruff check .

types: $(STAMP)  ## mypy, strict, tests too
	$(BIN)/mypy

check: format lint types test ## what CI runs

screens: $(STAMP) ## rewrite the golden screens and the pictures of the docs; shows what changed
	PYTHONPATH=tests $(BIN)/python -m support.golden
	PYTHONPATH=tests $(BIN)/python -m support.keys_page

bench: $(STAMP)  ## every bench at small sizes, some minutes; docs/performance.md has the full ones
	PYTHONPATH=tests $(BIN)/python -m bench

soak: $(STAMP)   ## the long forms: a flood of a million records, 20 kills, the canary
	PYTHONPATH=tests $(BIN)/python tests/bench/soak_flood.py
	PYTHONPATH=tests $(BIN)/python tests/bench/soak_crash.py
	PYTHONPATH=tests $(BIN)/python tests/bench/bench_canary.py

clean:           ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

# What a developer types. Each target works on a fresh machine with Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
# Where this is set, each of the processes that tests start would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test check bench sbom licences lock
help:  ## say what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: .venv/setup-done  ## everything that the other targets need, into .venv

demo: .venv/run-done  ## the whole product with sample data, on http://localhost:8000
	$(BIN)/dashboard demo

test: setup  ## all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests --ignore tests/benchmarks

check: setup  ## format, lint, types, import order, templates, dead and unused dependencies, licences
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/deptry .
	$(BIN)/vulture
	@$(MAKE) --no-print-directory licences >/dev/null

sbom: setup  ## what runs, as a CycloneDX file in build/, without the network
	$(BIN)/python sbom.py

licences: setup  ## the licence of everything that runs; fails on one that pyproject.toml does not allow
	@$(BIN)/pip-licenses --packages $$(sed -nE 's/^([a-z0-9._-]+)(\[[a-z,]+\])?==.*/\1/p' requirements.lock)

bench: setup  ## the benchmarks, each printing its ratio
	$(BIN)/python -m tests.benchmarks

lock: $(UV)  ## pin every dependency again, with hashes and without addresses
	$(UV) pip compile pyproject.toml --universal --generate-hashes --no-header --no-emit-index-url --upgrade -q -o requirements.lock
	$(UV) pip compile pyproject.toml --group dev --universal --generate-hashes --no-header --no-emit-index-url --upgrade -q -o requirements-dev.lock

$(UV):
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet uv==$(UV_VERSION)

.venv/run-done: $(UV) requirements.lock pyproject.toml hatch_build.py package-lock.json
	$(UV) pip install --quiet --require-hashes -r requirements.lock
	$(UV) pip install --quiet --no-deps --reinstall-package smile-partner-desk -e .
	touch $@

.venv/setup-done: .venv/run-done requirements-dev.lock
	$(UV) pip install --quiet --require-hashes -r requirements-dev.lock
	touch $@

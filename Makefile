# The developer's commands. Each target works on a fresh machine with Python 3.11 or newer.
# The system's own Python if it is new enough and complete: distributions compile it with optimization, version managers
# often do not, and then each test takes a tenth more.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo /usr/bin/python3 || echo python3)
BIN := .venv/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
# If this is set, every process that tests start compiles every module again.
unexport PYTHONDONTWRITEBYTECODE

# Only our own rules; nothing is downloaded and nothing is reported.
SEMGREP := SEMGREP_SETTINGS_FILE=.venv-semgrep/settings.yml .venv-semgrep/bin/semgrep scan --metrics off --disable-version-check
SEMGREP_RULES := tests/security/semgrep
NOT_SECRETS := tests/security/not_secrets.py
NOT_SECRETS_FILTERS := $(foreach name,is_picture is_published_vector is_sentence is_placeholder is_alphabet is_made_up,--filter file://$(NOT_SECRETS)::$(name))

.PHONY: help setup demo test day check docs-check screenshots bench sbom licences lock
help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: .venv/setup-done  ## install everything that the other targets need into .venv

demo: .venv/run-done  ## run the whole product with sample data on http://localhost:8000
	$(BIN)/dashboard demo

test: setup  ## run all tests; a failed browser or integration test is run once more, alone
	$(BIN)/python -m tests

day: setup  ## play half an hour of an operator's day in a browser; DAY_MINUTES=3 for less
	$(BIN)/python -m tests -n 0 tests/browser/day

check: setup .venv-semgrep/setup-done  ## check format, lint, types, import order, templates, dead code, dependencies, licences, documents, security rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/deptry .
	$(BIN)/vulture
	@$(MAKE) --no-print-directory licences >/dev/null
	$(BIN)/python -m docs.check
	$(BIN)/bandit --quiet --recursive --severity-level medium dashboard
	@echo detect-secrets-hook: all our files, except what $(NOT_SECRETS) explains
	@$(BIN)/detect-secrets-hook --no-verify $(NOT_SECRETS_FILTERS) \
		$$(find dashboard templates static/js static/css tests docs .ci Makefile *.py *.toml *.json *.md -type f -not -name '*.pyc' -not -name '*.png')
	$(SEMGREP) --quiet --error --config $(SEMGREP_RULES)/desk.yaml dashboard templates
	$(SEMGREP) --test --quiet --config $(SEMGREP_RULES) $(SEMGREP_RULES)

docs-check: setup  ## fail on what the documents name and the product does not have
	$(BIN)/python -m docs.check

screenshots: setup  ## run the demo in a temporary folder and take the screenshots of the README
	$(BIN)/python -m docs.screenshots

sbom: setup  ## list all dependencies in a CycloneDX file in build/, without the network
	$(BIN)/python sbom.py

licences: setup  ## show the licences of all dependencies; fails on one that pyproject.toml does not allow
	@$(BIN)/pip-licenses --packages $$(sed -nE 's/^([a-z0-9._-]+)(\[[a-z,]+\])?==.*/\1/p' requirements.lock)

bench: setup  ## run the benchmarks; each prints its ratio
	$(BIN)/python -m tests.benchmarks

lock: $(UV)  ## pin every dependency again, with hashes and without addresses
	$(UV) pip compile pyproject.toml --universal --generate-hashes --no-header --no-emit-index-url --upgrade -q -o requirements.lock
	$(UV) pip compile pyproject.toml --group dev --universal --generate-hashes --no-header --no-emit-index-url --upgrade -q -o requirements-dev.lock
	$(UV) pip compile requirements-semgrep.in --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --upgrade -q -o requirements-semgrep.lock

$(UV):
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet uv==$(UV_VERSION)

# Of Tabler's stylesheet the build keeps what templates and scripts name.
.venv/run-done: $(UV) requirements.lock pyproject.toml hatch_build.py package-lock.json $(shell find templates static/js -name '*.html' -o -name '*.js')
	$(UV) pip install --quiet --require-hashes -r requirements.lock
	$(UV) pip install --quiet --no-deps --reinstall-package smile-partner-desk -e .
	touch $@

.venv/setup-done: .venv/run-done requirements-dev.lock
	$(UV) pip install --quiet --require-hashes -r requirements-dev.lock
	touch $@

# A separate environment, since semgrep needs older versions of our libraries; only `check` uses it.
.venv-semgrep/setup-done: $(UV) requirements-semgrep.lock
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv-semgrep
	$(UV) pip install --quiet --python .venv-semgrep --require-hashes -r requirements-semgrep.lock
	touch $@

# What newcomers, developers and CI run. It needs Python 3.11 or newer, pip and make.
#   make setup PYTHON=python3.12        another Python
#   make test PYTEST_ARGS='-n 2 -x'     more arguments for pytest
#   make lock LOCK_ARGS=--upgrade       newer versions of everything

BIN := .venv/bin
READY := .venv/.renkei-ready
PYTEST_ARGS ?=
LOCK_ARGS ?=

PIP_INSTALL := install -qq --no-input --disable-pip-version-check

# The lock must not depend on the settings of the machine that makes it.
COMPILE := env -u UV_DEFAULT_INDEX -u UV_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL \
	-u UV_FIND_LINKS $(BIN)/uv --no-config pip compile pyproject.toml --quiet --universal \
	--python-version 3.11 --generate-hashes --no-header --no-annotate $(LOCK_ARGS)

LOCALE := engine/renkei/locale

.PHONY: help setup demo test test-long check format coverage lock i18n build clean

help: ## show the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## make .venv, or bring it up to date with the lock

$(READY): pyproject.toml requirements/dev.txt
	@if ! $(BIN)/python -c '' 2>/dev/null; then \
	  for python in $(or $(PYTHON),python3.11 python3) none; do \
	    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	  done; \
	  if [ "$$python" = none ]; then \
	    echo "renkei needs Python 3.11 or newer; none found as: $(or $(PYTHON),python3.11 python3)." >&2; \
	    echo "Install it, or name it: make setup PYTHON=/path/to/python" >&2; \
	    exit 1; \
	  fi; \
	  echo "Making .venv with $$($$python --version)"; \
	  $$python -m venv --clear .venv >/dev/null 2>&1 || \
	    $$python -m venv --clear --without-pip .venv; \
	fi
	@echo "Installing the locked packages and renkei (up to a minute the first time)"
	@pip="$(BIN)/python -m pip"; \
	$$pip --version >/dev/null 2>&1 || \
	  pip="$$($(BIN)/python -c 'import sys; print(sys._base_executable)') -m pip --python $(BIN)/python"; \
	$$pip $(PIP_INSTALL) --require-hashes --only-binary :all: -r requirements/dev.txt && \
	$$pip $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "Ready: $(BIN)/renkei"

demo: setup ## show renkei at work, with invented people on this machine
	$(BIN)/renkei demo

test: check ## all checks, then the tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-long: setup ## the tests that take long
	$(BIN)/python -m pytest -m long $(PYTEST_ARGS)

check: setup ## style, format, types, layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## correct what ruff can correct
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

coverage: setup ## run the tests and show the lines they miss
	$(BIN)/coverage run -m pytest $(PYTEST_ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lock: setup ## write requirements/*.txt anew from pyproject.toml
	$(COMPILE) --group dev --output-file requirements/dev.txt
	$(COMPILE) --constraints requirements/dev.txt --output-file requirements/core.txt

i18n: setup ## collect the texts of the sources, merge them into the catalogues, compile
	$(BIN)/pybabel --quiet extract --project renkei --copyright-holder 'the renkei authors' \
	  --keywords '_ N_ ngettext:1,2' \
	  --add-location file --sort-by-file --output-file .venv/renkei.pot engine connectors runner
	$(BIN)/pybabel --quiet update --domain renkei --input-file .venv/renkei.pot \
	  --output-dir $(LOCALE) --locale ja --init-missing --ignore-obsolete \
	  --ignore-pot-creation-date
	$(BIN)/pybabel compile --domain renkei --directory $(LOCALE) --statistics

build: setup ## write sdist and wheel to dist/
	$(BIN)/python -m build --no-isolation

clean: ## remove what the tools left behind; .venv stays
	rm -rf dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache \
	  .pytest_cache .ruff_cache
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

# What newcomers, developers and CI run. It needs Python 3.11 or newer, pip and make.
#   make setup PYTHON=python3.12        another Python
#   make test PYTEST_ARGS='-n 2 -x'     more arguments for pytest
#   make lock LOCK_ARGS=--upgrade       newer versions of everything

BIN := .venv/bin
READY := .venv/.renkei-ready
PYTEST_ARGS ?= -n auto --maxprocesses 4 --dist worksteal
LOCK_ARGS ?=

# Every process that a test starts would compile renkei and the tests anew: a quarter of a minute.
unexport PYTHONDONTWRITEBYTECODE

PIP_INSTALL := install -qq --no-input --disable-pip-version-check

# The lock must not depend on the settings of the machine that makes it.
COMPILE := env -u UV_DEFAULT_INDEX -u UV_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL \
	-u UV_FIND_LINKS $(BIN)/uv --no-config pip compile pyproject.toml --quiet --universal \
	--python-version 3.11 --generate-hashes --no-header --no-annotate $(LOCK_ARGS)

# What a server may need, for deploy/Containerfile.
SERVICE := cluster metrics notify oauth oidc postgres xlsx

# What starts processes, waits for sockets, or plays whole syncs by the dozen is left to `make test`.
SLOW := $(addprefix tests/runner/test_,signals.py encodings.py connector.py) \
	$(addprefix tests/engine/test_,agreement.py alerts.py answers.py apply.py audit.py batches.py \
	  budgets.py choose.py companies.py company_list.py day_limits.py expected.py flight.py \
	  http_decode.py http_sockets.py mapping_translate.py newfile.py oauth.py old_plans.py \
	  owner.py plain.py retention.py runs.py safety.py schedules.py scope.py stamps.py store.py \
	  store_gone.py store_kept.py store_moves.py store_server.py vault.py whose.py whose_fault.py)

LOCALE := engine/renkei/locale

.PHONY: help setup demo demo-cluster demo-web browser postgres collected test test-fast test-long test-bugs bench bench-scale check format coverage lock \
	i18n docs screenshots build clean

help: ## show the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## make .venv, or bring it up to date with the lock

# The lock is whole, so nothing is left for pip to resolve: that of Python 3.11 stumbles over extras.
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
	$$pip $(PIP_INSTALL) --no-compile --require-hashes --only-binary :all: --no-deps -r requirements/dev.txt && \
	$$pip $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@# What pip would do on one processor; some packages have templates that are no Python.
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib || true
	@touch $@
	@echo "Ready: $(BIN)/renkei"

demo: setup ## show renkei at work, with invented people on this machine
	$(BIN)/renkei demo

demo-cluster: setup ## twenty companies, two workers on one PostgreSQL, and one of them is killed
	$(BIN)/renkei demo --cluster

demo-web: setup ## the same people in the dashboard, for a browser
	$(BIN)/renkei demo --web

# The shell without windows does with half of the processor's time.
browser: # the tests of the dashboard need one; where it cannot be installed they are skipped
	@if ! command -v chromium-headless-shell && [ "$$(id -u)" = 0 ] && command -v apt-get; then \
	  echo "Installing a browser and Japanese fonts" >&2; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  apt-get update -qq; \
	  for browser in chromium-headless-shell chromium; do \
	    apt-get install -qq -y --no-install-recommends $$browser fonts-noto-cjk && break; \
	  done; \
	fi >/dev/null || echo "No browser could be installed." >&2

# after the browser: the system's packages are installed one at a time
postgres: setup browser # the tests of the store need a server: that of a locked wheel, or the system's
	@if ! $(BIN)/python -m tests.postgres >/dev/null 2>&1; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get; then \
	    echo "Installing postgresql" >&2; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	      apt-get install -qq -y --no-install-recommends postgresql; \
	  fi; \
	fi >/dev/null || echo "No PostgreSQL could be installed: its tests will fail." >&2

test: setup ## all checks, then the tests (how long each takes: CONTRIBUTING.md)
	@$(MAKE) --no-print-directory --jobs check browser postgres collected
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# Every worker of pytest would rewrite all changed tests anew; one does it while types are checked.
collected: .venv/.collected
.venv/.collected: $(READY) $(shell find tests -name '*.py')
	@$(BIN)/python -m pytest $(PYTEST_ARGS) -n 0 --collect-only -qq >/dev/null 2>&1 || true
	@touch $@

test-fast: setup ## the tests of the edit cycle: no browser, no processes, no samples
	$(BIN)/python -m pytest -m 'not long and not sampled' $(PYTEST_ARGS) $(addprefix --ignore ,$(SLOW)) \
	  tests/engine tests/connectors tests/mappings tests/runner

test-long: setup browser postgres ## the tests that take long, and all of what `make test` samples
	RENKEI_TESTS=all $(BIN)/python -m pytest -m 'long or sampled' $(PYTEST_ARGS)

test-bugs: setup ## plant known bugs, and show which test catches each
	$(BIN)/python -m tests.bugs

bench: setup ## measure renkei beside scripts for the same work, write docs/performance.md: five minutes of an idle machine
	$(BIN)/python -m bench

bench-scale: setup ## measure a thousand companies at one o'clock, for docs/scale.md: half an hour of an idle machine
	$(BIN)/python -m bench.scale

check: setup ## style, format, types, layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## correct what ruff can correct
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

coverage: setup browser postgres ## run the tests and show the lines they miss
	$(BIN)/coverage run -m pytest $(PYTEST_ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lock: setup ## write requirements/*.txt anew from pyproject.toml
	$(COMPILE) --all-extras --group dev --output-file requirements/dev.txt
	$(COMPILE) --constraints requirements/dev.txt --output-file requirements/core.txt
	$(COMPILE) --constraints requirements/dev.txt $(addprefix --extra ,$(SERVICE)) \
	  --output-file requirements/service.txt

i18n: setup ## collect the texts of the sources and of click, merge them, compile
	click=$$($(BIN)/python -c 'import click, os; print(os.path.dirname(click.__file__))'); \
	$(BIN)/pybabel --quiet extract --mapping-file pyproject.toml \
	  --project renkei --copyright-holder 'the renkei authors' --keywords '_ N_' \
	  --add-location file --sort-by-file --output-file .venv/renkei.pot \
	  engine connectors runner web "$$click"
	sed -i.before 's#[^ ]*/site-packages/click/#click/#g' .venv/renkei.pot
	$(BIN)/pybabel --quiet update --domain renkei --input-file .venv/renkei.pot \
	  --output-dir $(LOCALE) --locale ja --init-missing --ignore-obsolete \
	  --ignore-pot-creation-date
	$(BIN)/pybabel compile --domain renkei --directory $(LOCALE) --statistics

docs: setup ## write anew what pages and lists say about the code: tests, codes, connectors
	$(BIN)/python -m tests.docs.write

screenshots: setup browser ## take the pictures of docs/images anew, in both languages
	$(BIN)/python -m tests.web.screenshots

build: setup ## write sdist and wheel to dist/
	$(BIN)/python -m build --no-isolation

clean: ## remove what the tools left behind; .venv stays
	rm -rf dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache \
	  .pytest_cache .ruff_cache
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

# Needs Python 3.11 or newer (with venv) and make; everything else comes from requirements.lock.
#
#   make check   set up .venv once, then prove and check every claim
#   make test    the same, then the quick tests       make deep   the larger scopes
#   make lint    format, lint, types                  make bench  how fast, on this machine
#   make docs    rewrite the generated blocks         make lock   pin the dependencies anew
#   make clean   remove what the above left behind

# The first of these that is new enough is used. Name another with make PYTHON=...
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq

# Hundreds of processes are started by the tests; each would compile the sources anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: check test deep lint bench docs lock clean

check: .venv/.ready
	@$(BIN)/ffq prove
	@$(BIN)/ffq check
	@echo "See what breaks without which protection, step by step: $(BIN)/ffq browse"

test: check
	@$(BIN)/pytest -n auto --dist worksteal

deep: .venv/.ready
	@$(BIN)/pytest -n auto --dist worksteal -m deep --durations 25

lint: .venv/.ready
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy

bench: .venv/.ready
	@$(BIN)/ffq bench

docs: .venv/.ready
	@$(BIN)/ffq docs --write

# Make an empty environment in $(1) with the first Python that is new enough.
define venv
@for python in $(PYTHON); do \
    if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
        echo "setting up $(1) with $$($$python --version)"; \
        exec $$python -m venv --clear $(1); \
    fi; \
done; \
set -- $(PYTHON); \
echo "error: Python 3.11 or newer is needed, and $$1 is $$($$1 --version 2>/dev/null || \
    echo missing); name another with make PYTHON=..." >&2; \
exit 1
endef

# Two stamps: the lock fills the environment (slow), pyproject.toml installs the project (quick).
.venv/.locked: requirements.lock
	$(call venv,.venv)
	@$(PIP) install --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

# The locked hatchling builds it, so nothing outside the lock is fetched.
.venv/.ready: .venv/.locked pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# Keeps the pins that still fit; make lock UPGRADE=--upgrade takes the newest.
UPGRADE ?=
lock:
	$(call venv,.venv/lock)
	@.venv/lock/bin/python -m pip --disable-pip-version-check --no-input -qq install uv==0.13.9
	@.venv/lock/bin/uv --no-config pip compile pyproject.toml --all-extras $(UPGRADE) \
	    --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --annotation-style line --custom-compile-command "make lock" \
	    --quiet --output-file requirements.lock
	@rm -rf .venv/lock

clean:
	@rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	@find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

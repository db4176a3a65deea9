# `make run` and `make test` do all of their own set-up. Everything lands in .venv and .backscroll.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8080
DATA_DIR ?= .backscroll
MINUTES ?= 5
SEED ?= 1
CASES ?= 100
KUBERNETES ?= 1.34
VENV := .venv
BIN := $(VENV)/bin
# Compiled when it is imported: most of what is installed never is.
INSTALL := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-compile
BANDIT := $(BIN)/bandit --quiet --configfile pyproject.toml --recursive backscroll web worker

# Compiled once, whatever the machine says: each of many processes starts the sooner.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run test check audit chaos outage fuzz bench bench-check sdk-matrix docs manifests lock clean
help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.run ## install what it needs to run, from the lock file
run: $(VENV)/.run ## start everything on this machine (HOST=, PORT=, DATA_DIR=)
	@exec $(BIN)/backscroll up --host $(HOST) --port $(PORT) --data-dir $(DATA_DIR)

test: $(VENV)/.dev ## the whole suite, on its own Redis, web and workers
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder # on two cores: most of a test waits for processes

check: $(VENV)/.dev ## lint, types, import contracts, known weaknesses
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BANDIT)
	@$(BIN)/python -m tests.audit --patience 8

audit: $(VENV)/.dev ## known weaknesses: in the code, and in what it depends on
	$(BANDIT)
	@$(BIN)/python -m tests.audit

chaos: $(VENV)/.dev ## kill, pause and restart everything for a while, and check that nothing is lost (MINUTES=, SEED=)
	@$(BIN)/python -m tests.chaos --minutes $(MINUTES) --seed $(SEED)

outage: $(VENV)/.dev ## keep clients talking while the history store and the broker go away and come back
	@$(BIN)/python -m tests.outage

bench: $(VENV)/.dev ## how fast it is, against the limit and what one would take instead; wants a quiet machine
	@$(BIN)/python -m bench

bench-check: $(VENV)/.dev ## the same, and fail where a goal is missed by more than noise explains
	@$(BIN)/python -m bench --check

fuzz: $(VENV)/.dev ## thousands of requests made up from the served OpenAPI; every answer has to be in it (CASES=, SEED=)
	@$(BIN)/python -m tests.fuzz --cases $(CASES) --seed $(SEED)

sdk-matrix: $(VENV)/.dev ## the adapter's tests on the oldest promised google-genai, one between and the newest
	@$(BIN)/python -m tests.sdk.matrix

docs: $(VENV)/.docs ## the pages of docs/ as a site, in site/; a broken link or anchor fails
	@$(BIN)/sphinx-build -b html --quiet --fail-on-warning --keep-going --fresh-env docs site
	@echo "open site/index.html"

manifests: $(VENV)/.docs ## hold deploy/kubernetes against the schemas of Kubernetes
	@$(BIN)/kubernetes-validate --strict --kubernetes-version $(KUBERNETES) deploy/kubernetes/base/[!k]*.yaml

lock: $(VENV)/.dev ## pin what pyproject.toml asks for
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header --group build -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header --group build --group dev -c requirements.lock -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header --group docs -c requirements-dev.lock -o requirements-docs.lock

clean: ## remove what the set-up installed; conversations stay
	rm -rf $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Backscroll needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing into $(VENV) from requirements.lock"
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "installing what the tests need from requirements-dev.lock"
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.docs: requirements-docs.lock $(VENV)/.run
	@echo "installing what the pages need from requirements-docs.lock"
	@$(INSTALL) --require-hashes -r requirements-docs.lock
	@touch $@

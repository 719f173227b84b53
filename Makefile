# `make run` and `make test` do all set-up. Everything is installed into .venv; outside this folder only the Debian packages that
# tests need (PostgreSQL, Mosquitto, Chromium), if you are allowed to install them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
# Many tests wait for timers and other processes, so there are three workers for two cores.
WORKERS ?= $(shell expr $$(nproc) \* 3 / 2 \| 1)
# Tests start the program hundreds of times: without its compiled files each start would take a second longer.
export PYTHONDONTWRITEBYTECODE =

.PHONY: run test check bench clean agent

run: $(VENV)/server
	@$(BIN)/musterroll demo $(ARGS)

test: $(VENV)/dev
	@sh tests/prepare.sh
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(ARGS)

check: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev
	@sh tests/prepare.sh
	$(BIN)/python -m tests.bench $(ARGS)

# The agent as a single file that needs only Python on the device.
agent: $(VENV)/server
	@rm -rf .cache/agent && mkdir -p .cache/agent
	@cp -R agent/musterroll_wire agent/musterroll_agent .cache/agent/
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-compile --target .cache/agent 'paho-mqtt>=2.1,<3'
	$(BIN)/python -m zipapp .cache/agent -o musterroll-agent.pyz -m musterroll_agent.cli:main -p "/usr/bin/env python3" -c

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.pyz
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Musterroll needs Python 3.11 or newer; set PYTHON=..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); sh tests/prepare.sh python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/server: $(BIN)/pip pyproject.toml
	@echo "Installing Musterroll into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[server]'
	@touch $@

$(VENV)/dev: $(BIN)/pip pyproject.toml
	@echo "Installing Musterroll and its test dependencies into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[server,dev]'
	@touch $@ $(VENV)/server

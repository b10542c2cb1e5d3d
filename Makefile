# Every target sets up what it needs: python3 (3.11 or later) with venv, and make, are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev

.PHONY: run test test-slow check accuracy bench screenshots tour format clean

run: $(READY)  ## open the app (the text report without a terminal)
	@$(BIN)/whatfits $(ARGS)

test: $(READY_DEV)  ## all tests but those that take minutes or tmux
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not slow" $(ARGS)

test-slow: $(READY_DEV)  ## long fuzzing, and the app in tmux
	HYPOTHESIS_PROFILE=chance $(BIN)/python -m pytest -q -n auto --dist worksteal -m slow $(ARGS)

check: $(READY_DEV)  ## what must pass before a change goes in
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not slow" $(ARGS)

format: $(READY_DEV)  ## put the code into its usual form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

accuracy: $(READY_DEV)  ## predictions beside published logs and runs, by regime
	$(BIN)/python -m tests.accuracy
	$(BIN)/python -m tests.accuracy.latency

bench: $(READY_DEV)  ## how fast, as ratios
	$(BIN)/python -m tests.benchmarks $(ARGS)

screenshots: $(READY_DEV)  ## pictures of the app for the README
	$(BIN)/python -m tui.screenshots screenshots

tour: $(READY_DEV)  ## a short film of the app for the README
	$(BIN)/python -m tui.tour screenshots/tour.svg

clean:  ## remove what was built
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "whatfits needs Python 3.11 or later")'
	@$(PYTHON) -m venv $(VENV)

$(READY): pyproject.toml $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(READY_DEV): pyproject.toml $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@

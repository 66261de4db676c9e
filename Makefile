# Each target sets up what it needs by itself. `make help` lists them.
VENV ?= .venv
PYTHON ?= python3
RUN := $(VENV)/bin/python -m
# Gigabytes that a full installation takes at its widest moment (torch brings its GPU libraries).
DISK := 8

.DEFAULT_GOAL := help
.PHONY: help setup demo test peers check clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1|/' | awk -F'|' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: setup ## teach with SimCLR, BYOL and VICReg on drawn shapes, and compare: a table and a page, in minutes
	$(VENV)/bin/selftaught compare simclr byol vicreg --data shapes --jobs 2 --out runs/demo

test: $(VENV)/.tested ## all tests, on all cores
	OMP_NUM_THREADS=1 $(RUN) pytest --numprocesses auto

peers: $(VENV)/.peers ## our losses against those of Lightly, which is installed for it; its steps run beside ours
	OMP_NUM_THREADS=1 $(RUN) pytest tests/golden/test_peers.py tests/unit/benchmarking/test_beside.py

check: $(VENV)/.tested ## format, lint, types, and the direction of imports
	$(RUN) ruff format --check src tests
	$(RUN) ruff check src tests
	$(RUN) mypy
	$(VENV)/bin/lint-imports

setup: $(VENV)/.installed ## the environment, with the package in it

# A stamp is touched last, so that an interrupted installation is repaired by the next call.
$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Selftaught needs Python 3.11 or newer, and '$(PYTHON)' is older or missing: make PYTHON=python3.12 ..."; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "This Python has no venv or ensurepip; on Debian and Ubuntu: apt install python3-venv"; exit 2; }
	@test $$(df -Pk . | awk 'NR == 2 {print int($$4 / 1048576)}') -ge $(DISK) || test -e $(VENV)/bin/pip || \
	  { echo "The installation needs about $(DISK) GB of free disk here; make room or give VENV=/another/disk/venv"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --disable-pip-version-check --compile --editable .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(RUN) pip install --quiet --disable-pip-version-check --compile --editable '.[test]'
	@touch $@

$(VENV)/.peers: $(VENV)/.tested
	$(RUN) pip install --quiet --disable-pip-version-check --compile --editable '.[peers]'
	@touch $@

clean: ## remove the environment and caches; runs/ is left alone
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

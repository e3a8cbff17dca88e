# Everything a clone needs. The first target that needs it creates .venv and installs the package;
# later ones install again only if setup.cfg or pyproject.toml have changed.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
TORCH ?= torch==2.13.0
BIN := $(VENV)/bin

.PHONY: help run test bench lint dev clean

help:                                  ## show these targets
	@grep -E '^[a-z]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 8

run: $(VENV)/.installed                ## check the headline claims of all core papers: figures and report in results/
	$(BIN)/groktheory check core --scale quick

test: $(VENV)/.installed-test          ## run the tests
	$(BIN)/python -m pytest -n 2

bench: $(VENV)/.installed-bench        ## measure our speed against PyTorch's, in the same run
	JAXTYPING_DISABLE=1 $(BIN)/python -m pytest tests/benchmarks -m benchmark -s

lint: $(VENV)/.installed-dev           ## style, types and import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports

dev: $(VENV)/.installed-dev            ## editable install with all extras; lets editors see the package

clean:                                 ## remove the environment, caches and build products
	rm -rf $(VENV) .dev build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "groktheory needs Python 3.11 or newer: make PYTHON=/path/to/python")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-test: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-bench: $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '$(TORCH)'
	@touch $@

# the link .dev/groktheory shows pyright the package, whose folder may have any name
$(VENV)/.installed-dev: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dask,slurm,test,dev]'
	mkdir -p .dev && ln -sfn .. .dev/groktheory
	@touch $@ $(VENV)/.installed-test $(VENV)/.installed

# One command each: make demo | test | lint | bench | docs | torture | clean. Each sets up what it needs in .venv (Python 3.11+).

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
DEMO := firth-demo
BENCH := firth-bench
FILE ?= $(FIRTH_DATA)/corpora/enwiki-100mb.txt.gz

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs torture clean

help:
	@echo 'make demo   train word vectors, picture and report them (in $(DEMO)/; RESUME=1 goes on after a stop)'
	@echo 'make test   run every test'
	@echo 'make lint   ruff and mypy --strict'
	@echo 'make bench  Firth beside gensim on FILE=text.txt.gz (in $(BENCH)/; OPTIONS="--threads 2" adds options)'
	@echo 'make docs   the documentation, in site/: open site/index.html'
	@echo 'make torture  break Firth on purpose: kills, full disks, flipped bits, wrong options (SEED=1; half an hour)'
	@echo 'make clean  remove what the others made'

# Each stamp is made again when pyproject.toml changes. pip's --group needs pip 25.1.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo 'Firth needs Python 3.11 or newer: install it, or name it with  make PYTHON=/path/to/python' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	@echo 'setting up $(VENV) (once)'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lab]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo 'setting up $(VENV) (once)'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lab,proofs,zh,cluster]' --group dev
	@touch $@

$(VENV)/.bench: pyproject.toml | $(BIN)/python
	@echo 'setting up $(VENV) (once)'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group bench
	@touch $@

demo: $(VENV)/.demo
	$(BIN)/firth demo --out $(DEMO) $(if $(RESUME),--resume)

test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.bench
	$(BIN)/firth bench '$(FILE)' --out $(BENCH) $(OPTIONS)

docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

torture: $(VENV)/.dev
	PYTHONPATH=tests $(BIN)/python -m torture --seed $(or $(SEED),1)

clean:
	rm -rf $(VENV) $(DEMO) $(BENCH) site build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

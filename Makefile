# Every verb sets up what it needs. `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

# What a person may give: make up DATA=path PORT=8081 BUNDLE=folder
DATA ?=
PORT ?= 8080
BUNDLE ?=
CHAMPION ?=
FIRST_RUN ?=
PARAMS ?= training/params.yaml
TRIALS ?= 30
export DATA

PYTHON ?= python3
UV := .tools/uv/bin/uv
RUN := .venv/bin/python
SOURCE := $(if $(DATA),--data '$(DATA)')
TRAINING := $(RUN) -m training

export UV_PROJECT_ENVIRONMENT := .venv

.PHONY: help up down data train gate evaluate tune report mlflow inspect check test bench bench-all lint types clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: .venv/.locked ## Data to served prediction, in one command (DATA=, PORT=, BUNDLE=)
	@$(TRAINING) up $(SOURCE) --params '$(PARAMS)' --port '$(PORT)' $(if $(BUNDLE),--bundle '$(BUNDLE)')

down: .venv/.locked ## Stop what `make up` started
	@$(TRAINING) down

data: .venv/.locked ## Get the data and check every row
	@$(TRAINING) data $(SOURCE)

train: .venv/.locked ## Train a candidate and package it in artifacts/candidate
	@$(TRAINING) train $(SOURCE) --params '$(PARAMS)'

gate: .venv/.locked ## Judge the candidate against the champion (CHAMPION=, FIRST_RUN=1)
	@$(TRAINING) gate $(SOURCE) --params '$(PARAMS)' $(if $(CHAMPION),--champion '$(CHAMPION)') $(if $(FIRST_RUN),--first-run)

evaluate: .venv/.locked ## Cross-validation and holdouts, beside rule and linear model
	@$(TRAINING) evaluate $(SOURCE) --params '$(PARAMS)'

tune: .venv/.locked ## Search for better parameters, resumable (TRIALS=)
	@$(TRAINING) tune $(SOURCE) --params '$(PARAMS)' --trials '$(TRIALS)'

inspect: .venv/.locked ## Verify a bundle and show what is in it (BUNDLE=)
	@$(TRAINING) inspect $(if $(BUNDLE),'$(BUNDLE)')

report: .venv/.locked ## Show the gate's last report
	@$(TRAINING) report

mlflow: .venv/.locked ## Open the page of all runs on http://127.0.0.1:5000
	@.venv/bin/mlflow server --host 127.0.0.1 --port 5000 --workers 1 \
	  --backend-store-uri "$${MLFLOW_TRACKING_URI:-sqlite:///artifacts/mlflow.db}"

check: lint types .tools/.packages ## The fast checks, in under two minutes
	@$(RUN) -m pytest -q -n 2 -m 'not slow'

test: lint types .tools/.packages ## Everything that is promised, as CI runs it
	@$(RUN) -m pytest -q -n 2

bench: .venv/.locked .tools/.packages ## The predictor beside its best peer and the ceilings, in five minutes
	@LATHE_UV=$(UV) $(RUN) -m bench run --short

bench-all: .venv/.locked .tools/.packages ## The predictor beside every peer
	@LATHE_UV=$(UV) $(RUN) -m bench run --all

lint: .venv/.locked ## Style and format
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .

types: .venv/.locked ## Types, strictly
	@.venv/bin/mypy --no-error-summary

clean: ## Remove what was made, not what was installed
	rm -rf artifacts .mypy_cache .pytest_cache .ruff_cache

# The environment is exactly what uv.lock says; the mark is younger than both while that holds.
.venv/.locked: uv.lock pyproject.toml | $(UV)
	@echo 'Installing what uv.lock says into .venv …'
	@$(UV) sync --quiet --locked
	@touch $@

.tools/.packages: .ci/packages.txt .ci/install-packages
	@.ci/install-packages
	@mkdir -p $(@D) && touch $@

$(UV): .ci/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(f"error: python3 is {sys.version.split()[0]}, expected 3.11 or later; give PYTHON=") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv .tools/uv || { echo 'error: python3 has no venv module; on Debian: apt-get install python3-venv' >&2; exit 2; }
	@.tools/uv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

# Every verb sets up what it needs. `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

# What a person may give: make up DATA=path PORT=8081 BUNDLE=folder
DATA ?=
DATASET ?=
PORT ?= 8080
BUNDLE ?=
CHAMPION ?=
REPORT ?=
FIRST_RUN ?=
PARAMS ?= training/params.yaml
TRIALS ?= 30
TESTS ?=
TIMES ?= 10
BUSY ?=
NUMBER ?=
RUN_ID ?=
COMMIT ?=
INPUTS ?=
IMAGE ?=
export DATA DATASET NUMBER RUN_ID COMMIT INPUTS IMAGE

WORKFLOWS ?=
A ?= test
B ?= prod-eks
KUBECONFIG ?= $(HOME)/.kube/config
E2E ?=
REHEARSAL ?=

PYTHON ?= python3
UV := .tools/uv/bin/uv
RUN := .venv/bin/python
SOURCE := $(if $(DATA),--data "$$DATA") $(if $(DATASET),--dataset "$$DATASET")
TRAINING := $(RUN) -m training
RELEASE := $(RUN) -m release
REVIEW := $(RUN) -m review
TOOLS := .tools/bin/kustomize .tools/checkov/.installed

export UV_PROJECT_ENVIRONMENT := .venv

.PHONY: help up down data pin train gate evaluate tune plants report mlflow inspect image render diff status minikube minikube-down e2e \
  champion touches-model judge summary sbom comment decide record approved image-main read-dispatch retrain-pull security workflows \
  release check-tag publish verify announce bump promote check-pull rollback history champion-alias release-rehearsal \
  check test check-pythons repeat bench bench-all experiments screenshots lint types clean

help: ## Show this list
	@awk -F ':.*## ' '/^##@ / {print "\n" substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ A model

up: .venv/.locked ## Data to served prediction, in one command (DATA=, DATASET=, PORT=, BUNDLE=)
	@$(TRAINING) up $(SOURCE) --params '$(PARAMS)' --port '$(PORT)' $(if $(BUNDLE),--bundle '$(BUNDLE)')

down: .venv/.locked ## Stop what `make up` started
	@$(TRAINING) down

data: .venv/.locked ## Get the data and check every row
	@$(TRAINING) data $(SOURCE)

pin: .venv/.locked ## Name new data in training/pins, as a pull request proposes it (DATA=)
	@$(TRAINING) pin --data "$$DATA" $(if $(DATASET),--dataset "$$DATASET")

train: .venv/.locked ## Train a candidate and package it in artifacts/candidate
	@$(TRAINING) train $(SOURCE) --params '$(PARAMS)'

gate: .venv/.locked ## Judge the candidate against the champion (CHAMPION=, FIRST_RUN=1)
	@$(TRAINING) gate $(SOURCE) --params '$(PARAMS)' $(if $(CHAMPION),--champion '$(CHAMPION)') $(if $(FIRST_RUN),--first-run)

evaluate: .venv/.locked ## Cross-validation and holdouts, beside rule and linear model
	@$(TRAINING) evaluate $(SOURCE) --params '$(PARAMS)'

tune: .venv/.locked ## Search for better parameters, resumable (TRIALS=)
	@$(TRAINING) tune $(SOURCE) --params '$(PARAMS)' --trials '$(TRIALS)'

plants: .venv/.locked ## Bad candidates that somebody could send, and what the gate says of each (DATA=)
	@DATA="$$DATA" $(RUN) -m tests.training.plants

inspect: .venv/.locked ## Verify a bundle and show what is in it (BUNDLE=)
	@$(TRAINING) inspect $(if $(BUNDLE),'$(BUNDLE)')

report: .venv/.locked ## Show the gate's last report
	@$(TRAINING) report

mlflow: .venv/.locked ## Open MLflow's page of all runs and models on http://127.0.0.1:5000
	@$(TRAINING) mlflow

##@ On a cluster

image: .venv/.locked ## Build the image of the served bundle (BUNDLE=, REPORT=, BASE_IMAGE=)
	@$(RELEASE) image $(if $(BUNDLE),--bundle '$(BUNDLE)') $(if $(REPORT),--report '$(REPORT)') $(if $(BASE_IMAGE),--base '$(BASE_IMAGE)')

render: .venv/.locked $(TOOLS) ## Show what every overlay renders, without a cluster
	@$(RELEASE) render

diff: .venv/.locked $(TOOLS) ## Show what differs between two overlays or revisions (A=, B=)
	@$(RELEASE) diff '$(A)' '$(B)' || [ $$? = 1 ]

status: .venv/.locked $(TOOLS) ## Show per environment what should run, what runs, and how it is (FETCH=1 asks the remote first)
	@$(RELEASE) status $(if $(FETCH),--fetch)

minikube: .venv/.locked $(TOOLS) ## Build the image into minikube, apply it, and print the URL
	@.ci/minikube up

minikube-down: ## Remove what `make minikube` applied
	@.ci/minikube down

e2e: .venv/.locked .tools/bin/cosign $(TOOLS) ## Tell the whole story on a cluster with Argo CD (KUBECONFIG=, E2E=options)
	@KUBECONFIG='$(KUBECONFIG)' $(RUN) -m tests.e2e $(E2E)

##@ Lathe itself

security: .venv/.locked .tools/.packages $(TOOLS) ## Workflows, secrets of the whole history, shell scripts, Python
	@$(RUN) -m tests.workflows.security

workflows: .venv/.locked $(TOOLS) ## Run the workflows whole, on this machine (WORKFLOWS=options)
	@$(RUN) -m tests.workflows $(WORKFLOWS)

check: lint types .tools/.packages .tools/bin/cosign $(TOOLS) ## The fast checks, in under two minutes
	@$(RUN) -m pytest -q -n 2 -m 'not slow' $(TESTS)

test: lint types .tools/.packages .tools/bin/cosign $(TOOLS) ## Everything that is promised, as CI runs it
	@$(RUN) -m pytest -q -n 2 $(TESTS)

check-pythons: lint .tools/.packages .tools/bin/cosign $(TOOLS) ## Types and the fast checks with each promised Python (TESTS=)
	@TESTS='$(TESTS)' .ci/check-pythons

repeat: .venv/.locked .tools/.packages .tools/bin/cosign $(TOOLS) ## The fast checks again and again, to the first failure (TIMES=, BUSY=1)
	@TIMES='$(TIMES)' BUSY='$(BUSY)' .ci/repeat -m 'not slow' $(TESTS)

bench: .venv/.locked .tools/.packages ## The predictor beside its best peer and the ceilings, in five minutes
	@LATHE_UV=$(UV) $(RUN) -m bench run --short

bench-all: .venv/.locked .tools/.packages ## The predictor beside every peer
	@LATHE_UV=$(UV) $(RUN) -m bench run --all

experiments: .venv/.locked .tools/.packages ## Restarts, overload, slow clients, damage: the predictor beside its peers
	@LATHE_UV=$(UV) $(RUN) -m bench experiment

screenshots: .venv/.locked .tools/.packages ## Pictures of the page for the documents (BUNDLE=)
	@$(RUN) -m tests.app.predictor.page.screenshots $(if $(BUNDLE),--bundle '$(BUNDLE)')

lint: .venv/.locked ## Style and format
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .

types: .venv/.locked ## Types, strictly
	@.venv/bin/mypy --no-error-summary

clean: ## Remove what was made, not what was installed
	rm -rf artifacts .mypy_cache .pytest_cache .ruff_cache

# The rest of the verbs, and what all of them need.
include .ci/release.mk .ci/steps.mk .ci/tools.mk

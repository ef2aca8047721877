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
REPORT ?=
FIRST_RUN ?=
PARAMS ?= training/params.yaml
TRIALS ?= 30
TESTS ?=
NUMBER ?=
RUN_ID ?=
COMMIT ?=
INPUTS ?=
IMAGE ?=
export DATA NUMBER RUN_ID COMMIT INPUTS IMAGE

WORKFLOWS ?=
A ?= test
B ?= prod-eks
KUBECONFIG ?= $(HOME)/.kube/config
E2E ?=

PYTHON ?= python3
UV := .tools/uv/bin/uv
RUN := .venv/bin/python
SOURCE := $(if $(DATA),--data "$$DATA")
TRAINING := $(RUN) -m training
RELEASE := $(RUN) -m release
REVIEW := $(RUN) -m review
TOOLS := .tools/bin/kustomize .tools/checkov/.installed

export UV_PROJECT_ENVIRONMENT := .venv

.PHONY: help up down data pin train gate evaluate tune report mlflow inspect image render diff status minikube minikube-down e2e \
  champion touches-model judge summary sbom comment decide record approved image-main read-dispatch retrain-pull security workflows \
  check test bench bench-all experiments lint types clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: .venv/.locked ## Data to served prediction, in one command (DATA=, PORT=, BUNDLE=)
	@$(TRAINING) up $(SOURCE) --params '$(PARAMS)' --port '$(PORT)' $(if $(BUNDLE),--bundle '$(BUNDLE)')

down: .venv/.locked ## Stop what `make up` started
	@$(TRAINING) down

data: .venv/.locked ## Get the data and check every row
	@$(TRAINING) data $(SOURCE)

pin: .venv/.locked ## Name new data in training/pins, as a pull request proposes it (DATA=)
	@$(TRAINING) pin --data "$$DATA"

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

image: .venv/.locked ## Build the image of the served bundle (BUNDLE=, REPORT=, BASE_IMAGE=)
	@$(RELEASE) image $(if $(BUNDLE),--bundle '$(BUNDLE)') $(if $(REPORT),--report '$(REPORT)') $(if $(BASE_IMAGE),--base '$(BASE_IMAGE)')

render: .venv/.locked $(TOOLS) ## Show what every overlay renders, without a cluster
	@$(RELEASE) render

diff: .venv/.locked $(TOOLS) ## Show what differs between two overlays or revisions (A=, B=)
	@$(RELEASE) diff '$(A)' '$(B)' || [ $$? = 1 ]

status: .venv/.locked $(TOOLS) ## Show per environment what should run, what runs, and how it is
	@$(RELEASE) status

minikube: .venv/.locked $(TOOLS) ## Build the image into minikube, apply it, and print the URL
	@.ci/minikube up

minikube-down: ## Remove what `make minikube` applied
	@.ci/minikube down

e2e: .venv/.locked $(TOOLS) ## Tell the whole story on a cluster with Argo CD (KUBECONFIG=, E2E=options)
	@KUBECONFIG='$(KUBECONFIG)' $(RUN) -m tests.e2e $(E2E)

# Steps of the workflows; on a laptop most need GITHUB_TOKEN= and GITHUB_REPOSITORY=.
champion: .venv/.locked ## Fetch and verify the latest release's bundle into artifacts/champion
	@$(REVIEW) champion --out artifacts/champion

touches-model: ## Whether the last merge changes what a model is made from
	@$(PYTHON) -m review.touched

# the gate's 1 and 3 are verdicts, for `make decide` to act on; anything else that goes wrong leaves no report
judge: .venv/.locked ## Train and judge as a pull request does (CHAMPION=, FIRST_RUN=1)
	@rm -rf artifacts/gate
	@$(TRAINING) train $(SOURCE) --params '$(PARAMS)'
	@$(TRAINING) gate $(SOURCE) --params '$(PARAMS)' \
	  $(if $(FIRST_RUN),--first-run,--champion '$(or $(CHAMPION),artifacts/champion)') || [[ $$? = [13] ]]
	@test -s artifacts/gate/report.json

summary: .venv/.locked ## Write the report where the job shows it, else to the terminal
	@$(REVIEW) comment --summary

sbom: .venv/.locked ## List what the predictor's image installs, as CycloneDX
	@mkdir -p artifacts
	@$(UV) export --quiet --locked --no-default-groups --group predictor --preview-features sbom-export \
	  --format cyclonedx1.5 --output-file artifacts/sbom.cdx.json >/dev/null

comment: .venv/.locked ## Post the report on a pull request (NUMBER=, or RUN_ID= of another run)
	@$(REVIEW) comment $(if $(RUN_ID),--run-id "$$RUN_ID",--number "$$NUMBER")

decide: .venv/.locked ## Go on, stop, or wait for a person's name (NUMBER=)
	@$(REVIEW) decide $(if $(NUMBER),--number "$$NUMBER")

record: .venv/.locked ## Bind tree, bundle and report once the environment is open (NUMBER=)
	@$(REVIEW) record --number "$$NUMBER"

approved: .venv/.locked ## Fetch the bundle that was approved for main's model (COMMIT=, INPUTS=)
	@commit=$${COMMIT:-$$($(RUN) -m review.touched --last HEAD)}; \
	  $(REVIEW) find-approved --out artifacts/approved --commit "$$commit" $(if $(INPUTS),--inputs "$$INPUTS")

image-main: .venv/.locked ## Build and push the image of the approved bundle (IMAGE=, IMAGE_BUILDER=)
	@$(RELEASE) image --bundle artifacts/approved/bundle --report artifacts/approved/report.json \
	  --approval artifacts/approved/approval.json --tag "$$IMAGE"
	@$${IMAGE_BUILDER:-docker} push "$$IMAGE"

read-dispatch: .venv/.locked ## Check what asks for a retraining before anything is done
	@$(REVIEW) read-dispatch

retrain-pull: .venv/.locked ## Push the moved pin and open or update its one pull request
	@.ci/retrain-pull

security: .venv/.locked .tools/.packages $(TOOLS) ## Workflows, secrets of the whole history, shell scripts, Python
	@$(RUN) -m tests.workflows.security

workflows: .venv/.locked $(TOOLS) ## Run the workflows whole, on this machine (WORKFLOWS=options)
	@$(RUN) -m tests.workflows $(WORKFLOWS)

check: lint types .tools/.packages $(TOOLS) ## The fast checks, in under two minutes
	@$(RUN) -m pytest -q -n 2 -m 'not slow' $(TESTS)

test: lint types .tools/.packages $(TOOLS) ## Everything that is promised, as CI runs it
	@$(RUN) -m pytest -q -n 2 $(TESTS)

bench: .venv/.locked .tools/.packages ## The predictor beside its best peer and the ceilings, in five minutes
	@LATHE_UV=$(UV) $(RUN) -m bench run --short

bench-all: .venv/.locked .tools/.packages ## The predictor beside every peer
	@LATHE_UV=$(UV) $(RUN) -m bench run --all

experiments: .venv/.locked .tools/.packages ## Restarts, overload, slow clients, damage: the predictor beside its peers
	@LATHE_UV=$(UV) $(RUN) -m bench experiment

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

# Programs of Go modules, by their checksums; Go itself is the lock file's where the machine has none.
.tools/bin/kustomize: .ci/go/go.mod .ci/go/go.sum .ci/go/applications/main.go | .venv/.locked
	@echo 'Building what .ci/go names into .tools/bin …'
	@CGO_ENABLED=0 GOBIN='$(CURDIR)/.tools/bin' GOFLAGS=-buildvcs=false .venv/bin/go -C .ci/go install -trimpath tool ./applications
	@touch $@

# Its dependencies would not agree with ours, so it has an environment of its own.
.tools/checkov/.installed: .ci/checkov.txt | .venv/.locked $(UV)
	@$(UV) venv --quiet --clear --python .venv/bin/python .tools/checkov
	@$(UV) pip install --quiet --python .tools/checkov/bin/python --require-hashes --requirement $<
	@touch $@

$(UV): .ci/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(f"error: python3 is {sys.version.split()[0]}, expected 3.11 or later; give PYTHON=") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv .tools/uv || { echo 'error: python3 has no venv module; on Debian: apt-get install python3-venv' >&2; exit 2; }
	@.tools/uv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

# Every verb installs what it needs. `make help` lists the usual ones, `make help-all` lists them all.
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
LOG ?= artifacts/predictions
URL ?= http://127.0.0.1:8080
RATE ?= 100
SECONDS := 60
HOURS ?=
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
PROMETHEUS ?= http://127.0.0.1:9090
GRAFANA_URL ?=
PULLS ?=
CANARY ?=
WATCH ?=
REHEARSAL ?=
MUTANTS ?=

PYTHON ?= python3
UV := .tools/uv/bin/uv
RUN := .venv/bin/python
SOURCE := $(if $(DATA),--data "$$DATA") $(if $(DATASET),--dataset "$$DATASET")
TRAINING := $(RUN) -m training
RELEASE := $(RUN) -m release
REVIEW := $(RUN) -m review
TOOLS := .tools/bin/kustomize .tools/checkov/.installed

# What `make help` shows, in this order.
USUAL := up down train gate report watch minikube status release promote rollback check test

export UV_PROJECT_ENVIRONMENT := .venv
# without bytecode each of the many processes of a test run compiles all of its modules again
unexport PYTHONDONTWRITEBYTECODE

VIEWER := .tools/viewer/page/viewer.js
# what `make up` serves, else the candidate that is trained for it
WATCHED = $(or $(BUNDLE),$(if $(wildcard artifacts/bundle/bundle.json),artifacts/bundle,artifacts/candidate))

.PHONY: rules help help-all up down data pin train gate evaluate tune plants report mlflow inspect image render diff status minikube minikube-down e2e \
  champion touches-model judge summary sbom comment decide record approved image-main read-dispatch retrain-pull security workflows \
  release check-tag publish verify announce bump promote check-pull rollback history champion-alias release-rehearsal \
  watch dashboards dashboards-write marks check test check-pythons repeat mutants bench bench-all experiments screenshots screenshots-dashboards lint types clean

help: ## Show the verbs that most people need
	@awk -v usual='$(USUAL)' -F ':.*## ' '/^[a-z0-9-]+:.*## / {text[$$1] = $$2} \
	  END {count = split(usual, names, " "); for (i = 1; i <= count; i++) printf "  make %-17s %s\n", names[i], text[names[i]]; \
	  print "\n  make help-all          Show every verb, with those of releases and of the workflows"}' $(MAKEFILE_LIST)

help-all: ## Show every verb
	@awk -F ':.*## ' '/^##@ / {print "\n" substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ A model

up: .venv/.locked ## Train a model if anything changed, and serve it (DATA=, DATASET=, PORT=, BUNDLE=)
	@$(TRAINING) up $(SOURCE) --params '$(PARAMS)' --port '$(PORT)' $(if $(BUNDLE),--bundle '$(BUNDLE)')

down: .venv/.locked ## Stop the predictor that `make up` started
	@$(TRAINING) down

data: .venv/.locked ## Download or generate the training data and validate every row (DATA=, DATASET=)
	@$(TRAINING) data $(SOURCE)

pin: .venv/.locked ## Write the digest of new training data to training/pins, for a pull request (DATA=)
	@$(TRAINING) pin --data "$$DATA" $(if $(DATASET),--dataset "$$DATASET")

train: .venv/.locked ## Train a candidate model and package it in artifacts/candidate (DATA=, PARAMS=)
	@$(TRAINING) train $(SOURCE) --params '$(PARAMS)'

gate: .venv/.locked ## Compare the candidate with the champion and pass or fail it (CHAMPION=, FIRST_RUN=1)
	@$(TRAINING) gate $(SOURCE) --params '$(PARAMS)' $(if $(CHAMPION),--champion '$(CHAMPION)') $(if $(FIRST_RUN),--first-run)

evaluate: .venv/.locked ## Cross-validate the model beside a rule and a linear model
	@$(TRAINING) evaluate $(SOURCE) --params '$(PARAMS)'

tune: .venv/.locked ## Search for better hyperparameters; an interrupted search goes on (TRIALS=)
	@$(TRAINING) tune $(SOURCE) --params '$(PARAMS)' --trials '$(TRIALS)'

plants: .venv/.locked ## Train deliberately bad candidates and show which checks of the gate fail them (DATA=)
	@DATA="$$DATA" $(RUN) -m tests.training.plants

inspect: .venv/.locked ## Verify the checksums of a bundle and show its contents (BUNDLE=)
	@$(TRAINING) inspect $(if $(BUNDLE),'$(BUNDLE)')

report: .venv/.locked ## Show the gate's last report
	@$(TRAINING) report

mlflow: .venv/.locked ## Start the MLflow UI with all runs and models on http://127.0.0.1:5000
	@$(TRAINING) mlflow

##@ On a cluster

image: .venv/.locked ## Build the container image of the served bundle (BUNDLE=, REPORT=, BASE_IMAGE=)
	@$(RELEASE) image $(if $(BUNDLE),--bundle '$(BUNDLE)') $(if $(REPORT),--report '$(REPORT)') $(if $(BASE_IMAGE),--base '$(BASE_IMAGE)')

render: .venv/.locked $(TOOLS) ## Render the Kubernetes manifests of every overlay, without a cluster
	@$(RELEASE) render

diff: .venv/.locked $(TOOLS) ## Show the difference between two rendered overlays or revisions (A=, B=)
	@$(RELEASE) diff '$(A)' '$(B)' || [ $$? = 1 ]

status: .venv/.locked $(TOOLS) ## Show version, quality and health of every environment (FETCH=1 fetches first)
	@$(RELEASE) status $(if $(FETCH),--fetch)

minikube: .venv/.locked $(TOOLS) ## Build the image, deploy it to minikube and print its URL
	@.ci/minikube up

minikube-down: ## Delete what `make minikube` deployed
	@.ci/minikube down

e2e: .venv/.locked .tools/bin/cosign $(TOOLS) ## Run the end-to-end tests on a cluster with Argo CD (KUBECONFIG=, E2E=options)
	@KUBECONFIG='$(KUBECONFIG)' $(RUN) -m tests.e2e $(E2E)

##@ Watching

.PHONY: monitor load
monitor: .venv/.locked ## Report drift, data quality and outcomes of logged predictions with Evidently (LOG=, BUNDLE=, HOURS=)
	@$(RUN) -m app.monitor report --log '$(LOG)' $(if $(BUNDLE),--bundle '$(BUNDLE)') $(if $(HOURS),--hours '$(HOURS)')

load: .venv/.locked ## Send rows at a steady rate and judge the answers by objectives.yaml (URL=, RATE=, SECONDS=, DATA=)
	@$(RUN) -m app.monitor load --url '$(URL)' --rate '$(RATE)' --seconds '$(SECONDS)' $(if $(DATA),--data "$$DATA")

rules: .venv/.locked ## Write Prometheus' rules and alerts anew from objectives.yaml and the dataset files
	@$(RUN) -m app.monitor rules

watch: .venv/.locked $(VIEWER) artifacts/dashboards/marks.json artifacts/watch/rows.csv ## Serve and watch a model here, with traffic and dashboards (BUNDLE=, CANARY=, WATCH=options)
	@[ -e '$(WATCHED)/bundle.json' ] || { $(TRAINING) train $(SOURCE) --params '$(PARAMS)' && $(TRAINING) gate --first-run $(SOURCE) --params '$(PARAMS)'; }
	@$(RUN) -m app.monitor.watch --bundle '$(WATCHED)' --rows artifacts/watch/rows.csv --marks artifacts/dashboards/marks.json \
	  $$([ ! -e artifacts/gate/report.json ] || echo --gate-report artifacts/gate/report.json) $(if $(CANARY),--canary '$(CANARY)') $(WATCH)

artifacts/watch/rows.csv: | .venv/.locked
	@mkdir -p $(@D) && $(TRAINING) data $(SOURCE) --output $@ >/dev/null

dashboards: .venv/.locked $(VIEWER) artifacts/dashboards/marks.json ## Show Grafana's dashboards as pages on this machine (PROMETHEUS=url, PORT=0)
	@$(RUN) -m app.monitor.viewer --prometheus '$(PROMETHEUS)' --marks artifacts/dashboards/marks.json --port $(if $(filter-out file default,$(origin PORT)),'$(PORT)',0)

dashboards-write: .venv/.locked ## Write Grafana's dashboards from their code to gitops/components/monitoring
	@$(RUN) -m app.monitor.dashboards

marks: .venv/.locked ## Write releases, and retrainings of PULLS=file, into Grafana as annotations (GRAFANA_URL=)
	@mkdir -p artifacts/dashboards && $(RELEASE) history --all --json >artifacts/dashboards/history.json
	@$(RUN) -m app.monitor.annotations --history artifacts/dashboards/history.json $(if $(PULLS),--pulls '$(PULLS)') \
	  --grafana '$(or $(GRAFANA_URL),$(error give GRAFANA_URL=https://grafana.your.company))'

##@ Lathe itself

security: .venv/.locked .tools/.packages $(TOOLS) ## Scan the workflows, the Git history for secrets, the shell scripts and the Python code
	@$(RUN) -m tests.workflows.security

workflows: .venv/.locked $(TOOLS) ## Run the GitHub workflows on this machine, against a local GitHub (WORKFLOWS=options)
	@$(RUN) -m tests.workflows $(WORKFLOWS)

# what needs Debian's packages, root or namespaces is skipped with its reason where they are not there
check: lint types .tools/bin/kustomize ## Run linter, type checker and the fast tests; needs no root (TESTS=)
	@$(RUN) -m pytest -q -n 2 --dist worksteal --hypothesis-profile=check -m 'not slow' $(TESTS)

test: lint types .tools/.packages .tools/bin/cosign .tools/viewer/.installed $(TOOLS) ## Run linter, type checker and all tests, as CI does (TESTS=)
	@LATHE_EVERY_TEST=1 $(RUN) -m pytest -q -n 2 $(TESTS)

check-pythons: lint .tools/bin/kustomize ## Run type checker and fast tests with each supported Python version (TESTS=)
	@TESTS='$(TESTS)' .ci/check-pythons

repeat: .venv/.locked .tools/bin/kustomize ## Run the fast tests again and again, until one fails (TIMES=, BUSY=1, TESTS=)
	@TIMES='$(TIMES)' BUSY='$(BUSY)' .ci/repeat -m 'not slow' $(TESTS)

mutants: .venv/.locked .tools/bin/kustomize ## Change one place of the code that decides, and show what no test notices (MUTANTS=options)
	@$(RUN) -m tests.mutants $(MUTANTS)

bench: .venv/.locked .tools/.packages ## Benchmark the predictor against the fastest other model server, in five minutes
	@LATHE_UV=$(UV) $(RUN) -m bench run --short

bench-all: .venv/.locked .tools/.packages ## Benchmark the predictor against every other model server
	@LATHE_UV=$(UV) $(RUN) -m bench run --all

experiments: .venv/.locked .tools/.packages ## Compare restarts, overload, slow clients and damaged files with other model servers
	@LATHE_UV=$(UV) $(RUN) -m bench experiment

screenshots: .venv/.locked .tools/.packages ## Take the screenshots of the web page for the documentation (BUNDLE=)
	@$(RUN) -m tests.app.predictor.page.screenshots $(if $(BUNDLE),--bundle '$(BUNDLE)')

screenshots-dashboards: .venv/.locked .tools/.packages $(VIEWER) ## Take the screenshots of the dashboards for the documentation, in ten minutes
	@$(RUN) -m tests.app.monitor.screenshots

lint: .venv/.locked ## Check style and format of the Python code
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .

types: .venv/.locked ## Check the types of the Python code
	@$(RUN) -m mypy --no-error-summary

clean: ## Delete build results and caches, and keep what was installed
	rm -rf artifacts .mypy_cache .pytest_cache .ruff_cache

# The rest of the verbs, and what all of them need.
include .ci/release.mk .ci/cloud.mk .ci/steps.mk .ci/tools.mk

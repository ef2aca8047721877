# The clouds: what stands around the roots of Terraform. CLOUD is eks or gke, ENV is test or prod.

CLOUD ?=
ENV ?=
DESTROY ?=
SETTINGS ?=
ROOTS ?=
export CLOUD ENV
CLOUDS := $(RUN) -m terraform.verbs

##@ A cloud

.PHONY: cloud-destroy
cloud-destroy: .venv/.locked ## Take an environment down, what its controllers made first (CLOUD=eks, ENV=test, DESTROY=options)
	@$(CLOUDS) destroy --cloud "$${CLOUD:?give CLOUD=eks or gke}" --env "$${ENV:?give ENV=test or prod}" $(DESTROY)

.PHONY: cloud-settings
cloud-settings: .venv/.locked ## Write a root's outputs where the repository and GitHub read them (CLOUD=eks, ENV=prod, SETTINGS=options)
	@$(CLOUDS) settings --cloud "$${CLOUD:?give CLOUD=eks or gke}" --env "$${ENV:?give ENV=test or prod}" $(SETTINGS)

.PHONY: cloud-rehearsal
cloud-rehearsal: .venv/.locked ## Play a cloud's whole life on this machine, from its first apply to a destroy (REHEARSAL=options)
	@$(RUN) -m tests.terraform.rehearsal $(REHEARSAL)

# what a training job is given: JOB holds further options of the verb
NAME ?=
FOLLOW ?=
TRANSFER_IMAGE ?=
JOB ?=
export NAME
TRAIN_JOB = $(CLOUDS) train-job $(if $(NAME),--name "$$NAME") $(if $(FOLLOW),--follow,--image "$$IMAGE" --data "$$DATA" $(if $(CHAMPION),--champion '$(CHAMPION)') $(if $(FIRST_RUN),--first-run)) $(JOB)

.PHONY: train-vertex train-eks
train-vertex: .venv/.locked ## Train on Vertex AI with the training image (IMAGE=, DATA=, CHAMPION=, FIRST_RUN=1, NAME=, FOLLOW=1)
	@$(TRAIN_JOB) --on vertex

train-eks: .venv/.locked ## Train on EKS's training nodes (IMAGE=, TRANSFER_IMAGE=, DATA=, CHAMPION=, FIRST_RUN=1, NAME=, FOLLOW=1)
	@$(TRAIN_JOB) --on eks $(if $(TRANSFER_IMAGE),--transfer-image '$(TRANSFER_IMAGE)')
.PHONY: terraform
terraform: .venv/.locked .tools/bin/tflint .tools/checkov/.installed ## Check every root of Terraform without a cloud: format, schema, rules, tests (ROOTS=eks)
	@$(RUN) -m tests.terraform.checks $(ROOTS)

.PHONY: cost
cost: .venv/.locked ## Show what the environments cost a month by list prices, and what would change it (CLOUD=, ENV=)
	@$(CLOUDS) cost $(if $(CLOUD),--cloud "$$CLOUD") $(if $(ENV),--env "$$ENV")

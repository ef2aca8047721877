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

.PHONY: cloud-plan cloud-apply cloud-costs cloud-comment cloud-summary cloud-drift
cloud-plan: .venv/.locked ## Plan an environment and save the plan, with LATHE_CLOUD_STATE=bucket=… (CLOUD=, ENV=)
	@$(CLOUDS) plan --environment "$${LATHE_CLOUD_ENVIRONMENT:-$${CLOUD:?give CLOUD=eks}-$${ENV:?give ENV=test}}"

cloud-apply: .venv/.locked ## Apply the saved plan of an environment, while main is what was planned (CLOUD=, ENV=)
	@.ci/with-token $(CLOUDS) apply --environment "$${LATHE_CLOUD_ENVIRONMENT:-$${CLOUD:?give CLOUD=eks}-$${ENV:?give ENV=test}}"

cloud-costs: .venv/.locked ## Write what the environments cost, now and at another revision, as JSON (BASE=origin/main)
	@$(CLOUDS) cost --json artifacts/cloud/costs.json --base "$${BASE:-origin/main}"

cloud-summary: .venv/.locked ## Write saved plans and costs to the job summary, or to the terminal
	@$(REVIEW) cloud-comment --folder artifacts/cloud

cloud-comment: .venv/.locked ## Post saved plans and costs as one comment on a pull request (NUMBER=)
	@$(REVIEW) cloud-comment --folder artifacts/cloud --number "$${NUMBER:?give NUMBER=}"

cloud-drift: .venv/.locked ## Open, update or close the issue on what in the clouds differs from main
	@$(REVIEW) cloud-drift --folder artifacts/cloud

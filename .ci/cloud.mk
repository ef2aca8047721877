# The clouds: what stands around the roots of Terraform. CLOUD is eks or gke, ENV is test or prod.

CLOUD ?=
ENV ?=
DESTROY ?=
SETTINGS ?=
export CLOUD ENV
CLOUDS := $(RUN) -m terraform.verbs

##@ A cloud

.PHONY: cloud-destroy
cloud-destroy: .venv/.locked ## Take an environment down, what its controllers made first (CLOUD=eks, ENV=test, DESTROY=options)
	@$(CLOUDS) destroy --cloud "$${CLOUD:?give CLOUD=eks or gke}" --env "$${ENV:?give ENV=test or prod}" $(DESTROY)

.PHONY: cloud-settings
cloud-settings: .venv/.locked ## Write a root's outputs where the repository and GitHub read them (CLOUD=eks, ENV=prod, SETTINGS=options)
	@$(CLOUDS) settings --cloud "$${CLOUD:?give CLOUD=eks or gke}" --env "$${ENV:?give ENV=test or prod}" $(SETTINGS)

# The clouds: what stands around the roots of Terraform. CLOUD is eks or gke, ENV is test or prod.

CLOUD ?=
ENV ?=
export CLOUD ENV
CLOUDS := $(RUN) -m terraform.verbs

##@ A cloud

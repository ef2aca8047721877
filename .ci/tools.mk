# What the verbs need, installed here, pinned.

# The environment is exactly what uv.lock says; the mark is younger than both while that holds.
.venv/.locked: uv.lock pyproject.toml | $(UV)
	@echo 'Installing what uv.lock says into .venv …'
	@$(PYTHON) .ci/check-python
	@$(UV) sync --quiet --locked --compile-bytecode --python '$(PYTHON)'
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
	@$(PYTHON) .ci/check-python
	@$(PYTHON) -m venv .tools/uv || { echo 'error: python3 has no venv module; on Debian: apt-get install python3-venv' >&2; exit 2; }
	@.tools/uv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

# Of modules of their own: what signs images needs other versions of half of Go's world.
.tools/bin/cosign: .ci/registry/go.mod .ci/registry/go.sum | .venv/.locked
	@echo 'Building what .ci/registry names into .tools/bin, some minutes …'
	@CGO_ENABLED=0 GOBIN='$(CURDIR)/.tools/bin' GOFLAGS=-buildvcs=false .venv/bin/go -C .ci/registry install -trimpath tool
	@touch $@

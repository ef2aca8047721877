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

# A linter of Terraform, of a module of its own: four minutes of processor, so `make terraform` alone waits for it.
.tools/bin/tflint: .ci/tflint/go.mod .ci/tflint/go.sum | .venv/.locked
	@echo 'Building what .ci/tflint names into .tools/bin, some minutes …'
	@CGO_ENABLED=0 GOBIN='$(CURDIR)/.tools/bin' GOFLAGS=-buildvcs=false .venv/bin/go -C .ci/tflint install -trimpath tool
	@touch $@

# Grafana's components, as package-lock.json pins them; no package's own script is run.
.tools/viewer/.installed: app/monitor/viewer/package.json app/monitor/viewer/package-lock.json
	@command -v npm >/dev/null || { echo 'error: npm is not on the path; install Node.js 20 or later with it' >&2; exit 2; }
	@echo 'Installing what app/monitor/viewer/package-lock.json names into .tools/viewer, half a minute …'
	@mkdir -p $(@D) && cp $^ $(@D)/
	@cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

$(VIEWER): .tools/viewer/.installed $(wildcard app/monitor/viewer/build.mjs app/monitor/viewer/src/* app/monitor/viewer/src/panels/*)
	@node app/monitor/viewer/build.mjs .tools/viewer/node_modules $(@D)

# What was released when, as Git has it now; a checkout without its history has no marks.
artifacts/dashboards/marks.json: FORCE | .venv/.locked
	@mkdir -p $(@D)
	@$(RELEASE) history --json >$(@D)/history.json || { echo 'warning: so no releases are marked' >&2; echo '[]' >$(@D)/history.json; }
	@$(RUN) -m app.monitor.annotations --history $(@D)/history.json >$@
FORCE:

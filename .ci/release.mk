# A release, by hand or by a workflow. What is given reaches the shell as environment alone: make would run a
# `$(shell …)` in it.

##@ A release

release: .venv/.locked ## Prepare changelog and version in one commit, and say which tag to push (VERSION=1.2.3)
	@.ci/with-token $(RELEASE) prepare $${VERSION:+"$$VERSION"}

rollback: .venv/.locked ## Take an environment back, by one commit on main (ENVIRONMENT=, REASON=, FROM=v1.3.0, TO=v1.2.2, AGAIN=1)
	@.ci/with-token $(RELEASE) rollback --env "$${ENVIRONMENT:?give ENVIRONMENT=prod-eks}" $${FROM:+--from "$$FROM"} \
	  $${TO:+--to "$$TO"} $${AGAIN:+--again} --reason "$${REASON:?say why: REASON=}"

promote: .venv/.locked .tools/bin/cosign $(TOOLS) ## Propose for production what test runs, as a pull request (TO=prod-eks, FROM=test, AGAIN='why')
	@.ci/with-token $(RELEASE) promote --from "$${FROM:-test}" --to "$${TO:?give TO=prod-eks}" $${AGAIN:+--again "$$AGAIN"}

check-pull: .venv/.locked .tools/bin/cosign $(TOOLS) ## May what this branch would run be merged? Released, verified, tested, not taken back (HEAD=)
	@.ci/with-token $(RELEASE) check-pull $${HEAD:+--head "$$HEAD"}

history: .venv/.locked ## Show what ran where and when, from Git alone (ENVIRONMENT=, ON=2026-03-03)
	@$(RELEASE) history $${ENVIRONMENT:+--env "$$ENVIRONMENT"} $${ON:+--on "$$ON"}

verify: .venv/.locked .tools/bin/cosign ## Do registry, image, bundle, report and overlay agree? (ENVIRONMENT= or IMAGE=)
	@$(RELEASE) verify $${ENVIRONMENT:+--env "$$ENVIRONMENT"} $${IMAGE:+--image "$$IMAGE"}

release-rehearsal: .venv/.locked .tools/.packages .tools/bin/cosign $(TOOLS) ## Play a release whole, from pull request to rollback (REHEARSAL=options)
	@$(RUN) -m tests.rehearsal $(REHEARSAL)

##@ Steps of release.yml, in their order

check-tag: .venv/.locked .tools/bin/cosign ## May this tag be released? (VERSION=v1.2.3)
	@.ci/with-token $(RELEASE) check-tag "$${VERSION:?give VERSION=v1.2.3}"

publish: .venv/.locked .tools/bin/cosign ## Build, push by digest, describe and sign what was approved (VERSION=v1.2.3)
	@$(RELEASE) publish "$${VERSION:?give VERSION=v1.2.3}" $${BASE_IMAGE:+--base "$$BASE_IMAGE"}

announce: .venv/.locked ## Make the GitHub release of a published image (VERSION=v1.2.3)
	@$(RELEASE) announce "$${VERSION:?give VERSION=v1.2.3}"

bump: .venv/.locked .tools/bin/cosign $(TOOLS) ## Run a version in an environment, by one commit on main (VERSION=, ENVIRONMENT=test, DIGEST=)
	@.ci/with-token $(RELEASE) bump --env "$${ENVIRONMENT:-test}" --to "$${VERSION:?give VERSION=v1.2.3}" $${DIGEST:+--digest "$$DIGEST"}

champion-alias: .venv/.locked ## Name the released bundle champion in MLflow: a view of what Git says (VERSION=)
	@$(TRAINING) champion --bundle artifacts/approved/bundle --release "$${VERSION:?give VERSION=v1.2.3}"

# A release, by hand or by a workflow. What is given reaches the shell as environment alone: make would run a
# `$(shell …)` in it.

##@ A release

release: .venv/.locked ## Write changelog and version in one commit, and print the tag to push (VERSION=1.2.3)
	@.ci/with-token $(RELEASE) prepare $${VERSION:+"$$VERSION"}

rollback: .venv/.locked ## Return an environment to an earlier version by one commit (ENVIRONMENT=, REASON=, TO=, FROM=, AGAIN=1)
	@.ci/with-token $(RELEASE) rollback --env "$${ENVIRONMENT:?give ENVIRONMENT=prod-eks}" $${FROM:+--from "$$FROM"} \
	  $${TO:+--to "$$TO"} $${AGAIN:+--again} --reason "$${REASON:?say why: REASON=}"

promote: .venv/.locked .tools/bin/cosign $(TOOLS) ## Open a pull request that runs the tested version in production (TO=, FROM=test, AGAIN='why')
	@.ci/with-token $(RELEASE) promote --from "$${FROM:-test}" --to "$${TO:?give TO=prod-eks}" $${AGAIN:+--again "$$AGAIN"}

check-pull: .venv/.locked .tools/bin/cosign $(TOOLS) ## Check that the versions a pull request deploys are released, verified and tested (HEAD=)
	@.ci/with-token $(RELEASE) check-pull $${HEAD:+--head "$$HEAD"}

history: .venv/.locked ## Show which version ran where and when, from Git alone (ENVIRONMENT=, ON=2026-03-03)
	@$(RELEASE) history $${ENVIRONMENT:+--env "$$ENVIRONMENT"} $${ON:+--on "$$ON"}

verify: .venv/.locked .tools/bin/cosign ## Check that registry, image, bundle and overlay have the same digests (ENVIRONMENT= or IMAGE=)
	@$(RELEASE) verify $${ENVIRONMENT:+--env "$$ENVIRONMENT"} $${IMAGE:+--image "$$IMAGE"}

release-rehearsal: .venv/.locked .tools/.packages .tools/bin/cosign $(TOOLS) ## Run a whole release on this machine, from pull request to rollback (REHEARSAL=options)
	@$(RUN) -m tests.rehearsal $(REHEARSAL)

##@ Steps of release.yml, in their order

check-tag: .venv/.locked .tools/bin/cosign ## Check that a tag may be released (VERSION=v1.2.3)
	@.ci/with-token $(RELEASE) check-tag "$${VERSION:?give VERSION=v1.2.3}"

publish: .venv/.locked .tools/bin/cosign ## Build the approved image, push it by digest, attest and sign it (VERSION=v1.2.3)
	@$(RELEASE) publish "$${VERSION:?give VERSION=v1.2.3}" $${BASE_IMAGE:+--base "$$BASE_IMAGE"}

announce: .venv/.locked ## Create the GitHub release of a published image (VERSION=v1.2.3)
	@$(RELEASE) announce "$${VERSION:?give VERSION=v1.2.3}"

bump: .venv/.locked .tools/bin/cosign $(TOOLS) ## Deploy a version to an environment by one commit (VERSION=, ENVIRONMENT=test, DIGEST=)
	@.ci/with-token $(RELEASE) bump --env "$${ENVIRONMENT:-test}" --to "$${VERSION:?give VERSION=v1.2.3}" $${DIGEST:+--digest "$$DIGEST"}

champion-alias: .venv/.locked ## Set the champion alias in MLflow to the released bundle (VERSION=)
	@$(TRAINING) champion --bundle artifacts/approved/bundle --release "$${VERSION:?give VERSION=v1.2.3}"

# Steps of the workflows, as a laptop runs them, too; most need GITHUB_TOKEN= and GITHUB_REPOSITORY=.
# What a person or an event gives reaches the shell as environment alone: make would run a `$(shell …)` in it.

##@ Steps of the other workflows

champion: .venv/.locked ## Download the latest release's bundle to artifacts/champion and verify it
	@$(REVIEW) champion --out artifacts/champion

touches-model: ## Print whether the last merge changes the inputs of a training
	@$(PYTHON) -m review.model_changed

# the gate's 1 and 3 are verdicts, for `make decide` to act on; anything else that goes wrong leaves no report
judge: .venv/.locked ## Train a candidate and run the gate, as a pull request does (CHAMPION=, FIRST_RUN=1)
	@rm -rf artifacts/gate
	@$(TRAINING) train $(SOURCE) --params '$(PARAMS)'
	@$(TRAINING) gate $(SOURCE) --params '$(PARAMS)' \
	  $(if $(FIRST_RUN),--first-run,--champion '$(or $(CHAMPION),artifacts/champion)') || [[ $$? = [13] ]]
	@test -s artifacts/gate/report.json

summary: .venv/.locked ## Write the gate's report to the job summary, or to the terminal
	@$(REVIEW) comment --summary

sbom: .venv/.locked ## List the packages of the predictor's image as CycloneDX
	@mkdir -p artifacts
	@$(UV) export --quiet --locked --no-default-groups --group predictor --preview-features sbom-export \
	  --format cyclonedx1.5 --output-file artifacts/sbom.cdx.json >/dev/null

comment: .venv/.locked ## Post the gate's report as a comment on a pull request (NUMBER=, or RUN_ID= of another run)
	@$(REVIEW) comment $(if $(RUN_ID),--run-id "$$RUN_ID",--number "$$NUMBER")

decide: .venv/.locked ## Continue, stop, or wait for the approval of a person (NUMBER=)
	@$(REVIEW) decide $(if $(NUMBER),--number "$$NUMBER")

record: .venv/.locked ## Write approval.json, which binds commit, bundle and report, after the approval (NUMBER=)
	@$(REVIEW) record --number "$$NUMBER"

approved: .venv/.locked ## Download the bundle that was approved for main's model (COMMIT=, INPUTS=)
	@commit=$${COMMIT:-$$($(RUN) -m review.model_changed --last HEAD)}; \
	  $(REVIEW) find-approved --out artifacts/approved --commit "$$commit" $(if $(INPUTS),--inputs "$$INPUTS")

# the moving tag goes after the image, and only while this commit is main's newest
image-main: .venv/.locked ## Build and push the image of the approved bundle (IMAGE=, EDGE=NAME:edge, IMAGE_BUILDER=)
	@$(RELEASE) image --bundle artifacts/approved/bundle --report artifacts/approved/report.json \
	  --approval artifacts/approved/approval.json --tag "$$IMAGE" $${BASE_IMAGE:+--base "$$BASE_IMAGE"}
	@$${IMAGE_BUILDER:-docker} push "$$IMAGE"
	@if [ -n "$${EDGE:-}" ] && [ "$$(.ci/with-token git ls-remote origin refs/heads/main | cut -f1)" = "$$(git rev-parse HEAD)" ]; then \
	  $${IMAGE_BUILDER:-docker} tag "$$IMAGE" "$$EDGE" && $${IMAGE_BUILDER:-docker} push "$$EDGE"; fi

read-dispatch: .venv/.locked ## Validate the event that asks for a retraining
	@$(REVIEW) read-dispatch

retrain-pull: .venv/.locked ## Push the new data pin and open or update its pull request
	@.ci/with-token .ci/retrain-pull

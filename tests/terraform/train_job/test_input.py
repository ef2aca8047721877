"""What no cloud is asked for: each mistake is one line that says what was expected."""

import json
from pathlib import Path

import pytest

from tests.terraform.train_job.conftest import IMAGE, run_verb

GOOD = ("--image", IMAGE, "--data", "generator", "--first-run")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--on", "sagemaker", *GOOD), "--on is 'sagemaker', expected one of vertex, eks"),
        (("--on", "vertex", *GOOD[:-1]), "give --champion FOLDER or --first-run"),
        (("--on", "vertex", *GOOD, "--champion", "gs://b/c"), "and not both"),
        (
            ("--on", "vertex", "--image", "training:latest", *GOOD[2:]),
            "for a tag may move; `crane digest training:latest`",
        ),
        (
            ("--on", "vertex", "--data", "rows.csv", *GOOD[:2], "--first-run"),
            "a job reads nothing of this machine: gcloud storage cp",
        ),
        (("--on", "vertex", "--data", "s3://b/rows.csv", *GOOD[:2], "--first-run"), "expected gs://BUCKET/PATH"),
        (("--on", "vertex", "--data", "gs://b/a b.csv", *GOOD[:2], "--first-run"), "expected gs://BUCKET/PATH"),
        (("--on", "vertex", *GOOD[:-1], "--champion", "artifacts/bundle"), "--champion is 'artifacts/bundle'"),
        (("--on", "vertex", *GOOD, "--name", "Upper"), "--name is 'Upper'"),
        (("--on", "vertex", *GOOD, "--minutes", "0"), "--minutes is 0"),
        (("--on", "vertex", "--follow"), "--follow waits for a job by its name"),
        (("--on", "eks", *GOOD), "--transfer-image is '', expected an image that holds `aws`"),
        (("--on", "eks", "--data", "s3://b/it's.csv", *GOOD[:2], "--first-run"), "expected s3://BUCKET/PATH"),
    ],
)
def test_a_mistake_is_one_line(arguments: tuple[str, ...], words: str) -> None:
    done = run_verb({"LATHE_TRANSFER_IMAGE": ""}, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no json", "is not what `terraform output -json` prints"),
        ("{}", "has no bundles_bucket, cluster_name, kubeconfig, region, registry, training_job_identity"),
        (json.dumps({"region": {"value": None}}), "the environment is not applied"),
    ],
)
def test_outputs_of_an_environment_that_is_not_applied_are_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "outputs.json").write_text(text)
    done = run_verb({}, "--on", "vertex", *GOOD, "--outputs", str(tmp_path / "outputs.json"))
    assert done.returncode == 2
    assert words in done.stderr

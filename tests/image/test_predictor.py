"""The predictor's image, really run under the security settings of gitops/base/deployment.yaml."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contract.compute.scoring import PARITY_TOLERANCE
from tests.image.conftest import Gated
from tests.image.containers import Container, name_image, podman, run, run_python, start_container
from tests.image.deployment import read_pod, translate_limits, translate_security, translate_settings
from tests.patience import LAST_RESORT_SECONDS, wait_until

pytestmark = pytest.mark.slow

BANNED = ("pandas", "mlflow", "evidently", "sklearn", "matplotlib", "pip", "training")
USED = ("numpy", "xgboost", "onnxruntime", "app.predictor")
MOST_BYTES = 280e6
START_SECONDS = 15  # measured: 1.0 on an idle machine
LONG_ROWS = 300_000  # an answer larger than what waits in memory
SHELLS = ("dash", "bash", "sh")


@pytest.fixture(scope="module")
def security() -> list[str]:
    return translate_security(read_pod())


@pytest.fixture(scope="module")
def running(predictor_image: str, security: list[str]) -> Iterator[Container]:
    arguments = (*security, *translate_settings(), *translate_limits(read_pod()))
    with start_container(predictor_image, *arguments) as container:
        container.wait_until_ready()
        yield container


def read_status(container: Container) -> dict[str, str]:
    """/proc/1/status, by name."""
    lines = container.ask_python("print(open('/proc/1/status').read())").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_the_deployment_asks_for_what_a_restricted_pod_needs(security: list[str]) -> None:
    assert {"--read-only=true", "--cap-drop=ALL", "--security-opt=no-new-privileges"} <= set(security)
    assert security[0].startswith("--user=65532:")


def test_a_looser_deployment_would_be_run_looser() -> None:
    pod = read_pod()
    pod["containers"][0]["securityContext"] |= {"allowPrivilegeEscalation": True, "readOnlyRootFilesystem": False}
    assert "--read-only=false" in translate_security(pod)
    assert "--security-opt=no-new-privileges" not in translate_security(pod)


def test_it_scores_a_golden_row_as_training_did(running: Container, gated: Gated) -> None:
    golden = gated.content.manifest.golden
    answers = [httpx.post(f"{running.url}/v1/predict", json=entry.row).json() for entry in golden]
    scores = [answer["predictions"][0]["score"] for answer in answers]
    assert scores == pytest.approx([entry.score for entry in golden], abs=PARITY_TOLERANCE)
    assert len(scores) > 3


def test_it_shows_its_page(running: Container) -> None:
    page = httpx.get(f"{running.url}/")
    assert page.status_code == 200
    assert "<html" in page.text


def test_the_served_digest_is_the_labels_and_the_bundles(
    running: Container, predictor_image: str, gated: Gated
) -> None:
    label = podman("inspect", predictor_image, "--format", '{{index .Config.Labels "dev.lathe.bundle.digest"}}')
    assert httpx.get(f"{running.url}/readyz").json()["digest"] == label.strip() == gated.content.digest


def test_the_model_card_shows_the_gates_verdict(running: Container) -> None:
    assert httpx.get(f"{running.url}/v1/model").json()["verdict"]["verdict"] == "pass"


def test_the_process_has_no_privileges(running: Container) -> None:
    status = read_status(running)
    assert status["Uid"].split() == ["65532"] * 4
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_without_the_deployments_settings_it_would_have_some(predictor_image: str) -> None:
    with start_container(predictor_image) as container:
        container.wait_until_ready()
        status = read_status(container)
    assert status["Uid"].split() == ["65532"] * 4, "the image itself says who it runs as"
    assert status["CapBnd"] != "0" * 16
    assert status["NoNewPrivs"] == "0"


@pytest.mark.parametrize("folder", ["/", "/srv", "/srv/model/bundle", "/opt/venv", "/var/tmp"])  # noqa: S108 - the image's own
def test_nothing_but_the_scratch_volume_can_be_written(running: Container, folder: str) -> None:
    assert "Read-only file system" in running.ask_python(f"open('{folder}/x', 'w')")
    assert running.ask_python("open('/tmp/x', 'w'); print('written')") == "written"


def test_one_process_runs(running: Container) -> None:
    lines = podman("top", running.name, "args").splitlines()[1:]
    assert [line.strip() for line in lines] == ["/opt/venv/bin/python -m app.predictor"]


def test_it_serves_and_is_healthy_without_a_shell(predictor_image: str, security: list[str], gated: Gated) -> None:
    find = f"import json, os; print(json.dumps([n for n in {SHELLS} if os.path.isfile('/usr/bin/' + n)]))"
    found = [name for name in run_python(predictor_image, find) if name != "sh"]  # `sh` is a link to one of the others
    assert found
    masks = [f"--volume=/dev/null:/usr/bin/{name}:ro" for name in found]
    with start_container(predictor_image, *security, *masks) as container:
        container.wait_until_ready()
        row = gated.content.manifest.golden[0].row
        assert httpx.post(f"{container.url}/v1/predict", json=row).status_code == 200
        assert container.run_healthcheck() == "healthy"
        assert container.execute("sh", "-c", "true").returncode != 0, "the shells were there after all"


def test_every_line_of_the_log_is_json(running: Container) -> None:
    lines = running.logs().splitlines()
    assert len(lines) > 3
    assert all(json.loads(line)["event"] for line in lines)


def test_telemetry_of_a_library_would_be_seen_in_the_log(predictor_image: str, security: list[str]) -> None:
    with start_container(predictor_image, *security, "--env=ORT_DISABLE_TELEMETRY=0") as container:
        container.wait_until_ready()
        assert [line for line in container.logs().splitlines() if "telemetry" in line and not line.startswith("{")]


def test_the_healthcheck_says_healthy(running: Container) -> None:
    assert running.run_healthcheck() == "healthy"
    assert running.inspect("State.Health.Status") == "healthy"


def test_the_healthcheck_follows_the_metrics_port(predictor_image: str, security: list[str]) -> None:
    settings = ("--env=LATHE_METRICS_PORT=9090",)
    with start_container(predictor_image, *security, *settings) as container:
        wait_until(lambda: container.run_healthcheck() == "healthy", "the healthcheck")
        assert httpx.get(f"{container.url}/readyz").status_code == 404


def test_sigterm_drains_and_ends_with_0_within_the_grace_period(
    predictor_image: str, security: list[str], gated: Gated
) -> None:
    grace = read_pod()["terminationGracePeriodSeconds"]
    row = gated.content.manifest.golden[0].row
    with start_container(predictor_image, *security, *translate_settings()) as container:
        container.wait_until_ready()
        begun = time.monotonic()
        podman("kill", "--signal", "TERM", container.name)
        wait_until(lambda: httpx.get(f"{container.url}/readyz").status_code != 200, "the fall of readiness")
        assert httpx.post(f"{container.url}/v1/predict", json=row).status_code == 200
        assert container.run_healthcheck() != "healthy"
        code = podman("wait", container.name, timeout=grace).strip()
        seconds = time.monotonic() - begun
    assert code == "0"
    assert 8 <= seconds < grace  # LATHE_DRAIN_SECONDS of settings.env


def test_with_its_scratch_volume_full_it_refuses_long_uploads_and_serves_on(
    predictor_image: str, security: list[str], gated: Gated
) -> None:
    row = gated.content.manifest.golden[0].row
    line = ",".join(str(value) for value in row.values())
    upload = "\n".join([",".join(row), *[line] * LONG_ROWS])
    small = [re.sub("tmpfs-size=[^,]*", "tmpfs-size=1m", argument) for argument in security]
    for arguments, expected in ((small, 507), (security, 200)):
        with start_container(predictor_image, *arguments) as container:
            container.wait_until_ready()
            url, kind = f"{container.url}/v1/batch", {"content-type": "text/csv"}
            answer = httpx.post(url, content=upload, headers=kind, timeout=LAST_RESORT_SECONDS)
            assert answer.status_code == expected, answer.text[:300]
            assert httpx.post(f"{container.url}/v1/predict", json=row).status_code == 200


def test_it_is_ready_soon_after_its_start(predictor_image: str, security: list[str]) -> None:
    with start_container(predictor_image, *security) as container:
        seconds = container.wait_until_ready()
    print(f"start to ready: {seconds:.2f} s")
    assert seconds < START_SECONDS


def test_a_damaged_bundle_in_the_image_ends_it_with_2_and_one_line(
    predictor_image: str, security: list[str], gated: Gated, tmp_path: Path
) -> None:
    bundle = shutil.copytree(gated.bundle, tmp_path / "bundle")
    model = bundle / "model.ubj"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    (tmp_path / "Containerfile").write_text(f"FROM {predictor_image}\nCOPY bundle /srv/model/bundle\n")
    tag = name_image("damaged")
    built = run("buildah", "build", "--quiet", "--tag", tag, str(tmp_path))
    assert built.returncode == 0, built.stderr
    done = run("podman", "run", "--rm", *security, tag)
    run("podman", "rmi", tag)
    last = [line for line in done.stderr.splitlines() if not line.startswith(("{", "time="))]
    assert done.returncode == 2
    assert len(last) == 1
    assert "model.ubj has SHA-256" in last[0]


def test_its_environment_is_small_and_holds_nothing_of_training(predictor_image: str) -> None:
    code = (
        "import importlib.util, json, os, sys; sys.path.insert(0, '/srv')\n"
        "stats = [os.lstat(os.path.join(top, name)) for top, folders, files in os.walk('/opt/venv')"
        " for name in folders + files]\n"
        f"found = [name for name in {BANNED + USED} if importlib.util.find_spec(name)]\n"
        "print(json.dumps([len(stats), sum(s.st_size for s in stats), sum(s.st_blocks for s in stats) * 512, found]))"
    )
    files, size, on_disk, found = run_python(predictor_image, code)
    print(f"/opt/venv: {files:,} entries, {size:,} bytes, {on_disk:,} bytes on disk")
    assert found == list(USED)
    assert files > 2000
    assert max(size, on_disk) < MOST_BYTES

"""Publishing for real: Git, registry, signatures; killed at every step and run again; refused where it must be."""

import json
from pathlib import Path

import pytest

from release.registry.sbom import is_for
from release.registry.signing import SignedImage, Verifier
from tests.ports import take_free_port
from tests.release.dossiers import git
from tests.release.images import make_environment, read_model, write_image
from tests.release.project import VERSION, Project
from tests.release.registry_server import run_registry
from tests.release.shelf import PASSWORD, REPOSITORY, reseal

pytestmark = pytest.mark.slow

PATH = "lathe-ml/lathe-predictor"
STEPS = ["push", "tag", "attest", "attest", "attest", "sign"]
COPY = "docker.io/lathe/predictor"  # in the tests, as everything, on the one registry
SECRETS = {"COSIGN_PASSWORD": PASSWORD, "GITHUB_TOKEN": "a-token-of-the-job"}


@pytest.fixture(autouse=True)
def linux_packages(project: Project) -> None:
    """The image has what the lock wants on Linux with Python 3.11."""
    listed = json.loads((project.root / "artifacts/sbom.cdx.json").read_bytes())["components"]
    project.packages = [[one["name"], one["version"]] for one in listed if is_for(one, "3.11.2")]


def test_a_tag_becomes_a_signed_described_image_and_again_nothing_is_added(project: Project, tmp_path: Path) -> None:
    done = project.publish()
    assert done.returncode == 0, done.stderr
    digest = project.find_digest()
    assert project.list_calls() == STEPS
    found = project.read_result()
    assert (found["version"], found["repository"], found["signed"], found["copies"]) == (VERSION, REPOSITORY, "key", [])
    assert (found["digest"], found["revision"]) == (digest, git(project.root, "rev-parse", "HEAD"))
    outputs = (tmp_path / "outputs").read_text().splitlines()
    assert outputs == [f"version={VERSION}", f"digest={digest}", f"image={REPOSITORY}:{VERSION}@{digest}"]
    tags = project.server.list_tags(PATH)
    again = project.publish()
    assert again.returncode == 0, again.stderr
    assert project.list_calls() == []
    assert (project.find_digest(), project.server.list_tags(PATH), len(tags)) == (digest, tags, 3)
    assert project.read_result() == found


@pytest.mark.parametrize(
    "kill", [{"KILL_BEFORE": "1"}, *({"KILL_AFTER": str(step)} for step in range(1, len(STEPS) + 4))], ids=str
)
def test_killed_at_any_step_it_is_finished_by_running_it_again(project: Project, kill: dict[str, str]) -> None:
    killed = project.publish(LATHE_COPY_TO=COPY, **kill)
    assert project.was_killed(killed), (killed.stdout, killed.stderr)
    first, before = project.list_calls(), project.find_digest()
    assert not (project.root / f"artifacts/release/{VERSION}.json").exists()
    done = project.publish(LATHE_COPY_TO=COPY)
    assert done.returncode == 0, done.stderr
    digest, calls = project.find_digest(), [*first, *project.list_calls()]
    assert before in (None, digest)
    assert [calls.count(verb) for verb in ("attest", "sign", "copy")] == [3, 1, 3]
    assert project.server.client.find_digest(COPY, VERSION) == digest
    assert len(project.server.list_tags(PATH)) == len(project.server.list_tags("lathe/predictor")) == 3
    verifier = Verifier(project.key.with_suffix(".pub"), VERSION)
    signed = SignedImage(project.server.client, REPOSITORY, str(digest))
    assert len(verifier.read_attestations(signed, "cyclonedx", "https://cyclonedx.org/bom")) == 1
    assert project.read_result()["digest"] == digest


@pytest.mark.parametrize("step", ["1", "3"])
def test_a_program_that_is_killed_ends_it_with_4_and_again_it_is_finished(project: Project, step: str) -> None:
    done = project.publish(KILL_TOOL=step)
    assert (done.returncode, done.stderr.startswith("error: ")) == (4, True)
    assert "Traceback" not in done.stderr
    assert project.publish().returncode == 0
    verbs = project.list_calls()
    assert sorted(verbs) == sorted([*STEPS, STEPS[int(step) - 1]])


def test_the_same_layers_give_the_same_digest_before_a_tag_says_so(project: Project) -> None:
    digests = []
    for _ in range(2):
        killed = project.publish(KILL_AFTER="1")  # pushed, and no tag yet
        assert project.was_killed(killed)
        digests.append(project.calls.read_text().split("@")[-1].strip())
        project.calls.unlink()
    assert digests[0] == digests[1]
    assert project.find_digest() is None


def test_the_copies_are_the_same_image_with_all_that_is_attached(project: Project, tmp_path: Path) -> None:
    with run_registry(tmp_path / "elsewhere") as elsewhere:
        target = f"{elsewhere.host}/ours/predictor"
        done = project.publish(LATHE_COPY_TO=f"{COPY} {target}")
        assert done.returncode == 0, done.stderr
        digest = str(project.find_digest())
        assert elsewhere.client.find_digest(target, VERSION) == digest
        assert project.read_result()["copies"] == [f"{COPY}:{VERSION}", f"{target}:{VERSION}"]
        verifier = Verifier(project.key.with_suffix(".pub"), VERSION)
        verifier.check_signature(SignedImage(elsewhere.client, target, digest))
        assert len(elsewhere.list_tags("ours/predictor")) == 3


def test_a_copy_that_is_another_image_is_never_moved(project: Project, tmp_path: Path) -> None:
    other = write_image(tmp_path / "other.tar", {"planted": "yes"}, [make_environment([("x", "1")])])
    digest = project.server.client.push(other, COPY)
    project.server.client.tag(COPY, digest, VERSION)
    done = project.publish(LATHE_COPY_TO=COPY)
    assert done.returncode == 1
    assert f"error: {COPY}:{VERSION} is {digest}, expected" in done.stderr
    assert project.server.client.find_digest(COPY, VERSION) == digest


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ([["left-pad", "1.0.0"]], "the image has left-pad 1.0.0 which the lock has not (1 in all)"),
        (None, "the image lacks annotated-doc"),
    ],
)
def test_an_image_that_is_not_what_the_lock_says_is_never_pushed(
    project: Project, planted: list[list[str]] | None, said: str
) -> None:
    project.packages = [*project.packages, *planted] if planted else project.packages[1:]
    done = project.publish()
    assert done.returncode == 1
    assert said in done.stderr
    assert project.server.list_tags(PATH) == project.list_calls() == []


def test_a_version_that_is_there_with_another_bundle_never_moves(project: Project, tmp_path: Path) -> None:
    model = read_model(reseal(project.root / "artifacts" / "approved", tmp_path / "other"))
    digest = json.loads(model["srv/model/bundle/bundle.json"])["digest"]
    labels = {
        "org.opencontainers.image.version": VERSION,
        "org.opencontainers.image.revision": git(project.root, "rev-parse", "HEAD"),
        "dev.lathe.bundle.digest": digest,
    }
    client = project.server.client
    pushed = client.push(write_image(tmp_path / "other.tar", labels, [{}, model]), REPOSITORY)
    client.tag(REPOSITORY, pushed, VERSION)
    done = project.publish()
    assert done.returncode == 1
    assert f"{REPOSITORY}:{VERSION} is there with bundle {digest[:12]}, expected" in done.stderr
    assert "a released version never moves" in done.stderr
    assert (project.find_digest(), project.list_calls()) == (pushed, [])


def test_a_tag_moved_to_another_commit_is_refused(project: Project) -> None:
    assert project.publish().returncode == 0
    digest, _ = project.find_digest(), project.list_calls()
    (project.root / "README.md").write_text("changed", encoding="utf-8")
    project.commit("second")
    git(project.root, "tag", "--force", "--annotate", "--message", VERSION, VERSION)
    done = project.publish()
    assert done.returncode == 1
    assert "a released version never moves" in done.stderr
    assert (project.find_digest(), project.list_calls()) == (digest, [])


def test_what_is_built_is_what_was_tagged(project: Project) -> None:
    readme = project.root / "README.md"
    readme.write_text("changed", encoding="utf-8")
    done = project.publish()
    assert done.returncode == 2
    assert "-dirty, expected" in done.stderr
    assert f"git switch --detach {VERSION}" in done.stderr
    project.commit("second")
    assert project.publish().returncode == 2
    assert project.list_calls() == []


def test_without_anybody_to_sign_it_refuses_unless_that_is_wanted(project: Project) -> None:
    done = project.publish(LATHE_SIGNING_KEY="")
    assert done.returncode == 1
    assert "nobody can sign: give LATHE_SIGNING_KEY" in done.stderr
    assert project.list_calls() == []
    done = project.publish("--unsigned", LATHE_SIGNING_KEY="")
    assert done.returncode == 0, done.stderr
    assert "will have no signature" in done.stderr
    assert project.list_calls() == ["push", "tag"]
    assert project.read_result()["signed"] is None
    image = f"{REPOSITORY}:{VERSION}@{project.find_digest()}"
    verified = project.run("verify", "--image", image, LATHE_VERIFYING_KEY=str(project.key.with_suffix(".pub")))
    assert verified.returncode == 1
    assert "✗ signature" in verified.stdout


def test_neither_password_nor_token_is_in_anything_that_is_left(project: Project, tmp_path: Path) -> None:
    right = project.publish(**SECRETS)
    wrong = project.publish(**{**SECRETS, "COSIGN_PASSWORD": "wrong-password"})
    assert (right.returncode, wrong.returncode) == (0, 4)
    assert "cosign public-key" in wrong.stderr
    said = right.stdout + right.stderr + wrong.stdout + wrong.stderr
    left = "".join(path.read_text(errors="ignore") for path in (project.root / "artifacts").rglob("*.json"))
    texts = [said, left, project.calls.read_text(), (tmp_path / "outputs").read_text()]
    assert [value for value in (*SECRETS.values(), "wrong-password") for text in texts if value in text] == []


def test_a_key_that_stands_in_the_setting_itself_is_not_repeated(project: Project) -> None:
    done = project.publish(LATHE_SIGNING_KEY="-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----abcdef")
    assert done.returncode == 2
    assert "abcdef" not in done.stdout + done.stderr
    assert "env://NAME" in done.stderr


def test_a_key_from_the_environment_signs(project: Project) -> None:
    done = project.publish(LATHE_SIGNING_KEY="env://THE_KEY", THE_KEY=project.key.read_text())
    assert done.returncode == 0, done.stderr
    assert "PRIVATE KEY" not in done.stdout + done.stderr
    signed = SignedImage(project.server.client, REPOSITORY, str(project.find_digest()))
    Verifier(project.key.with_suffix(".pub"), VERSION).check_signature(signed)


def test_a_registry_that_is_gone_ends_it_with_4_and_nothing_is_built(project: Project) -> None:
    done = project.publish(LATHE_REGISTRY_MIRROR=f"127.0.0.1:{take_free_port()}")
    assert done.returncode == 4
    assert "the registry did not do its part" in done.stderr
    assert not (project.root / "artifacts" / "built.tar").exists()

"""Which version may take the place of which."""

from pathlib import Path

import pytest

from cli.errors import CommandError, InputError, RefusedError
from release.history.precedence import MoveDecision, MoveOutcome, judge_move
from tests.release.history.test_moves import push_version
from tests.release.origin import Origin, make_digest, open_remote


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path)


@pytest.fixture
def ada(origin: Origin) -> Path:
    return origin.clone("ada")


def judge(
    clone: Path, version: str, environment: str = "test", again: str | None = None, digest: str = ""
) -> MoveDecision:
    remote = open_remote(clone)
    return judge_move(remote, remote.fetch(), environment, version, digest or make_digest(version), again)


@pytest.mark.parametrize(
    ("version", "outcome"),
    [
        ("v1.9.0", MoveOutcome.ALREADY),
        ("v1.8.9", MoveOutcome.LOWER),
        ("v0.99.99", MoveOutcome.LOWER),
        ("v1.9.1", MoveOutcome.MOVE),
        ("v1.10.0", MoveOutcome.MOVE),
        ("v10.0.0", MoveOutcome.MOVE),
    ],
)
def test_the_higher_version_wins_by_number_and_not_by_letters(
    origin: Origin, ada: Path, version: str, outcome: MoveOutcome
) -> None:
    push_version(origin, ada, "v1.9.0")
    assert judge(ada, version).outcome is outcome


def test_a_released_version_never_changes(origin: Origin, ada: Path) -> None:
    push_version(origin, ada, "v1.9.0")
    with pytest.raises(RefusedError, match=r"test runs v1\.9\.0 with digest sha256:0+1f9f0, and sha256:0+1f9f1 was"):
        judge(ada, "v1.9.0", digest=make_digest("v1.9.1"))


def test_a_withdrawn_version_needs_a_person(origin: Origin, ada: Path) -> None:
    for version in ("v1.0.0", "v1.1.0", "v1.0.0"):
        push_version(origin, ada, version)
    with pytest.raises(RefusedError, match=r"v1\.1\.0 was taken back from test by ada .* give --again REASON"):
        judge(ada, "v1.1.0")
    assert judge(ada, "v1.1.0", again="the cause was the sensor").outcome is MoveOutcome.MOVE
    assert judge(ada, "v1.1.1").outcome is MoveOutcome.MOVE


def test_what_one_production_took_back_is_refused_to_the_others_but_not_to_test(origin: Origin, ada: Path) -> None:
    for version in ("v1.0.0", "v1.1.0", "v1.0.0"):
        push_version(origin, ada, version, environment="prod-eks")
    with pytest.raises(RefusedError, match=r"v1\.1\.0 was taken back from prod-eks"):
        judge(ada, "v1.1.0", "prod-gke")
    assert judge(ada, "v1.1.0").outcome is MoveOutcome.MOVE


def test_what_test_took_back_is_not_refused_to_production(origin: Origin, ada: Path) -> None:
    for version in ("v1.0.0", "v1.1.0", "v1.0.0"):
        push_version(origin, ada, version)
    assert judge(ada, "v1.1.0", "prod-gke").outcome is MoveOutcome.MOVE


@pytest.mark.parametrize(
    ("environment", "version", "digest", "kind", "said"),
    [
        ("minikube", "v1.0.0", "", RefusedError, "no release goes to minikube: its image is built into the cluster"),
        ("mars", "v1.0.0", "", InputError, "no environment 'mars', expected one of prod-eks, prod-gke, test"),
        ("../base", "v1.0.0", "", InputError, "no environment"),
        ("test", "latest", "", InputError, "version 'latest' is not usable"),
        ("test", "1.0.0", "", InputError, "version '1.0.0' is not usable"),
        ("test", "v1.0.0-rc.1", "", InputError, "version 'v1.0.0-rc.1' is not usable"),
        ("test", "v1.0.0+build", "", InputError, "is not usable"),
        ("test", "v01.0.0", "", InputError, "is not usable"),
        ("test", "v1.0", "", InputError, "is not usable"),
        ("test", "v1.0.0\n", "", InputError, "is not usable"),
        ("test", "v1.0.0", "sha256:12", RefusedError, "digest 'sha256:12' is not usable"),
    ],
)
def test_what_is_no_release_is_refused(
    ada: Path, environment: str, version: str, digest: str, kind: type[CommandError], said: str
) -> None:
    with pytest.raises(kind) as refused:
        judge(ada, version, environment, digest=digest or make_digest("v1.0.0"))
    assert said in str(refused.value)


def test_v0_0_0_is_no_release(ada: Path) -> None:
    with pytest.raises(InputError, match="means that nothing is released"):
        judge(ada, "v0.0.0")

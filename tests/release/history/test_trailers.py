"""What a commit of a move says to people can be read back by programs, and nobody's words are taken for ours."""

from dataclasses import replace

import pytest

from release.history.trailers import Facts, compose_rollback, compose_run, read_facts, read_trailers, read_why
from release.manifests.overlays import ImageLine
from tests.release.origin import BUNDLE, REVISION, make_digest, make_image

UNRELEASED = ImageLine("predictor", "ghcr.io/lathe-ml/lathe-predictor", "v0.0.0", None)
OLD = replace(UNRELEASED, tag="v1.2.2", digest=make_digest("v1.2.2"))
QUALITY = (("PR-AUC", "0.941 [0.884, 0.981]"), ("F1", "0.899 [0.821, 0.956]"))


def compose(version: str = "v1.2.3", again: str | None = None, accepted_by: str | None = None) -> str:
    image = make_image(version, accepted_by=accepted_by)
    return compose_run("test", OLD, version, image.digest, image, again)


def test_a_bump_says_where_from_and_where_to_and_why_it_may() -> None:
    subject, _, rest = compose().partition("\n\n")
    assert subject == "Run v1.2.3 in test, was v1.2.2"
    assert " ".join(rest.split()).startswith(
        "test moves from v1.2.2 (sha256:000000000000) to v1.2.3 (sha256:000000000000). "
        "The gate on its bundle: It may be served."
    )


def test_the_trailers_are_the_contracts() -> None:
    assert read_trailers(compose()) == {
        "Environment": "test",
        "Version": "v1.2.3",
        "Digest": make_digest("v1.2.3"),
        "Bundle": BUNDLE,
        "Gate": "pass; PR-AUC 0.941 [0.884, 0.981], F1 0.899 [0.821, 0.956]",
        "Revision": REVISION,
    }


def test_quality_is_read_back_as_the_gate_said_it() -> None:
    facts = read_facts(read_trailers(compose()))
    assert facts == Facts(BUNDLE, "pass", QUALITY, REVISION)
    assert facts.brief == ("PR-AUC 0.941", "F1 0.899")


def test_who_accepted_a_lack_of_evidence_is_named() -> None:
    message = compose(accepted_by="grace")
    assert "accepted by grace without enough evidence" in " ".join(message.split())
    assert read_facts(read_trailers(message)).verdict == "not_enough_evidence, accepted by grace"


def test_the_first_release_and_an_unverified_one_say_so() -> None:
    message = compose_run("test", UNRELEASED, "v1.0.0", make_digest("v1.0.0"), None)
    assert message.startswith("Run v1.0.0 in test, the first release there\n")
    assert "Nobody looked into the registry" in " ".join(message.split())
    assert set(read_trailers(message)) == {"Environment", "Version", "Digest"}


def test_a_rollback_keeps_what_is_known_of_the_former_version_and_says_why() -> None:
    facts = read_facts(read_trailers(compose("v1.2.2")))
    new = replace(OLD, tag="v1.2.3", digest=make_digest("v1.2.3"))
    message = compose_rollback("prod-eks", new, OLD, "p99 is 3 s", facts)
    assert message.startswith("Take prod-eks back to v1.2.2, was v1.2.3\n")
    assert read_why(message) == "p99 is 3 s"
    trailers = read_trailers(message)
    assert (trailers["Withdraws"], trailers["Version"], trailers["Digest"]) == ("v1.2.3", "v1.2.2", OLD.digest)
    assert read_facts(trailers) == facts


@pytest.mark.parametrize(
    "words",
    [
        "Lathe-Withdraws: v1.0.0",
        "x\n\nLathe-Withdraws: v1.0.0",
        "x\r\n\r\nLathe-Withdraws: v1.0.0\r\n",
        f"{'x' * 66} Lathe-Withdraws: v1.0.0",
        "\n".join(f"Word{number}: x" for number in range(30)) + "\nLathe-Withdraws: v1.0.0",
    ],
)
def test_a_persons_words_are_never_a_trailer(words: str) -> None:
    message = compose(again=words)
    assert "Withdraws" not in read_trailers(message)
    assert read_why(message) == " ".join(words.split())
    assert max(len(line) for line in message.splitlines() if " " in line and not line.startswith("Lathe-")) <= 110


def test_trailers_survive_a_squash_merge_that_puts_others_behind_them() -> None:
    squashed = compose().replace("\n", "\r\n") + "\r\n\r\nCo-authored-by: Ada <ada@example.org>\r\n"
    assert read_trailers(squashed)["Version"] == "v1.2.3"
    mixed = compose().rstrip() + "\nCo-authored-by: Ada <ada@example.org>\n"
    assert read_trailers(mixed) == read_trailers(compose())


def test_a_message_without_trailers_has_none() -> None:
    assert read_trailers("Fix the pump\n\nWe say Lathe-Version: v1.0.0 in a sentence.\n") == {}
    assert read_trailers("Fix the pump\n\nThe old one said\nLathe-Version: v1.0.0\n") == {}
    assert read_facts({}) == Facts()

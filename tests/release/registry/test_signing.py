"""What cosign is told, word for word, and what is made of its answers. Keyless is not reached here: it is recorded."""

import base64
import json
from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError, RefusedError
from release.registry.registry import Registry
from release.registry.signing import SignedImage, Signer, Verifier, find_signer, find_verifier

DIGEST = "sha256:" + "1f" * 32
IMAGE = SignedImage(Registry(), "ghcr.io/lathe-ml/lathe-predictor", DIGEST)
LOCAL = SignedImage(Registry("127.0.0.1:5000"), "ghcr.io/lathe-ml/lathe-predictor", DIGEST)
REFERENCE = f"ghcr.io/lathe-ml/lathe-predictor@{DIGEST}"
IDENTITY = "https://github.com/lathe-ml/lathe/.github/workflows/release.yml@refs/tags/v1.2.3"
KEYLESS = [
    "--certificate-identity",
    IDENTITY,
    "--certificate-oidc-issuer",
    "https://token.actions.githubusercontent.com",
]


class Recorder:
    """A `cosign` that writes down what it is told, and answers as it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answer(0)

    def answer(self, code: int, words: str = "", out: str = "") -> None:
        script = self.folder / "cosign"
        (self.folder / "out").write_text(out)
        (self.folder / "words").write_text(words)
        script.write_text(
            f'#!/bin/sh\nfor word in "$@"; do echo "$word" >> {self.folder}/told; done\n'
            f"cat {self.folder}/out; cat {self.folder}/words >&2; exit {code}\n"
        )
        script.chmod(0o755)

    @property
    def told(self) -> list[str]:
        return (self.folder / "told").read_text().splitlines()


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setenv("LATHE_TOOLS", str(tmp_path))
    return Recorder(tmp_path)


def test_a_runners_identity_signs_without_a_key_and_into_the_public_log(recorder: Recorder) -> None:
    Signer(None).sign(IMAGE)
    assert recorder.told == ["sign", "--yes", "--sign-container-identity=ghcr.io/lathe-ml/lathe-predictor", REFERENCE]


def test_a_key_signs_without_the_public_log_and_a_mirror_on_this_machine_over_http(recorder: Recorder) -> None:
    Signer("env://KEY").sign(LOCAL)
    assert recorder.told == [
        "sign",
        "--yes",
        "--key",
        "env://KEY",
        "--tlog-upload=false",
        "--sign-container-identity=ghcr.io/lathe-ml/lathe-predictor",
        "--allow-http-registry",
        f"127.0.0.1:5000/lathe-ml/lathe-predictor@{DIGEST}",
    ]


def test_an_attestation_takes_the_place_of_a_former_one(recorder: Recorder) -> None:
    Signer(None).attest(IMAGE, "slsaprovenance1", Path("made.json"))
    given = ["--type", "slsaprovenance1", "--predicate", "made.json", "--replace"]
    assert recorder.told == ["attest", "--yes", *given, REFERENCE]


def test_without_a_key_only_our_workflow_run_for_that_tag_is_believed(recorder: Recorder) -> None:
    Verifier(None, "v1.2.3").check_signature(IMAGE)
    assert recorder.told == ["verify", *KEYLESS, REFERENCE]


def test_a_keyless_attestation_is_asked_for_by_its_type_and_signer(recorder: Recorder) -> None:
    with pytest.raises(RefusedError, match="no attestation of"):
        Verifier(None, "v1.2.3").read_attestations(IMAGE, "cyclonedx", "https://cyclonedx.org/bom")
    assert recorder.told == ["verify-attestation", *KEYLESS, "--type", "cyclonedx", REFERENCE]


@pytest.mark.parametrize(
    "words",
    [
        "Error: no signatures found",
        "Error: no matching signatures: invalid signature when validating ASN.1 encoded signature",
        "Error: no matching signatures: none of the expected identities matched what was in the certificate",
    ],
)
def test_what_cosign_judges_is_refused(recorder: Recorder, words: str) -> None:
    recorder.answer(1, words)
    with pytest.raises(RefusedError, match=r"is not signed by release\.yml at v1\.2\.3: no "):
        Verifier(None, "v1.2.3").check_signature(IMAGE)


@pytest.mark.parametrize("words", ["Error: getting Rekor public keys: no such host", "", "panic: x", "Error: 503"])
def test_what_cosign_cannot_know_is_no_judgement(recorder: Recorder, words: str) -> None:
    recorder.answer(1, words)
    with pytest.raises(OutsideError, match="cosign failed"):
        Verifier(None, "v1.2.3").check_signature(IMAGE)


@pytest.mark.parametrize("out", ["hello", "{}", '{"payload": "!!"}', '{"payload": "e30"}', "[]"])
def test_an_answer_that_is_no_attestation_is_never_taken_for_one(recorder: Recorder, out: str) -> None:
    recorder.answer(0, out=out)
    with pytest.raises((OutsideError, RefusedError)):
        Verifier(None, "v1.2.3").read_attestations(IMAGE, "cyclonedx", "https://cyclonedx.org/bom")


def test_secrets_in_what_cosign_says_are_hidden(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "hunter2")
    recorder.answer(1, "Error: the password hunter2 is wrong")
    with pytest.raises(OutsideError, match=r"the password \*\*\* is wrong"):
        Signer("env://KEY").sign(IMAGE)


def test_a_key_goes_before_the_runners_identity_and_without_either_nobody_signs(tmp_path: Path) -> None:
    key = tmp_path / "cosign.key"
    key.write_text("key")
    runner = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://example.org"}
    assert find_signer({"LATHE_SIGNING_KEY": str(key), **runner}) == Signer(str(key))
    assert find_signer(runner) == Signer(None)
    assert find_signer({}) is None


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    with pytest.raises(InputError, match=r"LATHE_SIGNING_KEY is .*missing', which is not there"):
        find_signer({"LATHE_SIGNING_KEY": missing})
    with pytest.raises(InputError, match=r"LATHE_VERIFYING_KEY is .*missing', which is not there"):
        find_verifier("v1.0.0", {"LATHE_VERIFYING_KEY": missing})
    assert find_verifier("v1.0.0", {}).key is None


def test_the_statement_must_be_about_this_digest(recorder: Recorder) -> None:
    for digest, is_ours in (("1f" * 32, True), ("2e" * 32, False)):
        statement = {
            "predicateType": "https://cyclonedx.org/bom",
            "subject": [{"digest": {"sha256": digest}}],
            "predicate": {"a": 1},
        }
        payload = base64.b64encode(json.dumps(statement).encode()).decode()
        recorder.answer(0, out=json.dumps({"payload": payload}))
        verifier = Verifier(None, "v1.2.3")
        if is_ours:
            assert verifier.read_attestations(IMAGE, "cyclonedx", "https://cyclonedx.org/bom") == [{"a": 1}]
        else:
            with pytest.raises(RefusedError, match="no attestation of"):
                verifier.read_attestations(IMAGE, "cyclonedx", "https://cyclonedx.org/bom")

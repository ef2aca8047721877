"""Every line of `verify`: it holds for a right release, and a planted disagreement is found and named."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.errors import OutsideError, RefusedError
from release.checks.findings import Findings, Mark
from release.checks.verify import require_verified, verify_line
from release.manifests.overlays import ImageLine
from release.registry.published import read_published
from release.registry.registry import Registry
from release.registry.signing import Signer, Verifier
from tests.ports import take_free_port
from tests.release.answers import answer_always
from tests.release.images import read_model
from tests.release.registry_server import RegistryServer
from tests.release.reports import read_digest
from tests.release.shelf import PASSWORD, REPOSITORY, Shelf, approve, write_keys
from tests.review.worlds import report_of

pytestmark = pytest.mark.slow  # each signs, pushes and asks

LINES = [
    "reference", "registry", "content", "bundle", "labels", "tag", "gate",
    "signer", "signature", "SBOM", "provenance", "gate report",
]  # fmt: skip # a table


def verify(shelf: Shelf, line: ImageLine, **sources: Any) -> Findings:
    return verify_line(line, line.tag, shelf.sources(line, **sources))[0]


def fails(findings: Findings) -> dict[str, str]:
    return {finding.name: finding.text for finding in findings.all if finding.mark is Mark.FAILS}


def change_model(shelf: Shelf, name: str, content: bytes | None) -> dict[str, bytes]:
    """The approved model with one file changed, or without it."""
    model = read_model(shelf.approved)
    if content is None:
        del model[f"srv/model/{name}"]
        return model
    return {**model, f"srv/model/{name}": content}


def flip_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def test_a_right_release_holds_in_every_line(shelf: Shelf) -> None:
    findings = verify(shelf, shelf.put())
    assert [(finding.name, finding.mark) for finding in findings.all] == [(name, Mark.HOLDS) for name in LINES]
    assert findings.exit_code == 0


def test_what_is_verified_is_described(shelf: Shelf) -> None:
    line = shelf.put()
    image = require_verified(line, shelf.sources(line))
    assert image == read_published(line, shelf.server.client)
    assert (image.version, image.digest, image.revision) == (line.tag, line.digest, shelf.revision)
    assert (image.verdict, image.accepted_by) == ("pass", None)
    assert [name for name, _ in image.quality] == ["PR-AUC", "F1"]
    assert image.bundle_digest == read_digest(shelf.approved / "bundle")


def test_without_a_digest_the_one_behind_the_tag_is_verified(shelf: Shelf) -> None:
    line = shelf.put()
    bare = ImageLine(line.name, line.repository, line.tag, None)
    assert require_verified(bare, shelf.sources(line)).digest == line.digest
    missing = ImageLine(line.name, line.repository, "v9.9.9", None)
    with pytest.raises(RefusedError, match=r"has no v9\.9\.9: publish it first"):
        require_verified(missing, shelf.sources(line))


def test_an_accepted_lack_of_evidence_holds_and_names_who_accepted_it(shelf: Shelf, bundle_folder: Path) -> None:
    shelf.approved = shelf.folder.with_name("uncertain")
    shelf.record = approve(shelf.approved, bundle_folder, "uncertain")
    line = shelf.push()
    shelf.sign(line, verdict="not_enough_evidence", accepted_by="reviewer")
    image = require_verified(line, shelf.sources(line))
    assert (image.verdict, image.accepted_by) == ("not_enough_evidence", "reviewer")


def test_a_tag_that_this_clone_lacks_is_said_and_does_not_fail(shelf: Shelf) -> None:
    findings = verify(shelf, shelf.put(tagged=False))
    assert [finding.text for finding in findings.all if finding.mark is Mark.SKIPPED] == [
        "this clone has no tag v1.0.1: not compared"
    ]
    assert findings.exit_code == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (ImageLine("predictor", REPOSITORY, "latest", None), "newTag 'latest', expected a version"),
        (ImageLine("predictor", REPOSITORY, "latest", "sha256:" + "1" * 64), "newTag 'latest', expected a version"),
        (ImageLine("predictor", REPOSITORY, "v1.0.0", None), "v1.0.0 has no digest"),
        (ImageLine("predictor", "docker.io/stranger/x", "v1.0.0", "sha256:" + "1" * 64), "docker.io/stranger/x"),
        (ImageLine("predictor", REPOSITORY, "v1.0.0-rc.1", "sha256:" + "1" * 64), "v1.0.0-rc.1' is not usable"),
        (ImageLine("predictor", REPOSITORY, "v0.0.0", None), "nothing is released yet"),
        (ImageLine("predictor", REPOSITORY, "", "sha256:" + "1" * 64), "newTag ''"),
    ],
)
def test_a_name_that_can_move_or_is_not_ours_is_refused_before_anything_is_asked(
    shelf: Shelf, line: ImageLine, said: str
) -> None:
    findings = verify(shelf, line, registry=Registry("127.0.0.1:1"))
    assert list(fails(findings)) == ["reference"]
    assert said in fails(findings)["reference"]
    assert (len(findings.all), findings.exit_code) == (1, 1)


@pytest.mark.parametrize(
    ("label", "value", "name"),
    [
        ("org.opencontainers.image.version", "v9.9.9", "labels"),
        ("org.opencontainers.image.revision", "unknown", "labels"),
        ("org.opencontainers.image.revision", "a" * 40 + "-dirty", "labels"),
        ("org.opencontainers.image.revision", "a" * 40, "tag"),
        ("dev.lathe.bundle.digest", "b" * 64, "labels"),
    ],
)
def test_a_wrong_label_is_found(shelf: Shelf, label: str, value: str, name: str) -> None:
    findings = verify(shelf, shelf.push(labels={label: value}))
    assert name in fails(findings)
    assert value[:12] in fails(findings)[name]
    assert findings.exit_code == 1


def test_a_tag_moved_to_another_image_is_found(shelf: Shelf) -> None:
    line, other = shelf.put(), shelf.put()
    shelf.server.client.tag(REPOSITORY, str(other.digest), line.tag)
    findings = verify(shelf, line)
    assert f"{line.tag} is {other.digest} there, expected {line.digest}: somebody moved" in fails(findings)["registry"]
    assert findings.exit_code == 1


def test_a_missing_tag_is_found(shelf: Shelf) -> None:
    line = shelf.put()
    findings = verify(shelf, ImageLine(line.name, line.repository, "v7.7.7", line.digest))
    assert "has no v7.7.7" in fails(findings)["registry"]
    assert findings.exit_code == 1


def test_a_digest_that_the_registry_lacks_is_found(shelf: Shelf) -> None:
    line = shelf.put()
    findings = verify(shelf, ImageLine(line.name, line.repository, line.tag, "sha256:" + "1" * 64))
    assert "is not in the registry" in fails(findings)["content"]
    assert findings.exit_code == 1


def test_a_flipped_bit_in_a_file_of_the_bundle_is_found(shelf: Shelf) -> None:
    content = flip_bit((shelf.approved / "bundle/model.ubj").read_bytes())
    findings = verify(shelf, shelf.push(model=change_model(shelf, "bundle/model.ubj", content)))
    assert "the image: model.ubj has SHA-256" in fails(findings)["bundle"]


def test_a_flipped_bit_in_the_bundles_manifest_is_found(shelf: Shelf) -> None:
    content = (shelf.approved / "bundle/bundle.json").read_bytes().replace(b'"version"', b'"versiom"', 1)
    findings = verify(shelf, shelf.push(model=change_model(shelf, "bundle/bundle.json", content)))
    assert "it was changed" in fails(findings)["bundle"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bundle/model.ubj", None, "model.ubj is not there"),
        ("report.json", None, "holds no report.json"),
        ("report.json", b"{}", "is not the report that was approved"),
        ("bundle/../../../etc/passwd", b"x", "expected only a bundle and its report"),
        ("bundle/extra.py", b"x", "expected only a bundle and its report"),
    ],
)
def test_a_missing_or_foreign_file_inside_is_found(shelf: Shelf, name: str, content: bytes | None, said: str) -> None:
    findings = verify(shelf, shelf.push(model=change_model(shelf, name, content)))
    assert said in " ".join(fails(findings).values())
    assert findings.exit_code == 1


def test_a_report_of_another_bundle_is_found(shelf: Shelf) -> None:
    model = change_model(shelf, "approval.json", None)
    report = json.loads(model["srv/model/report.json"])
    report["candidate"]["digest"] = "c" * 64
    findings = verify(shelf, shelf.push(model={**model, "srv/model/report.json": json.dumps(report).encode()}))
    assert "the report is of bundle cccccccccccc" in fails(findings)["gate"]


@pytest.mark.parametrize(("name", "said"), [("bad", "'fail': nobody can"), ("uncertain", "nobody accepted that")])
def test_a_verdict_that_lets_nothing_through_is_found(shelf: Shelf, bundle_folder: Path, name: str, said: str) -> None:
    model = change_model(shelf, "approval.json", None)
    report = json.dumps(report_of(bundle_folder, name)).encode()
    findings = verify(shelf, shelf.push(model={**model, "srv/model/report.json": report}))
    assert said in fails(findings)["gate"]
    assert findings.exit_code == 1


def test_an_image_that_serves_another_folder_is_found(shelf: Shelf) -> None:
    findings = verify(shelf, shelf.push(settings={"LATHE_BUNDLE": "/srv/other"}))
    assert "LATHE_BUNDLE=/srv/other" in fails(findings)["bundle"]


def test_an_unsigned_image_is_found(shelf: Shelf) -> None:
    findings = verify(shelf, shelf.push())
    assert list(fails(findings)) == ["signature", "SBOM", "provenance", "gate report"]
    assert "no signatures found" in fails(findings)["signature"]
    assert findings.exit_code == 1


def test_a_signature_by_another_key_is_found(shelf: Shelf, tmp_path: Path) -> None:
    other, _ = write_keys(tmp_path / "other", "other", PASSWORD)
    line = shelf.push()
    shelf.sign(line, signer=Signer(str(other)))
    findings = verify(shelf, line)
    assert list(fails(findings)) == ["signature", "SBOM", "provenance", "gate report"]
    assert "is not signed by the key cosign.pub: no matching signatures" in fails(findings)["signature"]


def test_signature_and_attestations_of_another_digest_are_found(shelf: Shelf) -> None:
    right, wrong = shelf.put(), shelf.push(labels={"planted": "yes"})
    for kind in ("sig", "att"):
        tags = [f"{str(line.digest).replace(':', '-')}.{kind}" for line in (right, wrong)]
        shelf.server.client.copy(f"{REPOSITORY}:{tags[0]}", REPOSITORY, tags[1])
    findings = verify(shelf, wrong)
    assert list(fails(findings)) == ["signature", "SBOM", "provenance", "gate report"]
    assert "digest in claim" in fails(findings)["signature"]
    assert "no matching subject digest" in fails(findings)["SBOM"]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"revision": "d" * 40}, ["provenance"]),
        ({"version": "v8.8.8"}, ["provenance"]),
        ({"bundle_digest": "e" * 64}, ["provenance", "gate report"]),
        ({"report_sha256": "f" * 64}, ["gate report"]),
    ],
)
def test_a_signed_statement_of_something_else_is_found(shelf: Shelf, changes: dict[str, Any], lines: list[str]) -> None:
    line = shelf.push()
    shelf.sign(line, **changes)
    findings = verify(shelf, line)
    assert list(fails(findings)) == lines
    assert next(iter(changes.values()))[:12] in fails(findings)[lines[0]]


def test_a_registry_that_is_gone_is_unknown_and_never_green(shelf: Shelf) -> None:
    line = shelf.put()
    findings = verify(shelf, line, registry=Registry(f"127.0.0.1:{take_free_port()}"))
    assert [finding.name for finding in findings.all if finding.mark is Mark.UNKNOWN] == ["registry"]
    assert "connection refused" in findings.all[-1].text
    assert findings.exit_code == 4
    with pytest.raises(OutsideError, match="is not verified, registry"):
        require_verified(line, shelf.sources(line, registry=Registry(f"127.0.0.1:{take_free_port()}")))


def test_a_registry_that_answers_500_is_unknown_and_never_green(shelf: Shelf) -> None:
    line = shelf.put()
    with answer_always(500) as host:
        findings = verify(shelf, line, registry=Registry(host))
    assert [finding.name for finding in findings.all if finding.mark is Mark.UNKNOWN] == ["registry"]
    assert "500" in findings.all[-1].text
    assert findings.exit_code == 4


def test_a_bit_that_flipped_in_the_registrys_storage_is_found(shelf: Shelf, own_server: RegistryServer) -> None:
    shelf.server = own_server
    line = shelf.put()
    layer = own_server.client.read_manifest(REPOSITORY, str(line.digest))["layers"][-1]["digest"]
    own_server.damage_blob(layer)
    findings = verify(shelf, line)
    assert "was changed in the registry" in fails(findings)["content"]
    assert findings.exit_code == 1


def test_without_a_key_it_wants_our_workflow_and_an_unreachable_service_is_not_green(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = shelf.put()
    monkeypatch.delenv("LATHE_VERIFYING_KEY", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{take_free_port()}")  # no such service can be asked
    monkeypatch.setenv("TUF_ROOT", str(shelf.folder / "tuf"))
    findings = verify(shelf, line, verifier=None)
    assert f"release.yml at {line.tag}" in next(one.text for one in findings.all if one.name == "signer")
    assert findings.exit_code in {1, 4}
    assert next(one.mark for one in findings.all if one.name == "signature") is not Mark.HOLDS


def test_a_predictor_that_serves_another_bundle_is_found(shelf: Shelf) -> None:
    line = shelf.put()
    for digest, mark in ((read_digest(shelf.approved / "bundle"), Mark.HOLDS), ("9" * 64, Mark.FAILS)):
        with answer_always(200, json.dumps({"digest": digest}).encode()) as host:
            findings = verify(shelf, line, url=f"http://{host}")
        assert findings.all[-1].name == "predictor"
        assert findings.all[-1].mark is mark
    with answer_always(503, b'{"status": "draining"}') as host:
        assert verify(shelf, line, url=f"http://{host}").exit_code == 4
    assert verify(shelf, line, url=f"http://127.0.0.1:{take_free_port()}").exit_code == 4


def test_a_verifier_of_another_tag_wants_another_identity() -> None:
    one, other = Verifier(None, "v1.0.0").arguments, Verifier(None, "v1.0.1").arguments
    assert one != other
    assert f"{one[1]}".endswith("/.github/workflows/release.yml@refs/tags/v1.0.0")

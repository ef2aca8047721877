"""The key of a rehearsal is a real one of cosign's, in the folder of the rehearsal alone."""

from pathlib import Path

from tests.needs import need_program
from tests.rehearsal.signing import COSIGN, make_key


def test_a_key_is_made_with_its_settings(tmp_path: Path) -> None:
    need_program("cosign", str(COSIGN.parent))
    settings = make_key(tmp_path / "key")
    signing, verifying = Path(settings["LATHE_SIGNING_KEY"]), Path(settings["LATHE_VERIFYING_KEY"])
    assert {signing.parent, verifying.parent} == {tmp_path / "key"}
    assert "ENCRYPTED" in signing.read_text(encoding="utf-8")
    assert "PUBLIC KEY" in verifying.read_text(encoding="utf-8")
    assert len(settings["COSIGN_PASSWORD"]) >= 16

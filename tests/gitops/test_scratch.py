"""Answers to uploads wait on the pod's own volume: together they must stay below the size at which it is evicted."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from app.predictor.settings import Settings

BASE = Path(__file__).parents[2] / "gitops" / "base"
MEBIBYTE = 2**20


def read_volume_bytes() -> int:
    """The sizeLimit of the Deployment's only emptyDir, given in Mi."""
    pod = YAML(typ="safe").load(BASE / "deployment.yaml")["spec"]["template"]["spec"]
    (volume,) = (volume for volume in pod["volumes"] if "emptyDir" in volume)
    return int(volume["emptyDir"]["sizeLimit"].removesuffix("Mi")) * MEBIBYTE


def find_most_answers(settings: str) -> int:
    """Bytes that all answers at once may take, by a text like settings.env; what it does not say has its default."""
    given = dict(re.findall(r"^LATHE_(\w+)=(\S+)$", settings, re.MULTILINE))
    fields = Settings.model_fields
    names = ("max_uploads", "max_answer_bytes")
    uploads, largest = (int(given.get(name.upper(), fields[name].default)) for name in names)
    return uploads * largest


def test_the_largest_answers_at_once_leave_room_on_the_volume() -> None:
    settings = (BASE / "settings.env").read_text(encoding="utf-8")
    assert 0 < find_most_answers(settings) <= 0.95 * read_volume_bytes()


@pytest.mark.parametrize("planted", ["", "LATHE_MAX_ANSWER_BYTES=805306368\n", "LATHE_MAX_UPLOADS=3\n"])
def test_a_planted_setting_is_too_much(planted: str) -> None:
    settings = (BASE / "settings.env").read_text(encoding="utf-8")
    name = planted.partition("=")[0]
    rest = re.sub(rf"^{name or 'LATHE_MAX_ANSWER_BYTES'}=.*\n", "", settings, flags=re.MULTILINE)
    assert find_most_answers(rest + planted) > read_volume_bytes()

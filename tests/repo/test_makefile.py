"""The verbs that people rely on."""

import re
import subprocess

import pytest

from tests.repo.sources import ROOT

FILES = ("Makefile", ".ci/release.mk", ".ci/cloud.mk", ".ci/steps.mk")
FEW = 14  # verbs that a reader takes in at once
LINE = 130  # characters, the options included


def list_verbs() -> list[str]:
    """Every target that is called by its name."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in FILES]
    return [verb for text in texts for verb in re.findall(r"^([a-z][a-z0-9-]*):", text, re.MULTILINE)]


def show(verb: str) -> dict[str, str]:
    """What `make help` or `make help-all` says of each verb."""
    done = subprocess.run(["make", verb], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines() if line.startswith("  make ")]
    return {name: text for _, name, text in lines}


@pytest.fixture(scope="module")
def shown() -> dict[str, str]:
    return show("help-all")


def test_help_all_shows_every_verb_and_nothing_else(shown: dict[str, str]) -> None:
    assert sorted(shown) == sorted(list_verbs())


def test_every_verb_is_phony_so_that_a_file_of_its_name_does_not_hide_it() -> None:
    phony = subprocess.run(["make", "-pnq", "help"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    declared = next(line for line in phony.splitlines() if line.startswith(".PHONY:")).split()[1:]
    assert sorted(declared) == sorted(list_verbs())


@pytest.mark.parametrize("verb", list_verbs())
def test_a_verb_is_described_by_one_line_that_begins_with_what_it_does(shown: dict[str, str], verb: str) -> None:
    text = shown[verb]
    assert len(text.split()) > 2
    assert text[0].isupper()
    assert "?" not in text
    assert len(f"  make {verb:17} {text}") <= LINE


def test_help_shows_the_few_verbs_that_most_people_need_as_help_all_does(shown: dict[str, str]) -> None:
    usual = show("help")
    assert {"up", "train", "gate", "rollback", "check", "test", "help-all"} <= set(usual)
    assert len(usual) <= FEW
    assert {verb: text for verb, text in usual.items() if verb != "help-all"}.items() <= shown.items()


@pytest.mark.parametrize("verb", ["up", "data", "pin", "train", "gate", "evaluate", "tune"])
def test_a_verb_takes_the_dataset_file_that_is_named_and_none_by_itself(verb: str) -> None:
    for given, is_named in ((["DATASET=own.yaml"], True), ([], False)):
        command = ["make", "-n", "-o", ".venv/.locked", verb, "DATA=own.csv", *given]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert ('--dataset "$DATASET"' in told) == is_named


def test_ci_runs_what_the_readme_says() -> None:
    ci, readme = ((ROOT / name).read_text(encoding="utf-8") for name in (".ci/run", "README.md"))
    assert ci.rstrip().endswith("\nmake test")
    assert "\nmake test " in readme


def test_every_verb_of_the_readme_exists(shown: dict[str, str]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = {word.split()[1].strip("`") for word in readme.split("`") if word.startswith("make ") and len(word) < 40}
    assert named
    assert named <= {*shown, "VERB"}

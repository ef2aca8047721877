"""What holds for the text of terraform/eks, without Terraform."""

import re

from tests.terraform.eks.root import ROOT_FOLDER
from tests.terraform.google.root import list_resources


def test_the_guard_names_everything_so_that_a_refused_destroy_leaves_everything() -> None:
    text = (ROOT_FOLDER / "guard.tf").read_text(encoding="utf-8")
    named = re.findall(r"(?m)^    ([\w.]+),$", text.partition("depends_on = [")[2])
    assert set(named) == list_resources(ROOT_FOLDER) - {"terraform_data.guard"}
    assert named == sorted(set(named))


def test_no_file_holds_an_account_or_a_registry_of_somebody() -> None:
    files = [
        path for path in ROOT_FOLDER.rglob("*.tf*") if "tests" not in path.parts and ".terraform" not in path.parts
    ]
    texts = {path.name: path.read_text(encoding="utf-8") for path in files if path.is_file()}
    # the one number is in messages that show what an ARN looks like
    found = {name: set(re.findall(r"\b\d{12}\b", text)) - {"123456789012"} for name, text in texts.items()}
    assert {name: numbers for name, numbers in found.items() if numbers} == {}
    assert [name for name, text in texts.items() if ".dkr.ecr." in text] == []
    assert len(texts) > 20

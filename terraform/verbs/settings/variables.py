"""The variables that the workflows read, per environment of GitHub: printed, or set by its API."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from cli.errors import InputError

if TYPE_CHECKING:
    from review.github.client import GitHub

NAME = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
PLACE = re.compile(r"[A-Za-z0-9_.-]{1,100}")
LISTS = frozenset({"LATHE_COPY_TO"})  # words that several clouds add to: docs/releases.md


class GitHubVariable(msgspec.Struct):
    """As GitHub answers it."""

    name: str
    value: str


@dataclass(frozen=True)
class VariableSetting:
    """One variable of one environment of GitHub."""

    place: str
    name: str
    value: str

    def write_command(self, repository: str) -> str:
        """What a person may type instead."""
        return f"gh variable set {self.name} --env {self.place} --repo {repository} --body {shlex.quote(self.value)}"


def read_variables(output: Any) -> list[VariableSetting]:
    """From the output `github_variables`, {environment: {name: value}}.

    Raises: InputError for anything else in it.
    """
    if not isinstance(output, Mapping) or not output:
        raise InputError(
            f"the output github_variables is {output!r}, expected variables by environment: apply the root"
        )
    return list(_read_entries(output))


def _read_entries(output: Mapping[str, Any]) -> Iterator[VariableSetting]:
    for place, values in output.items():
        if not PLACE.fullmatch(place) or not isinstance(values, Mapping):
            raise InputError(f"the output github_variables has {place!r}: {values!r}, expected names and values")
        for name, value in values.items():
            if not NAME.fullmatch(name) or not isinstance(value, str) or not value.isprintable() or not value:
                raise InputError(f"the output github_variables has {place}.{name} = {value!r}, expected a line of text")
            yield VariableSetting(place, name, value)


def set_variable(github: "GitHub", setting: VariableSetting) -> str:
    """Sets it where it differs; a line of what was done, and what stood there before.

    Raises: OutsideError.
    """
    path = f"/environments/{setting.place}/variables"
    before = github.find(f"{path}/{setting.name}", GitHubVariable)
    value = merge_words(before.value, setting.value) if before and setting.name in LISTS else setting.value
    body = {"name": setting.name, "value": value}
    label = f"{setting.place}: {setting.name}"
    if before is None:
        github.start(path, body)
        return f"{label} = {value}"
    if before.value == value:
        return f"{label} is {value} already"
    github.delete(f"{path}/{setting.name}")  # its PATCH has no answer to read
    github.start(path, body)
    return f"{label} = {value} (was {before.value})"


def merge_words(before: str, added: str) -> str:
    """Words of both, each once, in their order."""
    return " ".join(dict.fromkeys([*before.split(), *added.split()]))

"""What a version of a release is: vMAJOR.MINOR.PATCH and nothing behind it; compared as semantic versions."""

from functools import cache

from semver import Version

from cli.errors import InputError


def parse_version(text: str) -> Version:
    """The version behind a tag such as v1.2.3.

    Raises: InputError.
    """
    number = text.removeprefix("v")
    if (
        text == number
        or not Version.is_valid(number)
        or (version := Version.parse(number)).to_tuple()[3:] != (None, None)
    ):
        raise InputError(f"version {text!r} is not usable, expected vMAJOR.MINOR.PATCH such as v1.2.3")
    return version


def is_version(text: str) -> bool:
    try:
        parse_version(text)
    except InputError:
        return False
    return True


def is_comparable(tag: str) -> bool:
    """Whether a tag has a place in the order of versions; a pre-release that somebody wrote by hand has, too."""
    number = tag.removeprefix("v")
    return number != tag and "+" not in number and Version.is_valid(number)


@cache
def find_place(tag: str) -> Version:
    """Its place in the order of versions.

    Raises: ValueError for what `is_comparable` denies.
    """
    return Version.parse(tag.removeprefix("v"))


def is_lower(version: str, other: str) -> bool:
    """By precedence.

    Raises: ValueError for what is no version at all; an overlay that was read holds none.
    """
    return find_place(version) < find_place(other)
